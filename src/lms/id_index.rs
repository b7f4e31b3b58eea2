//! The index of users by their numeric ids.

use super::row_index::{RepeatedKey, RowIndex};

/// Finds the row of a user by the numeric id. The ids are stored in the rows only.
pub enum IdIndex {
    /// For rows in any order.
    Hashed(RowIndex),
    /// For rows in the order of their ids, as the database sends them: the first id of each block of rows. This index is
    /// small enough to stay in the caches of a processor.
    #[cfg(feature = "lms-db")]
    Ordered(Vec<i64>),
}

/// The number of rows in a block.
#[cfg(feature = "lms-db")]
const BLOCK: u32 = 16;

impl IdIndex {
    /// Indexes those of the first `count` rows that have an id.
    pub fn hashed(count: u32, id_of: impl Fn(u32) -> Option<i64>) -> Result<Self, RepeatedKey> {
        RowIndex::build(count, id_of).map(Self::Hashed)
    }

    /// Indexes the first `count` rows, which should be in the order of their ids.
    #[cfg(feature = "lms-db")]
    pub fn ordered(count: u32, id_of: impl Fn(u32) -> Option<i64>) -> Result<Self, RepeatedKey> {
        let is_ordered = (1..count).all(|row| id_of(row - 1) < id_of(row));
        let firsts = (0..count).step_by(BLOCK as usize).map(&id_of);
        match firsts.collect() {
            Some(firsts) if is_ordered => Ok(Self::Ordered(firsts)),
            _ => Self::hashed(count, id_of),
        }
    }

    /// Returns the row with this id. `id_of` returns `None` for rows that do not exist.
    pub fn find(&self, id: i64, id_of: impl Fn(u32) -> Option<i64>) -> Option<u32> {
        match self {
            Self::Hashed(index) => index.find(&id, id_of),
            #[cfg(feature = "lms-db")]
            Self::Ordered(firsts) => {
                let blocks = firsts.partition_point(|&first| first <= id);
                let end = u32::try_from(blocks).ok()?.saturating_mul(BLOCK);
                (end.saturating_sub(BLOCK)..end).find(|&row| id_of(row) == Some(id))
            }
        }
    }
}

impl Default for IdIndex {
    fn default() -> Self {
        Self::Hashed(RowIndex::default())
    }
}

#[cfg(all(test, feature = "lms-db"))]
mod tests {
    use super::*;

    #[test]
    fn rows_are_found_in_any_order_and_number() {
        for count in [0, 1, 2, 15, 16, 17, 100] {
            for is_ordered in [true, false] {
                let id_of = |row: u32| {
                    let id = i64::from(row) * 3 - 20;
                    (row < count).then_some(if is_ordered { id } else { -id })
                };
                let index = IdIndex::ordered(count, id_of).ok().unwrap();
                assert_eq!(
                    matches!(index, IdIndex::Ordered(_)),
                    is_ordered || count < 2
                );
                for id in -500..500 {
                    let expected = (0..count).find(|&row| id_of(row) == Some(id));
                    assert_eq!(index.find(id, id_of), expected, "{id} of {count}");
                }
            }
        }
    }

    #[test]
    fn a_repeated_id_is_an_error() {
        let repeated = IdIndex::ordered(3, |row| [Some(1), Some(1), Some(2)][row as usize]);
        assert!(repeated.is_err());
    }
}

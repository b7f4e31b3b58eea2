//! An index of the rows of a table by one of their columns.

use std::fmt::{self, Display};
use std::hash::{BuildHasher, Hash};

use hashbrown::DefaultHashBuilder;
use hashbrown::hash_table::{Entry, HashTable};

/// A hash table that finds the number of a row by its key, such as the username. The keys are stored in the rows only.
#[derive(Default)]
pub struct RowIndex {
    rows: HashTable<u32>,
    hasher: DefaultHashBuilder,
}

/// The indexes of two rows that have the same key.
pub struct RepeatedKey(pub u32, pub u32);

impl RowIndex {
    /// Indexes those of the first `count` rows that have a key. The table has its final size from the start, since
    /// growing it would hash every key again.
    pub fn build<K: Hash + Eq>(
        count: u32,
        key_of: impl Fn(u32) -> Option<K>,
    ) -> Result<Self, RepeatedKey> {
        let hasher = DefaultHashBuilder::default();
        let mut rows = HashTable::with_capacity(count as usize);
        for row in 0..count {
            let Some(key) = key_of(row) else { continue };
            let has_key = |&other: &u32| key_of(other).as_ref() == Some(&key);
            let hash_of = |&row: &u32| hasher.hash_one(key_of(row));
            match rows.entry(hasher.hash_one(Some(&key)), has_key, hash_of) {
                Entry::Vacant(vacant) => drop(vacant.insert(row)),
                Entry::Occupied(first) => return Err(RepeatedKey(*first.get(), row)),
            }
        }
        Ok(Self { rows, hasher })
    }

    /// Returns the row with this key.
    pub fn find<K: Hash + Eq>(&self, key: &K, key_of: impl Fn(u32) -> Option<K>) -> Option<u32> {
        let has_key = |&row: &u32| key_of(row).as_ref() == Some(key);
        self.rows
            .find(self.hasher.hash_one(Some(key)), has_key)
            .copied()
    }
}

impl Display for RepeatedKey {
    /// Writes the numbers of the rows in the file. The header is row 1, so the row with index 0 is row 2.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (first, second) = (u64::from(self.0) + 2, u64::from(self.1) + 2);
        write!(formatter, "rows {first} and {second}")
    }
}

//! The table of the events that were emitted, at 32 to 43 bytes an event.
//!
//! Rows are stored in a vector, and only their numbers in a hash table. A hash table of the rows themselves would take up to
//! 90 bytes an event, because half of a table is empty after it has grown. The test `ten_million` measures the memory.

use hashbrown::hash_table::{Entry, HashTable};

/// An event that was emitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeenEvent {
    /// A part of the hash of the event's content.
    pub content: [u8; 6],
    /// The number of the event's line in the run, from 1 to [`MAX_ORDINAL`].
    pub ordinal: u64,
}

/// The largest ordinal, which is stored in five bytes: about 10^12 lines.
pub const MAX_ORDINAL: u64 = (1 << 40) - 1;

/// Events by their keys, which are hashes.
#[derive(Default)]
pub struct EventTable {
    /// Numbers of rows.
    index: HashTable<u32>,
    rows: Vec<EventRow>,
}

/// A key and its event, all in bytes so that there is no padding.
#[derive(Clone, Copy)]
struct EventRow {
    key: [u8; 16],
    content: [u8; 6],
    ordinal: [u8; 5],
}

impl EventTable {
    /// Inserts an event, unless the key has an event that `is_valid`, which is returned then. An event that is not valid is
    /// replaced.
    pub fn insert(
        &mut self,
        key: u128,
        event: SeenEvent,
        is_valid: impl Fn(&SeenEvent) -> bool,
    ) -> Option<SeenEvent> {
        let row = EventRow::new(key, event);
        let Self { index, rows } = self;
        let has_key = |&number: &u32| rows[number as usize].key == row.key;
        let hash = |&number: &u32| rows[number as usize].hash();
        match index.entry(row.hash(), has_key, hash) {
            Entry::Occupied(number) => {
                let existing = &mut rows[*number.get() as usize];
                let seen = existing.event();
                if is_valid(&seen) {
                    return Some(seen);
                }
                *existing = row;
            }
            // Memory for 2^32 rows would be 150 GB.
            Entry::Vacant(vacant) => {
                if let Ok(number) = u32::try_from(rows.len()) {
                    vacant.insert(number);
                    rows.push(row);
                }
            }
        }
        None
    }
}

impl EventRow {
    fn new(key: u128, event: SeenEvent) -> Self {
        let [_, _, _, ordinal @ ..] = event.ordinal.to_be_bytes();
        Self {
            key: key.to_be_bytes(),
            content: event.content,
            ordinal,
        }
    }

    fn event(&self) -> SeenEvent {
        let [a, b, c, d, e] = self.ordinal;
        SeenEvent {
            content: self.content,
            ordinal: u64::from_be_bytes([0, 0, 0, a, b, c, d, e]),
        }
    }

    /// Returns a part of the key, which is a hash already.
    fn hash(&self) -> u64 {
        u128::from_be_bytes(self.key) as u64
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    fn seen(content: u8, ordinal: u64) -> SeenEvent {
        SeenEvent {
            content: [content; 6],
            ordinal,
        }
    }

    #[test]
    fn a_row_has_no_padding() {
        assert_eq!(size_of::<EventRow>(), 27);
    }

    #[test]
    fn an_event_is_found_until_it_is_no_longer_valid() {
        let mut table = EventTable::default();
        assert_eq!(table.insert(7, seen(1, MAX_ORDINAL), |_| true), None);
        assert_eq!(
            table.insert(7, seen(2, 2), |_| true),
            Some(seen(1, MAX_ORDINAL))
        );
        assert_eq!(table.insert(8, seen(3, 3), |_| true), None);
        let is_valid = |seen: &SeenEvent| seen.ordinal != MAX_ORDINAL;
        assert_eq!(table.insert(7, seen(4, 4), is_valid), None);
        assert_eq!(table.insert(7, seen(5, 5), is_valid), Some(seen(4, 4)));
        assert_eq!(table.insert(8, seen(5, 6), is_valid), Some(seen(3, 3)));
    }

    proptest! {
        #[test]
        fn the_table_behaves_like_a_map(
            keys in prop::collection::vec(0..200_u8, 0..2000),
            invalid in prop::collection::hash_set(1..2000_u64, 0..200),
        ) {
            let mut table = EventTable::default();
            let mut model: HashMap<u8, SeenEvent> = HashMap::new();
            for (ordinal, key) in (1..).zip(keys) {
                let seen = seen(key, ordinal);
                let is_valid = |seen: &SeenEvent| !invalid.contains(&seen.ordinal);
                let expected = model.get(&key).copied().filter(is_valid);
                if expected.is_none() {
                    model.insert(key, seen);
                }
                // Half of the keys differ only in the part that is not the hash.
                let key = u128::from(key / 2) << 64 | u128::from(key % 2);
                prop_assert_eq!(table.insert(key, seen, is_valid), expected);
            }
            prop_assert_eq!(table.rows.len(), model.len());
        }
    }
}

//! The table of the events that were emitted. An event takes 32 to 43 bytes of memory.
//!
//! Rows are stored in a vector, and a hash table holds only the numbers of the rows. A hash table of the rows
//! themselves would take up to 90 bytes an event, because half of a hash table is empty after it has grown. The test
//! `ten_million_events_stay_below_half_a_gigabyte` measures the memory.

use hashbrown::hash_table::{Entry, HashTable};

/// An event that was emitted. The fields are arrays of bytes instead of integers, so that a row of the table has no
/// padding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeenEvent {
    /// A part of the hash of the event's content.
    pub content: [u8; 6],
    ordinal: [u8; 5],
}

/// The largest ordinal (number of a line in the run) that fits in five bytes. No run has this many lines, about 10^12.
pub const MAX_ORDINAL: u64 = (1 << 40) - 1;

impl SeenEvent {
    /// Returns an event, given the hash of its content and its ordinal: the number of its line, counted through all
    /// inputs of the run, from 1 to [`MAX_ORDINAL`].
    pub fn new(content: u64, ordinal: u64) -> Self {
        let [_, _, content @ ..] = content.to_be_bytes();
        let [_, _, _, ordinal @ ..] = ordinal.to_be_bytes();
        Self { content, ordinal }
    }

    pub fn ordinal(&self) -> u64 {
        let [a, b, c, d, e] = self.ordinal;
        u64::from_be_bytes([0, 0, 0, a, b, c, d, e])
    }
}

/// The events that were emitted, by their keys. A key is a hash of the event's id and of other properties.
#[derive(Default)]
pub struct EventTable {
    /// The numbers of the rows, found by the key of the row.
    index: HashTable<u32>,
    rows: Vec<EventRow>,
}

#[derive(Clone, Copy)]
struct EventRow {
    key: [u8; 16],
    event: SeenEvent,
}

impl EventTable {
    /// Inserts an event, unless the table has a valid event with the same key. In that case, inserts nothing and
    /// returns the valid event. An event for which `is_valid` returns false is replaced.
    pub fn insert(
        &mut self,
        key: u128,
        event: SeenEvent,
        is_valid: impl Fn(&SeenEvent) -> bool,
    ) -> Option<SeenEvent> {
        let key = key.to_be_bytes();
        let Self { index, rows } = self;
        let has_key = |&number: &u32| rows[number as usize].key == key;
        let hash = |&number: &u32| hash_of(rows[number as usize].key);
        match index.entry(hash_of(key), has_key, hash) {
            Entry::Occupied(number) => {
                let existing = &mut rows[*number.get() as usize].event;
                if is_valid(existing) {
                    return Some(*existing);
                }
                *existing = event;
            }
            // Row numbers have 32 bits. When they are used up, at about 150 GB of memory, new events are not stored.
            Entry::Vacant(vacant) => {
                if let Ok(number) = u32::try_from(rows.len()) {
                    vacant.insert(number);
                    rows.push(EventRow { key, event });
                }
            }
        }
        None
    }
}

/// Returns the hash of a key for the hash table. Since the key is itself a hash, a part of it is enough.
fn hash_of(key: [u8; 16]) -> u64 {
    u128::from_be_bytes(key) as u64
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    fn seen(content: u8, ordinal: u64) -> SeenEvent {
        SeenEvent::new(content.into(), ordinal)
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
        let is_valid = |seen: &SeenEvent| seen.ordinal() != MAX_ORDINAL;
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
                let is_valid = |seen: &SeenEvent| !invalid.contains(&seen.ordinal());
                let expected = model.get(&key).copied().filter(is_valid);
                if expected.is_none() {
                    model.insert(key, seen);
                }
                // All keys have one of two hashes, so the table must also compare whole keys.
                let key = u128::from(key / 2) << 64 | u128::from(key % 2);
                prop_assert_eq!(table.insert(key, seen, is_valid), expected);
            }
            prop_assert_eq!(table.rows.len(), model.len());
        }
    }
}

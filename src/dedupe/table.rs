//! The table of what was seen: an open-addressing hash table, in 26 bytes a slot.
//!
//! A table that doubles holds, just after it did, more than twice what it needs, and thrice while it does. Here each
//! of 256 shards grows by itself, by an eighth, so that nothing but a 256th is ever there twice. Keys are hashes, and their
//! slots nearly in their order, so growing is a walk through both and costs little.

/// What stands under a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Of the hash of the content.
    pub content: [u8; 6],
    /// The number of its line in the run, from 1 to [`MAX_ORDINAL`].
    pub ordinal: u64,
}

/// The largest ordinal that a slot holds, in five bytes: a million million lines.
pub const MAX_ORDINAL: u64 = (1 << 40) - 1;

/// Keys, which are hashes, and what stands under them.
pub struct Table {
    shards: [Shard; 256],
}

#[derive(Default)]
struct Shard {
    slots: Vec<Slot>,
    taken: usize,
}

/// One entry. All of it is bytes, so that there is no padding.
#[derive(Clone, Copy)]
struct Slot {
    /// The key but for its first byte, which is the shard.
    key: [u8; 15],
    content: [u8; 6],
    /// 0 when the slot is free.
    ordinal: [u8; 5],
}

const FREE: Slot = Slot {
    key: [0; 15],
    content: [0; 6],
    ordinal: [0; 5],
};

/// As many as the slots of a shard are at first.
const FIRST_SLOTS: usize = 16;

impl Default for Table {
    fn default() -> Self {
        Self {
            shards: std::array::from_fn(|_| Shard::default()),
        }
    }
}

impl Table {
    /// Enters what was seen under a key, unless something stands there that is to stay: then this is returned.
    pub fn enter(&mut self, key: u128, seen: Seen, stays: impl Fn(&Seen) -> bool) -> Option<Seen> {
        let [shard, key @ ..] = key.to_be_bytes();
        self.shards[usize::from(shard)].enter(Slot::new(key, seen), stays)
    }
}

impl Shard {
    fn enter(&mut self, slot: Slot, stays: impl Fn(&Seen) -> bool) -> Option<Seen> {
        // At seven eighths a search that fails looks at some thirty slots, which stand side by side.
        if self.taken * 8 >= self.slots.len() * 7 {
            self.grow();
        }
        let place = self.place_of(&slot);
        let standing = &mut self.slots[place];
        if standing.is_free() {
            self.taken += 1;
        } else {
            let seen = standing.seen();
            if stays(&seen) {
                return Some(seen);
            }
        }
        *standing = slot;
        None
    }

    /// Where the key of the slot stands, or where it goes. There is always a free slot.
    fn place_of(&self, slot: &Slot) -> usize {
        let count = self.slots.len();
        let mut place = slot.first_place(count);
        loop {
            let standing = &self.slots[place];
            if standing.is_free() || standing.key == slot.key {
                return place;
            }
            place += 1;
            if place == count {
                place = 0;
            }
        }
    }

    fn grow(&mut self) {
        let count = (self.slots.len() / 8 + self.slots.len()).max(FIRST_SLOTS);
        let slots = std::mem::replace(&mut self.slots, vec![FREE; count]);
        for slot in slots.iter().filter(|slot| !slot.is_free()) {
            let place = self.place_of(slot);
            self.slots[place] = *slot;
        }
    }
}

impl Slot {
    fn new(key: [u8; 15], seen: Seen) -> Self {
        let [_, _, _, ordinal @ ..] = seen.ordinal.to_be_bytes();
        Self {
            key,
            content: seen.content,
            ordinal,
        }
    }

    fn seen(&self) -> Seen {
        let [a, b, c, d, e] = self.ordinal;
        Seen {
            content: self.content,
            ordinal: u64::from_be_bytes([0, 0, 0, a, b, c, d, e]),
        }
    }

    fn is_free(&self) -> bool {
        self.ordinal == FREE.ordinal
    }

    /// Where of so many slots a search begins: the key as a fraction of them, since their number is no power of two.
    fn first_place(&self, count: usize) -> usize {
        let [a, b, c, d, e, f, g, h, ..] = self.key;
        let fraction = u64::from_be_bytes([a, b, c, d, e, f, g, h]);
        // Below `count`.
        ((u128::from(fraction) * count as u128) >> 64) as usize
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    fn seen(content: u8, ordinal: u64) -> Seen {
        Seen {
            content: [content; 6],
            ordinal,
        }
    }

    #[test]
    fn what_stands_under_a_key_is_found_until_it_is_not_to_stay() {
        let mut table = Table::default();
        assert_eq!(table.enter(7, seen(1, MAX_ORDINAL), |_| true), None);
        assert_eq!(
            table.enter(7, seen(2, 2), |_| true),
            Some(seen(1, MAX_ORDINAL))
        );
        assert_eq!(table.enter(8, seen(3, 3), |_| true), None);
        let stays = |seen: &Seen| seen.ordinal != MAX_ORDINAL;
        assert_eq!(table.enter(7, seen(4, 4), stays), None);
        assert_eq!(table.enter(7, seen(5, 5), stays), Some(seen(4, 4)));
        assert_eq!(table.enter(8, seen(5, 6), stays), Some(seen(3, 3)));
    }

    #[test]
    fn a_slot_has_no_padding_and_most_of_them_are_taken() {
        assert_eq!(size_of::<Slot>(), 26);
        let mut shard = Shard::default();
        for number in 1..=100_000_u64 {
            let key = xxhash_rust::xxh3::xxh3_128(&number.to_be_bytes());
            let [_, key @ ..] = key.to_be_bytes();
            shard.enter(Slot::new(key, seen(1, number)), |_| true);
            let bytes = shard.slots.len() * size_of::<Slot>();
            assert!(number < 1000 || bytes as u64 <= 34 * number, "{number}");
        }
        assert_eq!(shard.taken, 100_000);
    }

    proptest! {
        /// Of few different keys in few shards, so that searches meet and go around the end.
        #[test]
        fn it_is_a_map(
            keys in prop::collection::vec((0..3_u8, 0..4_u8, 0..200_u16), 0..2000),
            goes in prop::collection::hash_set(1..2000_u64, 0..200),
        ) {
            let mut table = Table::default();
            let mut model: HashMap<u128, Seen> = HashMap::new();
            for (ordinal, (shard, place, rest)) in (1..).zip(keys) {
                // The last places of a shard are the most likely.
                let place = u128::from(u64::MAX - u64::from(place)) << 56;
                let key = u128::from(shard) << 120 | place | u128::from(rest);
                let seen = seen(rest as u8, ordinal);
                let stays = |seen: &Seen| !goes.contains(&seen.ordinal);
                let expected = model.get(&key).copied().filter(stays);
                if expected.is_none() {
                    model.insert(key, seen);
                }
                prop_assert_eq!(table.enter(key, seen, stays), expected);
            }
            let taken = table.shards.iter().map(|shard| shard.taken).sum::<usize>();
            prop_assert_eq!(taken, model.len());
        }
    }
}

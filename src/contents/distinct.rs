//! The number of different values, in limited memory.

use hashbrown::HashSet;
use xxhash_rust::xxh3::xxh3_64;

/// The most values that are counted exactly. Their hashes take about a megabyte.
const MOST_EXACT: usize = 100_000;

/// The number of bits of a hash that choose a register. The estimate is off by 0.8 % (1.04 / √16384) on average.
const REGISTER_BITS: u32 = 14;

const REGISTERS: usize = 1 << REGISTER_BITS;

/// Different values, by their hashes. Beyond [`MOST_EXACT`] values, their number is estimated by the algorithm HyperLogLog
/// (Flajolet and others, 2007).
///
/// The estimate takes a few lines because few values, which need the corrections of the algorithm, are counted exactly. The
/// crates for HyperLogLog hash the values themselves and do not count exactly first.
#[derive(Clone, Debug, Default)]
pub struct Distinct {
    /// The hashes, as long as there are no registers.
    hashes: HashSet<u64>,
    /// Empty, or for each register the position of the first bit that is set, the greatest of all hashes of the register.
    registers: Vec<u8>,
}

impl Distinct {
    /// Counts a value.
    pub fn insert(&mut self, value: &str) {
        self.insert_hash(xxh3_64(value.as_bytes()));
    }

    /// Adds the values of other lines.
    pub fn add(&mut self, other: &Self) {
        if !other.registers.is_empty() {
            self.estimate();
            let registers = self.registers.iter_mut().zip(&other.registers);
            registers.for_each(|(own, &other)| *own = (*own).max(other));
        }
        for &hash in &other.hashes {
            self.insert_hash(hash);
        }
    }

    /// Returns the number of different values, exact or estimated.
    pub fn count(&self) -> u64 {
        if !self.is_estimate() {
            return self.hashes.len() as u64;
        }
        let registers = REGISTERS as f64;
        let sum: f64 = self
            .registers
            .iter()
            .map(|&rank| 0.5_f64.powi(rank.into()))
            .sum();
        let bias = 0.7213 / (1.0 + 1.079 / registers);
        (bias * registers * registers / sum).round() as u64
    }

    /// Returns whether the number is estimated.
    pub fn is_estimate(&self) -> bool {
        !self.registers.is_empty()
    }

    fn insert_hash(&mut self, hash: u64) {
        if !self.is_estimate() {
            self.hashes.insert(hash);
            if self.hashes.len() > MOST_EXACT {
                self.estimate();
            }
            return;
        }
        let register = (hash >> (u64::BITS - REGISTER_BITS)) as usize;
        // The bit below the hash bounds the rank.
        let rest = hash << REGISTER_BITS | 1 << (REGISTER_BITS - 1);
        let rank = rest.leading_zeros() as u8 + 1;
        let greatest = &mut self.registers[register];
        *greatest = rank.max(*greatest);
    }

    /// Replaces the hashes by registers.
    #[cold]
    fn estimate(&mut self) {
        if self.registers.is_empty() {
            self.registers = vec![0; REGISTERS];
            for hash in std::mem::take(&mut self.hashes) {
                self.insert_hash(hash);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(values: std::ops::Range<u64>) -> Distinct {
        let mut distinct = Distinct::default();
        values.for_each(|value| distinct.insert(&value.to_string()));
        distinct
    }

    #[test]
    fn values_are_counted_exactly_up_to_the_limit() {
        let most = MOST_EXACT as u64;
        let mut distinct = counted(0..most);
        distinct.add(&counted(0..10));
        assert_eq!((distinct.count(), distinct.is_estimate()), (most, false));
    }

    #[test]
    fn more_values_are_estimated_within_three_percent_in_any_order_and_in_parts() {
        let (some, many) = (counted(0..60_000), counted(50_000..300_000));
        let (mut forwards, mut backwards) = (some.clone(), many.clone());
        forwards.add(&many);
        backwards.add(&some);
        let whole = counted(0..300_000);
        assert!(whole.is_estimate() && forwards.is_estimate());
        assert_eq!(whole.count(), forwards.count());
        assert_eq!(whole.count(), backwards.count());
        assert!(whole.count().abs_diff(300_000) < 9_000, "{}", whole.count());
    }
}

//! A set of rows of a table, to which several threads add.

use std::sync::atomic::{AtomicU64, Ordering};

/// A set of rows with one bit for each row of the table.
#[derive(Default)]
pub struct RowSet(Vec<AtomicU64>);

impl RowSet {
    /// Returns an empty set of the rows below `rows`.
    pub(super) fn new(rows: usize) -> Self {
        Self((0..rows.div_ceil(64)).map(|_| AtomicU64::new(0)).collect())
    }

    /// Adds a row.
    pub(super) fn add(&self, row: u32) {
        let bit = 1 << (row % 64);
        // Most rows are added many times. A read does not take the cache line from other threads.
        if let Some(bits) = self.0.get(row as usize / 64)
            && bits.load(Ordering::Relaxed) & bit == 0
        {
            bits.fetch_or(bit, Ordering::Relaxed);
        }
    }

    /// Returns the number of rows in the set.
    pub fn count(&self) -> u64 {
        let ones = |bits: &AtomicU64| u64::from(bits.load(Ordering::Relaxed).count_ones());
        self.0.iter().map(ones).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_counts_once() {
        let rows = RowSet::new(65);
        for row in [0, 64, 63, 64] {
            rows.add(row);
        }
        assert_eq!(rows.count(), 3);
        assert_eq!(RowSet::default().count(), 0);
    }
}

//! The share of the inputs whose records have reached a target.

use std::collections::VecDeque;

/// Estimates how many bytes of the inputs are delivered, from the number of records with an outcome. Records have
/// different sizes and inputs may be compressed, so the estimate takes equal steps between two marks.
#[derive(Debug, Default)]
pub struct DeliveredShare {
    /// The last mark with no more records than have an outcome.
    passed: Mark,
    /// The later marks, each with more records and more bytes than the mark before.
    later: VecDeque<Mark>,
}

/// The number of records that the first bytes of the inputs became.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mark {
    pub records: u64,
    pub bytes: u64,
}

impl DeliveredShare {
    /// Adds a mark. `settled` is the number of records that have an outcome now.
    pub fn add(&mut self, settled: u64, mark: Mark) {
        // Removes the marks that are passed, because nobody may ever ask for the number of bytes.
        self.bytes(settled);
        match self.later.back_mut() {
            // Either no more bytes were read for the later records, or no records were found in the later bytes.
            Some(last) if last.bytes >= mark.bytes || last.records >= mark.records => {
                last.records = last.records.max(mark.records);
                last.bytes = last.bytes.max(mark.bytes);
            }
            _ => self.later.push_back(mark),
        }
    }

    /// Returns the number of bytes that are delivered if `settled` records have an outcome.
    pub fn bytes(&mut self, settled: u64) -> u64 {
        while let Some(mark) = self.later.front().filter(|mark| mark.records <= settled) {
            self.passed = *mark;
            self.later.pop_front();
        }
        let passed = self.passed;
        let Some(next) = self.later.front() else {
            return passed.bytes;
        };
        let bytes = u128::from(next.bytes.saturating_sub(passed.bytes));
        let records = u128::from(settled.saturating_sub(passed.records));
        let of = u128::from(next.records.saturating_sub(passed.records).max(1));
        // The share is below one, so the sum is below the bytes of the next mark.
        passed.bytes + u64::try_from(bytes * records / of).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share(marks: &[(u64, u64)]) -> DeliveredShare {
        let mut share = DeliveredShare::default();
        for &(records, bytes) in marks {
            share.add(0, Mark { records, bytes });
        }
        share
    }

    #[test]
    fn bytes_grow_with_the_records_that_have_an_outcome() {
        let mut share = share(&[(10, 1000), (20, 5000)]);
        let bytes = [0, 1, 9, 10, 15, 19, 20, 25].map(|settled| share.bytes(settled));
        assert_eq!(bytes, [0, 100, 900, 1000, 3000, 4600, 5000, 5000]);
    }

    #[test]
    fn the_bytes_that_were_read_are_delivered_only_with_the_last_record() {
        for marks in [
            vec![(10, 1000), (20, 1000), (30, 1000)],
            vec![(30, 500), (30, 1000)],
            vec![(0, 0), (30, 1000)],
        ] {
            let mut share = share(&marks);
            assert!(share.bytes(29) < 1000, "{marks:?}");
            assert_eq!(share.bytes(30), 1000);
        }
    }

    #[test]
    fn bytes_without_records_are_delivered_at_once() {
        let mut share = share(&[(0, 700)]);
        assert_eq!(share.bytes(0), 700);
        share.add(
            0,
            Mark {
                records: 10,
                bytes: 800,
            },
        );
        assert_eq!(
            [0, 5, 10].map(|settled| share.bytes(settled)),
            [700, 750, 800]
        );
    }

    #[test]
    fn marks_that_are_passed_take_no_memory() {
        let mut share = DeliveredShare::default();
        for n in 0..1000 {
            share.add(
                n,
                Mark {
                    records: n + 5,
                    bytes: n * 10,
                },
            );
        }
        assert!(share.later.len() < 10);
    }
}

//! A sum of the counts of inputs that does not depend on the order in which the inputs end.

use std::collections::BTreeMap;

/// Adds up the counts of inputs in the order of the inputs, whichever input ends first.
///
/// The counts of two neighbours are added, then the sums of two pairs, and so on. So the number of sums that wait for their
/// neighbours grows with the number of open inputs, but hardly with the number of all inputs.
pub struct OrderedSum<T> {
    /// The sums that wait for their neighbours, by the number of the first input, with the number of inputs: a power of 2.
    sums: BTreeMap<usize, (usize, T)>,
    /// Adds the counts of later inputs.
    add: fn(&mut T, &T),
}

impl<T: Default> OrderedSum<T> {
    /// Returns the sum of no input. `add` adds the counts of later inputs.
    pub fn new(add: fn(&mut T, &T)) -> Self {
        let sums = BTreeMap::new();
        Self { sums, add }
    }

    /// Adds the counts of an input. Each input is added once at most.
    pub fn put(&mut self, input: usize, counts: T) {
        let (mut first, mut inputs, mut sum) = (input, 1, counts);
        loop {
            let neighbour = first ^ inputs;
            match self.sums.remove(&neighbour) {
                Some((its_inputs, mut its_sum)) if its_inputs == inputs => {
                    if neighbour < first {
                        std::mem::swap(&mut sum, &mut its_sum);
                    }
                    (self.add)(&mut sum, &its_sum);
                    (first, inputs) = (first.min(neighbour), inputs * 2);
                }
                smaller => {
                    self.sums
                        .extend(smaller.map(|smaller| (neighbour, smaller)));
                    break;
                }
            }
        }
        self.sums.insert(first, (inputs, sum));
    }

    /// Returns the sum of all inputs that were added.
    pub fn total(self) -> T {
        let mut sums = self.sums.into_values().map(|(_, sum)| sum);
        let first = sums.next().unwrap_or_default();
        sums.fold(first, |mut total, sum| {
            (self.add)(&mut total, &sum);
            total
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A sum that shows the order of its additions.
    fn sum_of(inputs: impl Iterator<Item = usize>) -> (String, usize) {
        let mut sum = OrderedSum::new(|sum: &mut String, later| *sum = format!("({sum} {later})"));
        let mut most = 0;
        for input in inputs {
            sum.put(input, input.to_string());
            most = most.max(sum.sums.len());
        }
        (sum.total(), most)
    }

    #[test]
    fn the_sum_does_not_depend_on_the_order_in_which_inputs_end() {
        let in_order = "(((((0 1) (2 3)) (4 5)) 6) 8)";
        for order in [
            [0, 1, 2, 3, 4, 5, 6, 8],
            [8, 6, 5, 4, 3, 2, 1, 0],
            [3, 8, 0, 4, 6, 1, 5, 2],
        ] {
            assert_eq!(sum_of(order.into_iter()).0, in_order);
        }
        assert_eq!(sum_of(0..0), (String::new(), 0));
    }

    #[test]
    fn few_sums_wait_for_an_input_that_ends_last() {
        let (_, most) = sum_of((1..5_000).chain([0]));
        assert!(most < 26, "{most}");
    }
}

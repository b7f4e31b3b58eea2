//! The number of a line in the run, and back from it to the line's place: its input and its number there.

use std::fmt::{self, Display};
use std::sync::Arc;

use super::table::MAX_ORDINAL;

/// A line of an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub file: Arc<str>,
    pub line: u64,
}

impl Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.file, self.line)
    }
}

/// The inputs so far, with the ordinals of their lines.
#[derive(Default)]
pub struct Places {
    inputs: Vec<Input>,
    /// The largest ordinal that was given.
    last: u64,
}

struct Input {
    file: Arc<str>,
    /// The ordinal before that of its first line.
    before: u64,
    is_delivered: bool,
}

impl Places {
    pub fn start_input(&mut self, file: &str) {
        self.inputs.push(Input {
            file: file.into(),
            before: self.last,
            is_delivered: true,
        });
    }

    /// The name of the input at hand.
    pub fn file(&self) -> Arc<str> {
        let input = self.inputs.last();
        input.map_or_else(|| "".into(), |input| Arc::clone(&input.file))
    }

    /// Nothing of the input at hand is delivered.
    pub fn input_failed(&mut self) {
        if let Some(input) = self.inputs.last_mut() {
            input.is_delivered = false;
        }
    }

    /// The ordinal of a line of the input at hand. Past a million million they are all the same: no table holds as many.
    pub fn ordinal(&mut self, line: u64) -> u64 {
        let before = self.inputs.last().map_or(0, |input| input.before);
        let ordinal = before.saturating_add(line).clamp(1, MAX_ORDINAL);
        self.last = self.last.max(ordinal);
        ordinal
    }

    /// Whether the line's input is delivered, or still may be.
    pub fn is_delivered(&self, ordinal: u64) -> bool {
        self.input_of(ordinal)
            .is_none_or(|input| input.is_delivered)
    }

    /// Where a line stands.
    pub fn place(&self, ordinal: u64) -> Place {
        let input = self.input_of(ordinal);
        Place {
            file: input.map_or_else(|| "".into(), |input| Arc::clone(&input.file)),
            line: ordinal - input.map_or(0, |input| input.before),
        }
    }

    fn input_of(&self, ordinal: u64) -> Option<&Input> {
        let count = self.inputs.partition_point(|input| input.before < ordinal);
        self.inputs[..count].last()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ordinal_leads_back_to_its_line() {
        let mut places = Places::default();
        let mut ordinals = Vec::new();
        for (file, lines) in [
            ("a", &[1, 5, 1000][..]),
            ("empty", &[]),
            ("b", &[1, 2]),
            ("c", &[4]),
        ] {
            places.start_input(file);
            for &line in lines {
                ordinals.push((places.ordinal(line), format!("{file}:{line}")));
            }
            if file == "b" {
                places.input_failed();
            }
        }
        assert!(ordinals.is_sorted() && ordinals[0].0 == 1);
        for (ordinal, place) in ordinals {
            assert_eq!(places.place(ordinal).to_string(), place);
            assert_eq!(places.is_delivered(ordinal), !place.starts_with('b'));
        }
        assert_eq!(&*places.file(), "c");
    }

    #[test]
    fn ordinals_that_no_slot_holds_are_the_last() {
        let mut places = Places::default();
        places.start_input("a");
        assert_eq!(places.ordinal(MAX_ORDINAL + 1), MAX_ORDINAL);
        places.start_input("b");
        assert_eq!(places.ordinal(1), MAX_ORDINAL);
        assert!(places.is_delivered(MAX_ORDINAL));
    }
}

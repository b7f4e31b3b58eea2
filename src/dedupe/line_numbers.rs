//! Numbers the lines of all inputs of a run, and finds the input and the line of a number.

use super::event_table::MAX_ORDINAL;

/// The ordinals of the lines of a run. Lines are counted through all inputs, so no two lines have the same ordinal.
#[derive(Default)]
pub struct LineNumbers {
    inputs: Vec<NumberedInput>,
    /// The largest ordinal so far.
    last: u64,
}

struct NumberedInput {
    file: String,
    /// The ordinal of the last line of the inputs before this input.
    before: u64,
    is_delivered: bool,
}

impl LineNumbers {
    pub fn start_input(&mut self, file: &str) {
        self.inputs.push(NumberedInput {
            file: file.into(),
            before: self.last,
            is_delivered: true,
        });
    }

    /// Returns the name of the current input.
    pub fn file(&self) -> &str {
        self.inputs.last().map_or("", |input| &input.file)
    }

    /// Notes that no line of the current input is delivered, because its output failed.
    pub fn input_failed(&mut self) {
        if let Some(input) = self.inputs.last_mut() {
            input.is_delivered = false;
        }
    }

    /// Returns the ordinal of a line of the current input. Ordinals stop at [`MAX_ORDINAL`], which no real run reaches.
    pub fn ordinal(&mut self, line: u64) -> u64 {
        let before = self.inputs.last().map_or(0, |input| input.before);
        let ordinal = before.saturating_add(line).clamp(1, MAX_ORDINAL);
        self.last = self.last.max(ordinal);
        ordinal
    }

    /// Returns whether the input of a line is delivered or may still be delivered.
    pub fn is_delivered(&self, ordinal: u64) -> bool {
        self.input_of(ordinal)
            .is_none_or(|input| input.is_delivered)
    }

    /// Returns the name of the input and the number in it of the line with this ordinal, as `NAME:NUMBER`.
    pub fn line(&self, ordinal: u64) -> String {
        let input = self.input_of(ordinal);
        let (file, before) = input.map_or(("", 0), |input| (&input.file, input.before));
        format!("{file}:{}", ordinal - before)
    }

    fn input_of(&self, ordinal: u64) -> Option<&NumberedInput> {
        let count = self.inputs.partition_point(|input| input.before < ordinal);
        self.inputs[..count].last()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_of_an_ordinal_is_found() {
        let mut numbers = LineNumbers::default();
        let mut ordinals = Vec::new();
        for (file, lines) in [
            ("a", &[1, 5, 1000][..]),
            ("empty", &[]),
            ("b", &[1, 2]),
            ("c", &[4]),
        ] {
            numbers.start_input(file);
            for &line in lines {
                ordinals.push((numbers.ordinal(line), format!("{file}:{line}")));
            }
            if file == "b" {
                numbers.input_failed();
            }
        }
        assert!(ordinals.is_sorted() && ordinals[0].0 == 1);
        for (ordinal, line) in ordinals {
            assert_eq!(numbers.line(ordinal), line);
            assert_eq!(numbers.is_delivered(ordinal), !line.starts_with('b'));
        }
        assert_eq!(numbers.file(), "c");
    }

    #[test]
    fn ordinals_stop_at_the_largest() {
        let mut numbers = LineNumbers::default();
        numbers.start_input("a");
        assert_eq!(numbers.ordinal(MAX_ORDINAL + 1), MAX_ORDINAL);
        numbers.start_input("b");
        assert_eq!(numbers.ordinal(1), MAX_ORDINAL);
        assert!(numbers.is_delivered(MAX_ORDINAL));
    }
}

//! The text around the records of a request body.

use super::send_batch::{BatchSlice, Overhead};

/// The text around the records of a request body. The records are separated by commas.
#[derive(Clone, Copy, Debug)]
pub struct BodyFrame<'f> {
    pub start: &'f str,
    pub before_each: &'f str,
    pub after_each: &'f str,
    pub end: &'f str,
}

impl BodyFrame<'_> {
    /// The frame of a JSON array.
    pub const ARRAY: BodyFrame<'static> = BodyFrame {
        start: "[",
        before_each: "",
        after_each: "",
        end: "]",
    };

    /// Returns a body with these records.
    pub fn body(self, records: BatchSlice<'_>) -> Vec<u8> {
        let mut body = Vec::with_capacity(self.overhead().size_with(records));
        body.extend(self.start.bytes());
        for (nth, (_, text)) in records.iter().enumerate() {
            if nth > 0 {
                body.push(b',');
            }
            body.extend(self.before_each.bytes());
            body.extend(text);
            body.extend(self.after_each.bytes());
        }
        body.extend(self.end.bytes());
        body
    }

    /// Returns the number of bytes that a body needs in addition to its records.
    pub fn overhead(self) -> Overhead {
        Overhead {
            // `each` counts a comma after every record, but none follows the last record.
            once: (self.start.len() + self.end.len()).saturating_sub(1),
            each: self.before_each.len() + self.after_each.len() + 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::send_batch::tests::batch_of;
    use super::*;

    #[test]
    fn a_body_has_the_calculated_size() {
        let batch = batch_of(None, &["1", "{}", "[3]"]);
        let frame = BodyFrame {
            start: "s[",
            before_each: "<",
            after_each: ">>",
            end: "]e",
        };
        for (frame, expected) in [
            (frame, "s[<1>>,<{}>>,<[3]>>]e"),
            (BodyFrame::ARRAY, "[1,{},[3]]"),
        ] {
            assert_eq!(frame.body(batch.items()), expected.as_bytes());
            assert_eq!(frame.overhead().size_with(batch.items()), expected.len());
        }
    }
}

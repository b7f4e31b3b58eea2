//! Forms of logs other than one event a line, written as JSON.

/// The framing because of which a line, or a document, cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Framing {
    /// Several objects follow each other in one line or document.
    RunTogether,
    /// The text is an array of objects, or an element of an array that extends over several lines.
    Array,
    /// The text is a bracket with which an array begins or ends, and holds no event.
    ArrayBracket,
    /// The text is an event whose backslashes are doubled, as in tab-separated exports.
    DoubledBackslashes,
}

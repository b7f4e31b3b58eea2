//! Flaws because of which the text of an event is not one JSON object in one line.

/// The flaw because of which a line, or a document, cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Flaw {
    /// Several objects follow each other in one line or document.
    RunTogether,
    /// The text is an array of objects, or an element of an array that extends over several lines.
    Array,
    /// The text is a bracket with which an array begins or ends, and holds no event.
    ArrayBracket,
    /// The text is an event whose backslashes are doubled, as in tab-separated exports.
    DoubledBackslashes,
    /// The text is an event whose backslashes are doubled twice.
    QuadrupledBackslashes,
    /// The text has no backslash before quotes within texts, as after `echo` or `read` without `-r`.
    LostBackslashes,
    /// The text has `#134` in place of each backslash, as syslog daemons write it.
    SyslogEscapes,
    /// The text is the first piece of a line above 16 KiB that Docker's log driver json-file cut.
    DockerPiece,
    /// The text is the first piece of a line that a container runtime cut and marked with `P`.
    CriPiece,
    /// The text breaks off within an object.
    CutOff,
    /// The text is an object as Python prints it.
    Python,
    /// The quotes of the object are escaped, as in a JSON text without the quotes around it.
    EscapedQuotes,
    /// The quotes of the object are doubled, as in a cell of CSV.
    Csv,
    /// The text is gzip data in base64.
    GzipInBase64,
    /// The text is an event in base64.
    JsonInBase64,
    /// The text is a part of a file in base64.
    FileInBase64,
    /// The text has escape sequences for colours.
    Colours,
    /// The text is an event in the encoding of URLs.
    UrlEncoded,
    /// The text is not UTF-8.
    NotUtf8,
    /// The text is JSON apart from `True`, `False` and `None`, as Python writes them.
    PythonWords,
    /// The text seems to be an event, and the flaw is of no kind above.
    Other,
    /// The text is JSON, seems to be an event, and has neither `event` nor `data`.
    WithoutEvent,
}

//! The behaviour of the server, which each test chooses.

use std::sync::{Arc, Mutex};

/// The way in which the server fails a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServerFault {
    None,
    /// Stores nothing and answers with this status.
    Status(u16),
    /// Like `Status`, with a `Retry-After` header.
    RetryAfter(u16, String),
    CloseBeforeStoring,
    CloseAfterStoring,
    /// Stores nothing and answers 400 with the target and headers of the request.
    Echo,
    /// Never answers.
    Silence,
    /// Stores the items and sends the head of an answer, but never the body.
    NoBody,
    /// Stores nothing and answers with bytes that are not HTTP.
    Malformed,
    /// Stores the items and sends an incomplete answer.
    HalfAnAnswer,
    /// Stores nothing and answers with this status, these headers and this body.
    Answer(u16, &'static str, &'static str),
    /// Like `Answer`, after storing the items. Items that the server does not store are refused as usual.
    AnswerAfterStoring(u16, &'static str, &'static str),
    /// Stores the items and lists only the first half of them in the answer.
    HalfAList,
    /// Answers with this status before the body is read, and closes the connection.
    Early(u16),
}

/// Returns the text of a 409, given the indices of the stored items in the request, and their ids.
type ConflictText = dyn Fn(&[(usize, String)]) -> String + Send + Sync;

type FaultOf = dyn Fn(usize, &str) -> ServerFault + Send + Sync;

/// The behaviour of the server.
pub struct ServerSettings {
    /// The fault of a request, given its number from 0 and its method.
    pub fault: Box<FaultOf>,
    /// The largest body that is accepted. Larger bodies are answered with 413.
    pub max_bytes: usize,
    /// A text, and the status with which the server answers requests that contain the text.
    pub poison: (&'static str, u16),
    /// The fault of deliveries that contain this text, in place of the status.
    pub poison_fault: ServerFault,
    /// The fault of all requests, while the test sets it.
    pub outage: Arc<Mutex<Option<ServerFault>>>,
    /// The status with which the server answers compressed bodies of at least this number of bytes, if it does not read
    /// them.
    pub gzip: Option<(u16, usize)>,
    /// Whether a batch with a stored id is answered with 409 and not stored, as the specification requires. Otherwise
    /// the stored items of the batch are ignored.
    pub refuses_duplicates: bool,
    /// The text with which batches with stored ids are refused.
    pub conflict_text: Box<ConflictText>,
    /// Whether items with a stored id are stored again.
    pub keeps_all: bool,
    /// A text, and whether items that contain the text are stored. The server lists them in no answer.
    pub unlisted: (&'static str, bool),
    /// The status of all GET requests, if the server is to refuse them.
    pub get: Option<u16>,
    /// Statements that contain this text are voided.
    pub voided: &'static str,
    /// The fault of the requests that check the server before the first delivery. They are not among the requests that
    /// the server keeps.
    pub check: ServerFault,
}

impl Default for ServerSettings {
    fn default() -> Self {
        Self {
            fault: Box::new(|_, _| ServerFault::None),
            max_bytes: usize::MAX,
            poison: ("poison", 400),
            poison_fault: ServerFault::None,
            outage: Arc::default(),
            gzip: None,
            refuses_duplicates: true,
            conflict_text: Box::new(|_| "conflict".to_owned()),
            keeps_all: false,
            unlisted: ("never listed", true),
            get: None,
            voided: "never voided",
            check: ServerFault::Status(404),
        }
    }
}

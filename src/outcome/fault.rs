//! A reason with its details.

use std::borrow::Cow;
use std::fmt::Display;

use super::flaw::Flaw;
use super::reason::Reason;

/// The reason why a line is unparsable or rejected.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Fault {
    pub reason: Reason,
    /// An explanation for people, which names the byte, the field or the value that is wrong.
    pub detail: Cow<'static, str>,
    /// The flaw of the text of the line, if it is the cause and known.
    pub(crate) flaw: Option<Flaw>,
}

impl Fault {
    pub(crate) fn new(reason: Reason, detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            reason,
            detail: detail.into(),
            flaw: None,
        }
    }

    /// Returns the fault of a line that is not JSON because of a flaw.
    pub(crate) fn flawed(flaw: Flaw, detail: String) -> Self {
        Self {
            flaw: Some(flaw),
            ..Self::new(Reason::NotJson, detail)
        }
    }

    /// Returns the detail without the value of a time, which differs from event to event.
    pub(super) fn cause(&self) -> &str {
        match (self.reason, self.detail.split_once(": ")) {
            (Reason::BadTimestamp, Some((problem, _))) => problem,
            _ => &self.detail,
        }
    }

    /// Returns the fault of a field that a transformer needs and that is absent.
    pub(crate) fn missing(field: impl Display) -> Self {
        Self::new(Reason::MissingField, format!("`{field}` is missing"))
    }

    /// Returns the fault of a time. `problem` completes a sentence that begins with "the time", and `shown` is the time
    /// as Python shows it.
    pub(crate) fn bad_timestamp(problem: impl Display, shown: &str) -> Self {
        Self::new(Reason::BadTimestamp, format!("the time {problem}: {shown}"))
    }

    /// Returns the fault of a field whose value is of an unusable kind. `kind` and `wanted` are kinds such as `a
    /// string`.
    pub(crate) fn wrong_type(field: impl Display, kind: &str, wanted: &str) -> Self {
        Self::new(
            Reason::WrongType,
            format!("`{field}` is {kind}, not {wanted}"),
        )
    }
}

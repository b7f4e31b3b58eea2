//! What becomes of a line: one outcome each, and a stable reason code where something is wrong with it.

use std::borrow::Cow;

/// Why a line is unparsable (the first six) or rejected. Codes may be added; none is ever renamed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// The line holds no JSON object, or not one to its end.
    NotJson,
    /// The line holds bytes that are not UTF-8.
    NotUtf8,
    /// The line is longer than the limit.
    TooLong,
    /// The input breaks off within the line.
    Truncated,
    /// There is no line where `--unwrap` says.
    NotWrapped,
    /// The object has neither `event` nor `data`.
    NoEvent,
    /// The event names no user.
    NoUser,
    /// The user is not in the users table.
    UnknownUser,
    /// The user has no external id.
    NoExternalId,
    /// The user has no e-mail address.
    NoEmail,
    /// The course id is no course key, or not one of the kind that is needed.
    BadCourseId,
    /// The course is not in the courses table.
    UnknownCourse,
    /// A field is absent that the statement needs.
    MissingField,
    /// A field holds a value of a kind that nothing can be made of.
    WrongType,
    /// The time is not one that the format takes: for xAPI ISO 8601 with an offset or a number of seconds, for Caliper a
    /// full date and time with an offset.
    BadTimestamp,
    /// A value would reach the output that JSON cannot say, as NaN.
    NotRepresentable,
    /// The statement would be about nothing.
    NoObjectId,
    /// Another event has its id and other content. This is not seen from the line alone.
    Collision,
}

impl Reason {
    /// Every reason, the unparsable ones first.
    pub const ALL: [Self; 18] = [
        Self::NotJson,
        Self::NotUtf8,
        Self::TooLong,
        Self::Truncated,
        Self::NotWrapped,
        Self::NoEvent,
        Self::NoUser,
        Self::UnknownUser,
        Self::NoExternalId,
        Self::NoEmail,
        Self::BadCourseId,
        Self::UnknownCourse,
        Self::MissingField,
        Self::WrongType,
        Self::BadTimestamp,
        Self::NotRepresentable,
        Self::NoObjectId,
        Self::Collision,
    ];

    /// Whether it makes a line unparsable; the others make it rejected.
    pub fn is_unparsable(self) -> bool {
        self <= Self::NoEvent
    }

    /// The code, as reports and rejects show it.
    pub fn code(self) -> &'static str {
        match self {
            Self::NotJson => "not-json",
            Self::NotUtf8 => "not-utf8",
            Self::TooLong => "too-long",
            Self::Truncated => "truncated",
            Self::NotWrapped => "not-wrapped",
            Self::NoEvent => "no-event",
            Self::NoUser => "no-user",
            Self::UnknownUser => "unknown-user",
            Self::NoExternalId => "no-external-id",
            Self::NoEmail => "no-email",
            Self::BadCourseId => "bad-course-id",
            Self::UnknownCourse => "unknown-course",
            Self::MissingField => "missing-field",
            Self::WrongType => "wrong-type",
            Self::BadTimestamp => "bad-timestamp",
            Self::NotRepresentable => "not-representable",
            Self::NoObjectId => "no-object-id",
            Self::Collision => "collision",
        }
    }
}

/// What is wrong with a line.
#[derive(Clone, Debug)]
pub struct Fault {
    pub reason: Reason,
    /// For a person: where, which field, which value.
    pub detail: Cow<'static, str>,
}

impl Fault {
    pub(crate) fn new(reason: Reason, detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            reason,
            detail: detail.into(),
        }
    }

    /// A field that a transformer needs is absent.
    pub(crate) fn missing(field: &str) -> Self {
        Self::new(Reason::MissingField, format!("`{field}` is missing"))
    }

    /// The fault of an event whose timestamp, given as Python shows it, is not in the wanted form.
    pub(crate) fn bad_timestamp(shown: &str, wanted: &str) -> Self {
        let detail = format!("the timestamp {shown} is not {wanted}");
        Self::new(Reason::BadTimestamp, detail)
    }

    /// The fault of a field whose value is of an unusable kind, such as `a string`.
    pub(crate) fn wrong_type(field: &str, kind: &str, wanted: &str) -> Self {
        Self::new(
            Reason::WrongType,
            format!("`{field}` is {kind}, not {wanted}"),
        )
    }
}

/// Why nothing takes an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unsupported {
    /// It has no name, or none that is a string.
    NoName,
    /// No transformer of the format takes it.
    NoTransformer,
    /// A transformer takes it, but not by default.
    NotByDefault,
}

/// The option that leaves an event out. The order is that in which they are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FilteredBy {
    Events,
    Since,
    Until,
    Course,
    Org,
    Routers,
}

impl FilteredBy {
    /// The option as it is typed.
    pub fn option(self) -> &'static str {
        match self {
            Self::Events => "--events",
            Self::Since => "--since",
            Self::Until => "--until",
            Self::Course => "--course",
            Self::Org => "--org",
            Self::Routers => "--routers",
        }
    }
}

/// What became of a line that is not blank. The order is the precedence: a line has the first that applies.
///
/// Whether an emitted line is a duplicate of an earlier one, or collides with it, is found when it is delivered.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// It cannot be read as an event.
    Unparsable(Fault),
    /// Nothing takes the event.
    Unsupported(Unsupported),
    /// The user's selection leaves it out.
    Filtered(FilteredBy),
    /// A known event that cannot be transformed.
    Rejected(Fault),
    Emitted,
}

impl Outcome {
    /// The word for it in reports.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Unparsable(_) => "unparsable",
            Self::Unsupported(_) => "unsupported",
            Self::Filtered(_) => "filtered",
            Self::Rejected(_) => "rejected",
            Self::Emitted => "emitted",
        }
    }

    /// The reason and its detail, for a line that is unparsable or rejected.
    pub fn fault(&self) -> Option<(Reason, &str)> {
        match self {
            Self::Unparsable(fault) | Self::Rejected(fault) => Some((fault.reason, &fault.detail)),
            Self::Unsupported(_) | Self::Filtered(_) | Self::Emitted => None,
        }
    }
}

//! The reason codes.

/// The reason why a record is unparsable ([`Reason::is_unparsable`]) or rejected. Codes may be added, but are never renamed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Reason {
    /// The line does not end with a JSON object.
    NotJson,
    /// The line holds bytes that are not UTF-8.
    NotUtf8,
    /// The line, the record within it, or all lines with the pieces of a line are longer than `--max-line-bytes`.
    TooLong,
    /// Reading the input failed in the middle of the line, for example at the end of an incomplete gzip file. Or the last piece
    /// of a line is missing that the log driver of a container cut.
    Truncated,
    /// The line has neither a string nor an object at the key that `--unwrap` names.
    NotWrapped,
    /// The object has neither `event` nor `data`.
    NoEvent,
    /// The line was not written by the logger of the tracking log. The events of its input have the marker
    /// `[tracking]`, and the line has neither the marker nor a key of an event.
    NotTracking,
    /// The event names no user.
    NoUser,
    /// The user is not in the users table.
    UnknownUser,
    /// The users table has no external id for the user.
    NoExternalId,
    /// The users table has no e-mail address for the user.
    NoEmail,
    /// The course id is not a course key, or is a key of a kind that the event does not allow.
    BadCourseId,
    /// The course is not in the courses table.
    UnknownCourse,
    /// A field that the record needs is absent.
    MissingField,
    /// A field holds a value of an unusable kind.
    WrongType,
    /// The format does not accept the time. xAPI takes ISO 8601 with an offset, or a number of seconds; Caliper takes a
    /// full date and time with an offset, in any form that dateutil reads.
    BadTimestamp,
    /// A value that JSON cannot represent, such as NaN, would reach the output.
    NotRepresentable,
    /// The statement would have no object id.
    NoObjectId,
    /// An earlier event has the same id, but different content. Only deduplication detects this.
    Collision,
}

impl Reason {
    /// All reasons with their codes, in the order of the variants.
    pub const ALL: [(Self, &'static str); 19] = [
        (Self::NotJson, "not-json"),
        (Self::NotUtf8, "not-utf8"),
        (Self::TooLong, "too-long"),
        (Self::Truncated, "truncated"),
        (Self::NotWrapped, "not-wrapped"),
        (Self::NoEvent, "no-event"),
        (Self::NotTracking, "not-tracking"),
        (Self::NoUser, "no-user"),
        (Self::UnknownUser, "unknown-user"),
        (Self::NoExternalId, "no-external-id"),
        (Self::NoEmail, "no-email"),
        (Self::BadCourseId, "bad-course-id"),
        (Self::UnknownCourse, "unknown-course"),
        (Self::MissingField, "missing-field"),
        (Self::WrongType, "wrong-type"),
        (Self::BadTimestamp, "bad-timestamp"),
        (Self::NotRepresentable, "not-representable"),
        (Self::NoObjectId, "no-object-id"),
        (Self::Collision, "collision"),
    ];

    /// Returns whether the reason makes a line unparsable. The other reasons make it rejected.
    pub fn is_unparsable(self) -> bool {
        self <= Self::NotTracking
    }

    /// Returns whether the reason rejects events because of their content, and not because of a table or another event.
    pub(super) fn is_of_event(self) -> bool {
        matches!(
            self,
            Self::NoUser
                | Self::BadCourseId
                | Self::MissingField
                | Self::WrongType
                | Self::BadTimestamp
                | Self::NotRepresentable
                | Self::NoObjectId
        )
    }

    /// Returns the code that reports and rejects show.
    pub fn code(self) -> &'static str {
        Self::ALL[self as usize].1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_has_its_own_code() {
        for (nth, (reason, _)) in Reason::ALL.into_iter().enumerate() {
            assert_eq!(reason as usize, nth);
        }
    }
}

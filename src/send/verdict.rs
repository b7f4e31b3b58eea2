//! The meaning of a server's answer.

use std::time::{Duration, SystemTime};

use super::http::{Answer, LossKind, Response};

/// The meaning of a server's answer for the records of the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The server has stored all records.
    Accepted,
    /// The answer accepts some records of the request, and refuses or does not mention others.
    ByRecord(RecordVerdicts),
    /// The answer is a success, but not in the form that servers of this kind use: perhaps a login page or another
    /// service answered.
    Unconfirmed,
    /// The server already holds a record with the id of a record in the request.
    Conflict,
    /// The body is larger than the server takes.
    TooLarge,
    /// Some of the records are not valid.
    Refused,
    /// The same request may succeed later.
    Retry(Retry),
    /// Every later request to this server would fail too.
    Stop,
}

/// The meaning of an answer for each record of the request, in the order of the records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordVerdicts {
    pub records: Vec<RecordVerdict>,
    pub trust: Trust,
}

/// How far an answer shows that a server of the right kind wrote it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    /// Any server may give such an answer. If a lookup finds none of the records, the target is stopped.
    Nothing,
    /// The answer has the right form, but names no record of the request: another service may give it. If lookups are
    /// not allowed, the target is stopped.
    Form,
    /// The answer lists a record of the request, or has a header that only such servers send.
    Proof,
}

/// The meaning of an answer for one record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecordVerdict {
    Accepted,
    /// The record is not valid, for the reason in the text.
    Refused(String),
    /// The answer does not mention the record.
    Unlisted,
}

/// A failure that may be temporary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    /// The time that the server asks the program to wait, if it asks for a wait.
    pub after: Option<Duration>,
    pub suspect: Suspect,
}

/// The possible reason for a failure that may be temporary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Suspect {
    /// The server, whatever the request holds.
    Server,
    /// The server, or a single bad record: some servers answer 500 to a bad record, or crash.
    Record,
    /// A firewall that forbids a single record.
    Firewall,
    /// The server, or the size of the request: a smaller request may succeed.
    Size,
    /// The server, or the size of the request: no answer came in time.
    Time,
}

/// The longest wait that a server can ask for. Longer waits are shortened to this time.
pub const LONGEST_WAIT: Duration = Duration::from_secs(3600);

/// Returns the meaning of an answer by its HTTP status alone.
pub fn verdict_by_status(answer: &Answer, now: SystemTime) -> Verdict {
    let retry = |after, suspect| Verdict::Retry(Retry { after, suspect });
    let response = match answer {
        Answer::Response(response) => response,
        Answer::Lost(loss) => {
            return match loss.kind {
                LossKind::TimedOut => retry(None, Suspect::Time),
                LossKind::Reset => retry(None, Suspect::Size),
                LossKind::Closed => retry(None, Suspect::Record),
                LossKind::Other => retry(None, Suspect::Server),
            };
        }
        Answer::Impossible(_) => return Verdict::Stop,
    };
    let after = retry_after(response, now);
    match response.status {
        200..=299 => Verdict::Accepted,
        409 => Verdict::Conflict,
        413 => Verdict::TooLarge,
        400 | 422 => Verdict::Refused,
        408 | 425 | 429 => retry(after, Suspect::Server),
        300..=499 | 501 => Verdict::Stop,
        504 => retry(after, Suspect::Time),
        // A server that asks to wait is away or busy, whatever the records are.
        503 if after.is_some() => retry(after, Suspect::Server),
        500..=599 => retry(after, Suspect::Record),
        // HTTP does not allow this status for an answer. The server may answer properly later.
        _ => retry(after, Suspect::Server),
    }
}

/// Returns whether the server is away or busy, whatever the records of the request are.
pub fn is_outage(answer: &Answer) -> bool {
    match verdict_by_status(answer, SystemTime::UNIX_EPOCH) {
        Verdict::Retry(Retry { suspect, .. }) => suspect == Suspect::Server,
        _ => false,
    }
}

/// Returns whether a load balancer may have given the answer while it did not know the server yet.
pub fn may_be_routing_outage(answer: &Answer) -> bool {
    matches!(answer, Answer::Response(response) if matches!(response.status, 403 | 404))
}

/// Reads the Retry-After header of a 429 or 503 (RFC 9110, section 10.2.3), which holds seconds or a date.
fn retry_after(response: &Response, now: SystemTime) -> Option<Duration> {
    if !matches!(response.status, 429 | 503) {
        return None;
    }
    let header = response.header("retry-after")?.trim();
    let wait = if !header.is_empty() && header.bytes().all(|byte| byte.is_ascii_digit()) {
        // A number that is too large to parse asks for a long wait.
        header.parse().map_or(LONGEST_WAIT, Duration::from_secs)
    } else {
        let time = httpdate::parse_http_date(header).ok()?;
        // A date in the past means that there is no need to wait.
        time.duration_since(now).unwrap_or_default()
    };
    Some(wait.min(LONGEST_WAIT))
}

#[cfg(test)]
mod tests {
    use super::super::http::Loss;
    use super::*;

    fn of(status: u16, retry_after: Option<&'static str>) -> Verdict {
        let mut response = Response {
            status,
            ..Response::default()
        };
        if let Some(header) = retry_after {
            let value = header.parse().unwrap();
            response.headers.insert("retry-after", value);
        }
        let now = httpdate::parse_http_date("Tue, 05 Mar 2024 09:00:00 GMT").unwrap();
        verdict_by_status(&Answer::Response(response), now)
    }

    #[test]
    fn each_status_has_one_meaning() {
        let retry = |suspect| {
            Verdict::Retry(Retry {
                after: None,
                suspect,
            })
        };
        for status in 0..=u16::MAX {
            let expected = match status {
                200..=299 => Verdict::Accepted,
                400 | 422 => Verdict::Refused,
                409 => Verdict::Conflict,
                413 => Verdict::TooLarge,
                408 | 425 | 429 => retry(Suspect::Server),
                501 => Verdict::Stop,
                504 => retry(Suspect::Time),
                500 | 502..=599 => retry(Suspect::Record),
                300..=399 | 401..=499 => Verdict::Stop,
                _ => retry(Suspect::Server),
            };
            assert_eq!(of(status, None), expected, "{status}");
        }
        let now = SystemTime::now();
        for (kind, suspect) in [
            (LossKind::TimedOut, Suspect::Time),
            (LossKind::Reset, Suspect::Size),
            (LossKind::Closed, Suspect::Record),
            (LossKind::Other, Suspect::Server),
        ] {
            let reason = "no answer".to_owned();
            let lost = Answer::Lost(Loss { kind, reason });
            assert_eq!(verdict_by_status(&lost, now), retry(suspect), "{kind:?}");
        }
        let impossible = Answer::Impossible("unknown certificate".to_owned());
        assert_eq!(verdict_by_status(&impossible, now), Verdict::Stop);
    }

    #[test]
    fn retry_after_is_seconds_or_a_date_and_counts_for_429_and_503() {
        let after = |status, header| match of(status, Some(header)) {
            Verdict::Retry(Retry { after, suspect }) => {
                assert!(after.is_none() || suspect == Suspect::Server);
                after.map(|wait| wait.as_secs())
            }
            other => panic!("{other:?}"),
        };
        for (header, seconds) in [
            ("0", Some(0)),
            (" 17 ", Some(17)),
            ("Tue, 05 Mar 2024 09:02:00 GMT", Some(120)),
            ("Tuesday, 05-Mar-24 09:02:00 GMT", Some(120)),
            ("Tue, 05 Mar 2024 08:00:00 GMT", Some(0)),
            ("99999999999999999999999", Some(3600)),
            ("Sun, 05 Mar 2034 08:00:00 GMT", Some(3600)),
            ("", None),
            ("-1", None),
            ("soon", None),
        ] {
            assert_eq!(after(429, header), seconds, "{header}");
            assert_eq!(after(503, header), seconds, "{header}");
            assert_eq!(after(500, header), None, "{header}");
        }
    }
}

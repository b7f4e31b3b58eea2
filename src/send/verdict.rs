//! What an answer means: a pure and total function.

use std::time::{Duration, SystemTime};

/// What came of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The server answered.
    Response {
        status: u16,
        /// The header of this name.
        retry_after: Option<String>,
        body: Vec<u8>,
    },
    /// There was no answer, or none that could be read. The server may have done what was asked all the same.
    None(String),
    /// There is none, and there will be none.
    Never(String),
}

/// What to do about an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// All of it is stored.
    Accepted,
    /// Some of it is stored already.
    Conflict,
    /// It is more than the server takes at once.
    TooLarge,
    /// Something in it is not valid.
    Refused,
    /// The same request may be answered otherwise later.
    Wait(Wait),
    /// Every later request would fail too.
    Stop,
}

/// When to try again, and what it means when that does not help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wait {
    /// How long the server asks to wait, if it does.
    pub retry_after: Option<Duration>,
    /// Some servers answer so to one bad statement.
    pub may_be_poison: bool,
}

/// Longer waits are cut to this: a server that asks for a day is asked again in an hour.
pub const LONGEST_WAIT: Duration = Duration::from_secs(3600);

/// The meaning of an answer that came at this time.
pub fn verdict(answer: &Answer, now: SystemTime) -> Verdict {
    let (status, retry_after) = match answer {
        Answer::Response {
            status,
            retry_after,
            ..
        } => (status, retry_after),
        Answer::None(_) => {
            return Verdict::Wait(Wait {
                retry_after: None,
                may_be_poison: false,
            });
        }
        Answer::Never(_) => return Verdict::Stop,
    };
    let wait = |may_be_poison| {
        let asks = matches!(status, 429 | 503);
        let header = retry_after.as_deref().filter(|_| asks);
        Verdict::Wait(Wait {
            retry_after: header.and_then(|header| parse_retry_after(header, now)),
            may_be_poison,
        })
    };
    match status {
        200..=299 => Verdict::Accepted,
        409 => Verdict::Conflict,
        413 => Verdict::TooLarge,
        400 | 422 => Verdict::Refused,
        408 | 425 | 429 => wait(false),
        501 => Verdict::Stop,
        500..=599 => wait(true),
        300..=499 => Verdict::Stop,
        // No status that HTTP has.
        _ => wait(false),
    }
}

/// Reads a Retry-After header (RFC 9110, section 10.2.3): seconds or a date.
fn parse_retry_after(header: &str, now: SystemTime) -> Option<Duration> {
    let header = header.trim();
    let wait = if !header.is_empty() && header.bytes().all(|byte| byte.is_ascii_digit()) {
        // More seconds than a number has are a long time.
        header.parse().map_or(LONGEST_WAIT, Duration::from_secs)
    } else {
        let time = httpdate::parse_http_date(header).ok()?;
        // A date that has passed is no wait at all.
        time.duration_since(now).unwrap_or_default()
    };
    Some(wait.min(LONGEST_WAIT))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(status: u16, retry_after: Option<&str>) -> Verdict {
        let answer = Answer::Response {
            status,
            retry_after: retry_after.map(str::to_owned),
            body: Vec::new(),
        };
        let now = httpdate::parse_http_date("Tue, 05 Mar 2024 09:00:00 GMT").unwrap();
        verdict(&answer, now)
    }

    #[test]
    fn each_status_has_one_meaning() {
        let wait = |may_be_poison| {
            Verdict::Wait(Wait {
                retry_after: None,
                may_be_poison,
            })
        };
        for status in 0..=u16::MAX {
            let expected = match status {
                200..=299 => Verdict::Accepted,
                400 | 422 => Verdict::Refused,
                409 => Verdict::Conflict,
                413 => Verdict::TooLarge,
                408 | 425 | 429 => wait(false),
                501 => Verdict::Stop,
                500 | 502..=599 => wait(true),
                300..=399 | 401..=499 => Verdict::Stop,
                _ => wait(false),
            };
            assert_eq!(of(status, None), expected, "{status}");
        }
        let lost = Answer::None("connection reset".to_owned());
        assert_eq!(verdict(&lost, SystemTime::now()), wait(false));
        let never = Answer::Never("no such certificate".to_owned());
        assert_eq!(verdict(&never, SystemTime::now()), Verdict::Stop);
    }

    #[test]
    fn retry_after_is_seconds_or_a_date_of_429_and_503() {
        let after = |status, header| match of(status, Some(header)) {
            Verdict::Wait(Wait { retry_after, .. }) => retry_after.map(|wait| wait.as_secs()),
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

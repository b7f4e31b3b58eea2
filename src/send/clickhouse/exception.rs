//! The exceptions of ClickHouse, and what each means for the rows of an insert.
//!
//! A server names the code of an exception in the header `X-ClickHouse-Exception-Code`, and in the text `Code: 27.
//! DB::Exception: …`. Names and codes are those of `src/Common/ErrorCodes.cpp` of ClickHouse.
//!
//! The list [`EXCEPTIONS`] has the meaning of each exception that inserts and lookups are known to meet. The HTTP status
//! decides about other exceptions.

use Meaning::{Always, Row};

use super::super::http::{Answer, Response};
use super::super::verdict::Suspect;

/// The header with the code of an exception.
const CODE: &str = "x-clickhouse-exception-code";

/// The meaning of an exception.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// One of the rows is not valid.
    Row,
    /// The same request may succeed later.
    Later(Suspect),
    /// Every later request would fail too.
    Always,
}

/// Returns the code of the exception that an answer reports.
pub fn code_of(response: &Response) -> Option<u32> {
    let header = response.header(CODE);
    let code = header.and_then(|code| code.trim().parse().ok());
    code.filter(|code| *code != 0)
        .or_else(|| code_in_text(&response.body))
}

/// Finds `Code: 27. DB::Exception` or `Code: 27, e.displayText()` in the text of an answer.
fn code_in_text(body: &[u8]) -> Option<u32> {
    const START: &str = "Code: ";
    let text = String::from_utf8_lossy(body);
    let mut starts = text.match_indices(START);
    starts.find_map(|(at, _)| {
        let after = &text[at + START.len()..];
        let end = after.find(|char: char| !char.is_ascii_digit())?;
        let (code, rest) = after.split_at(end);
        let is_exception = rest.starts_with(". DB::") || rest.starts_with(", e.displayText()");
        code.parse().ok().filter(|_| is_exception)
    })
}

/// Returns the answer with the status 500 if it reports an exception with a status of success. A server that has begun
/// its answer before the exception cannot change the status any more.
pub fn with_status_of_exception(mut answer: Answer) -> Answer {
    if let Answer::Response(response) = &mut answer
        && matches!(response.status, 200..=299)
        && code_of(response).is_some()
    {
        response.sent_status = Some(response.status);
        response.status = 500;
    }
    answer
}

/// The server is busy, down or read-only; the rows are not the cause.
const SERVER: Meaning = Meaning::Later(Suspect::Server);
/// No time was left. A smaller batch may succeed.
const TIME: Meaning = Meaning::Later(Suspect::Time);
/// No memory was left. A smaller batch may succeed.
const SIZE: Meaning = Meaning::Later(Suspect::Size);

/// Exceptions with their names and meanings.
const EXCEPTIONS: &[(u32, &str, Meaning)] = &[
    (6, "CANNOT_PARSE_TEXT", Row),
    (25, "CANNOT_PARSE_ESCAPE_SEQUENCE", Row),
    (26, "CANNOT_PARSE_QUOTED_STRING", Row),
    (27, "CANNOT_PARSE_INPUT_ASSERTION_FAILED", Row),
    (32, "ATTEMPT_TO_READ_AFTER_EOF", Row),
    (33, "CANNOT_READ_ALL_DATA", Row),
    (38, "CANNOT_PARSE_DATE", Row),
    (41, "CANNOT_PARSE_DATETIME", Row),
    (53, "TYPE_MISMATCH", Row),
    (69, "ARGUMENT_OUT_OF_BOUND", Row),
    (70, "CANNOT_CONVERT_TYPE", Row),
    (72, "CANNOT_PARSE_NUMBER", Row),
    (117, "INCORRECT_DATA", Row),
    (131, "TOO_LARGE_STRING_SIZE", Row),
    (153, "ILLEGAL_DIVISION", Row),
    (190, "SIZES_OF_ARRAYS_DONT_MATCH", Row),
    (321, "VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE", Row),
    (349, "CANNOT_INSERT_NULL_IN_ORDINARY_COLUMN", Row),
    (376, "CANNOT_PARSE_UUID", Row),
    (395, "FUNCTION_THROW_IF_VALUE_IS_NON_ZERO", Row),
    (407, "DECIMAL_OVERFLOW", Row),
    (441, "CANNOT_PARSE_DOMAIN_VALUE_FROM_STRING", Row),
    (467, "CANNOT_PARSE_BOOL", Row),
    (469, "VIOLATED_CONSTRAINT", Row),
    (675, "CANNOT_PARSE_IPV4", Row),
    (676, "CANNOT_PARSE_IPV6", Row),
    (691, "UNKNOWN_ELEMENT_OF_ENUM", Row),
    (201, "QUOTA_EXCEEDED", SERVER),
    (202, "TOO_MANY_SIMULTANEOUS_QUERIES", SERVER),
    (203, "NO_FREE_CONNECTION", SERVER),
    (209, "SOCKET_TIMEOUT", SERVER),
    (210, "NETWORK_ERROR", SERVER),
    (216, "QUERY_WITH_SAME_ID_IS_ALREADY_RUNNING", SERVER),
    (225, "NO_ZOOKEEPER", SERVER),
    (236, "ABORTED", SERVER),
    (242, "TABLE_IS_READ_ONLY", SERVER),
    (243, "NOT_ENOUGH_SPACE", SERVER),
    (252, "TOO_MANY_PARTS", SERVER),
    (279, "ALL_CONNECTION_TRIES_FAILED", SERVER),
    (285, "TOO_FEW_LIVE_REPLICAS", SERVER),
    (286, "UNSATISFIED_QUORUM_FOR_PREVIOUS_WRITE", SERVER),
    (289, "REPLICA_IS_NOT_IN_QUORUM", SERVER),
    (290, "LIMIT_EXCEEDED", SERVER),
    (319, "UNKNOWN_STATUS_OF_INSERT", SERVER),
    (341, "UNFINISHED", SERVER),
    (354, "ZLIB_INFLATE_FAILED", SERVER),
    (364, "RECEIVED_ERROR_TOO_MANY_REQUESTS", SERVER),
    (369, "ALL_REPLICAS_ARE_STALE", SERVER),
    (394, "QUERY_WAS_CANCELLED", SERVER),
    (425, "SYSTEM_ERROR", SERVER),
    (439, "CANNOT_SCHEDULE_TASK", SERVER),
    (473, "DEADLOCK_AVOIDED", SERVER),
    (499, "S3_ERROR", SERVER),
    (734, "CANNOT_WRITE_AFTER_BUFFER_CANCELED", SERVER),
    (735, "QUERY_WAS_CANCELLED_BY_CLIENT", SERVER),
    (745, "SERVER_OVERLOADED", SERVER),
    (999, "KEEPER_EXCEPTION", SERVER),
    (159, "TIMEOUT_EXCEEDED", TIME),
    (160, "TOO_SLOW", TIME),
    (241, "MEMORY_LIMIT_EXCEEDED", SIZE),
    (16, "NO_SUCH_COLUMN_IN_TABLE", Always),
    (47, "UNKNOWN_IDENTIFIER", Always),
    (48, "NOT_IMPLEMENTED", Always),
    (60, "UNKNOWN_TABLE", Always),
    (62, "SYNTAX_ERROR", Always),
    (81, "UNKNOWN_DATABASE", Always),
    (115, "UNKNOWN_SETTING", Always),
    (164, "READONLY", Always),
    (192, "UNKNOWN_USER", Always),
    (193, "WRONG_PASSWORD", Always),
    (194, "REQUIRED_PASSWORD", Always),
    (195, "IP_ADDRESS_NOT_ALLOWED", Always),
    (291, "DATABASE_ACCESS_DENIED", Always),
    (452, "SETTING_CONSTRAINT_VIOLATION", Always),
    (497, "ACCESS_DENIED", Always),
    (516, "AUTHENTICATION_FAILED", Always),
];

/// Returns the name of an exception.
pub fn name_of(code: u32) -> Option<&'static str> {
    let found = EXCEPTIONS.iter().find(|(known, ..)| *known == code);
    found.map(|(_, name, _)| *name)
}

/// Returns the meaning of an exception with this code, in an answer with this status.
pub fn meaning(code: u32, status: u16) -> Meaning {
    let found = EXCEPTIONS.iter().find(|(known, ..)| *known == code);
    match (found, status) {
        (Some((_, _, meaning)), _) => *meaning,
        // ClickHouse answers 400 to exceptions about the content of a request.
        (None, 400) => Row,
        (None, 413) => SIZE,
        (None, 408 | 429) => SERVER,
        (None, 401..=499 | 501) => Always,
        (None, _) => Meaning::Later(Suspect::Record),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, header: Option<&'static str>, body: &str) -> Response {
        let mut response = Response {
            status,
            body: body.into(),
            ..Response::default()
        };
        if let Some(code) = header {
            response.headers.insert(CODE, code.parse().unwrap());
        }
        response
    }

    #[test]
    fn the_code_of_an_exception_is_in_a_header_or_in_the_text() {
        for (header, body, code) in [
            (Some("252"), "", Some(252)),
            (Some("0"), "", None),
            (None, "Code: 27. DB::Exception: Cannot parse", Some(27)),
            (None, "1\n2\nCode: 159. DB::Exception: Timeout", Some(159)),
            (
                None,
                "Code: 60, e.displayText() = DB::Exception: no",
                Some(60),
            ),
            (None, "Code: 27 of the building", None),
            (None, "", None),
        ] {
            assert_eq!(code_of(&answer(500, header, body)), code, "{body}");
        }
    }

    #[test]
    fn an_exception_with_a_status_of_success_gets_the_status_of_a_failure() {
        for (header, body, status) in [
            (None, "", 200),
            (Some("241"), "", 500),
            (None, "Code: 241. DB::Exception: Memory", 500),
        ] {
            let answer = Answer::Response(answer(200, header, body));
            let Answer::Response(response) = with_status_of_exception(answer) else {
                panic!("{body}")
            };
            assert_eq!(response.status, status);
            assert_eq!(response.sent_status, (status == 500).then_some(200));
        }
    }

    #[test]
    fn each_exception_is_listed_once_and_the_status_decides_about_others() {
        for (nth, (code, name, meaning_of_code)) in EXCEPTIONS.iter().enumerate() {
            assert!(
                EXCEPTIONS[..nth].iter().all(|(known, ..)| known != code),
                "{name}"
            );
            assert_eq!(meaning(*code, 500), *meaning_of_code);
        }
        for (status, expected) in [
            (400, Row),
            (403, Always),
            (404, Always),
            (501, Always),
            (413, SIZE),
            (408, SERVER),
            (429, SERVER),
            (500, Meaning::Later(Suspect::Record)),
            (503, Meaning::Later(Suspect::Record)),
        ] {
            assert_eq!(meaning(9999, status), expected, "{status}");
        }
    }
}

//! The exceptions of ClickHouse, and what each means for the rows of an insert.
//!
//! A server names the code of an exception in the header `X-ClickHouse-Exception-Code`, and in the text `Code: 27.
//! DB::Exception: …`. Names and codes are those of `src/Common/ErrorCodes.cpp` of ClickHouse.
//!
//! The list [`EXCEPTIONS`] has the meaning of each exception that inserts and lookups are known to meet. The HTTP status
//! decides about other exceptions.

use Meaning::{Permanent, Row};

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
    Permanent,
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

/// The codes of exceptions with their meanings.
const EXCEPTIONS: &[(u32, Meaning)] = &[
    (6, Row),         // CANNOT_PARSE_TEXT
    (25, Row),        // CANNOT_PARSE_ESCAPE_SEQUENCE
    (26, Row),        // CANNOT_PARSE_QUOTED_STRING
    (27, Row),        // CANNOT_PARSE_INPUT_ASSERTION_FAILED
    (32, Row),        // ATTEMPT_TO_READ_AFTER_EOF
    (33, Row),        // CANNOT_READ_ALL_DATA
    (38, Row),        // CANNOT_PARSE_DATE
    (41, Row),        // CANNOT_PARSE_DATETIME
    (53, Row),        // TYPE_MISMATCH
    (69, Row),        // ARGUMENT_OUT_OF_BOUND
    (70, Row),        // CANNOT_CONVERT_TYPE
    (72, Row),        // CANNOT_PARSE_NUMBER
    (117, Row),       // INCORRECT_DATA
    (131, Row),       // TOO_LARGE_STRING_SIZE
    (153, Row),       // ILLEGAL_DIVISION
    (190, Row),       // SIZES_OF_ARRAYS_DONT_MATCH
    (321, Row),       // VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE
    (349, Row),       // CANNOT_INSERT_NULL_IN_ORDINARY_COLUMN
    (376, Row),       // CANNOT_PARSE_UUID
    (395, Row),       // FUNCTION_THROW_IF_VALUE_IS_NON_ZERO
    (407, Row),       // DECIMAL_OVERFLOW
    (441, Row),       // CANNOT_PARSE_DOMAIN_VALUE_FROM_STRING
    (467, Row),       // CANNOT_PARSE_BOOL
    (469, Row),       // VIOLATED_CONSTRAINT
    (675, Row),       // CANNOT_PARSE_IPV4
    (676, Row),       // CANNOT_PARSE_IPV6
    (691, Row),       // UNKNOWN_ELEMENT_OF_ENUM
    (201, SERVER),    // QUOTA_EXCEEDED
    (202, SERVER),    // TOO_MANY_SIMULTANEOUS_QUERIES
    (203, SERVER),    // NO_FREE_CONNECTION
    (209, SERVER),    // SOCKET_TIMEOUT
    (210, SERVER),    // NETWORK_ERROR
    (216, SERVER),    // QUERY_WITH_SAME_ID_IS_ALREADY_RUNNING
    (225, SERVER),    // NO_ZOOKEEPER
    (236, SERVER),    // ABORTED
    (242, SERVER),    // TABLE_IS_READ_ONLY
    (243, SERVER),    // NOT_ENOUGH_SPACE
    (252, SERVER),    // TOO_MANY_PARTS
    (279, SERVER),    // ALL_CONNECTION_TRIES_FAILED
    (285, SERVER),    // TOO_FEW_LIVE_REPLICAS
    (286, SERVER),    // UNSATISFIED_QUORUM_FOR_PREVIOUS_WRITE
    (289, SERVER),    // REPLICA_IS_NOT_IN_QUORUM
    (290, SERVER),    // LIMIT_EXCEEDED
    (319, SERVER),    // UNKNOWN_STATUS_OF_INSERT
    (341, SERVER),    // UNFINISHED
    (354, SERVER),    // ZLIB_INFLATE_FAILED
    (364, SERVER),    // RECEIVED_ERROR_TOO_MANY_REQUESTS
    (369, SERVER),    // ALL_REPLICAS_ARE_STALE
    (394, SERVER),    // QUERY_WAS_CANCELLED
    (425, SERVER),    // SYSTEM_ERROR
    (439, SERVER),    // CANNOT_SCHEDULE_TASK
    (473, SERVER),    // DEADLOCK_AVOIDED
    (499, SERVER),    // S3_ERROR
    (734, SERVER),    // CANNOT_WRITE_AFTER_BUFFER_CANCELED
    (735, SERVER),    // QUERY_WAS_CANCELLED_BY_CLIENT
    (745, SERVER),    // SERVER_OVERLOADED
    (999, SERVER),    // KEEPER_EXCEPTION
    (159, TIME),      // TIMEOUT_EXCEEDED
    (160, TIME),      // TOO_SLOW
    (241, SIZE),      // MEMORY_LIMIT_EXCEEDED
    (16, Permanent),  // NO_SUCH_COLUMN_IN_TABLE
    (47, Permanent),  // UNKNOWN_IDENTIFIER
    (48, Permanent),  // NOT_IMPLEMENTED
    (60, Permanent),  // UNKNOWN_TABLE
    (62, Permanent),  // SYNTAX_ERROR
    (81, Permanent),  // UNKNOWN_DATABASE
    (115, Permanent), // UNKNOWN_SETTING
    (164, Permanent), // READONLY
    (192, Permanent), // UNKNOWN_USER
    (193, Permanent), // WRONG_PASSWORD
    (194, Permanent), // REQUIRED_PASSWORD
    (195, Permanent), // IP_ADDRESS_NOT_ALLOWED
    (291, Permanent), // DATABASE_ACCESS_DENIED
    (452, Permanent), // SETTING_CONSTRAINT_VIOLATION
    (497, Permanent), // ACCESS_DENIED
    (516, Permanent), // AUTHENTICATION_FAILED
    // Limits of the user's profile, which a query of the same size exceeds each time.
    (158, Permanent), // TOO_MANY_ROWS
    (161, Permanent), // TOO_MANY_COLUMNS
    (191, Permanent), // SET_SIZE_LIMIT_EXCEEDED
    (307, Permanent), // TOO_MANY_BYTES
    (396, Permanent), // TOO_MANY_ROWS_OR_BYTES
];

/// Returns the meaning of an exception with this code, in an answer with this status.
pub fn meaning(code: u32, status: u16) -> Meaning {
    let found = EXCEPTIONS.iter().find(|(known, _)| *known == code);
    match (found, status) {
        (Some((_, meaning)), _) => *meaning,
        // ClickHouse answers 400 to exceptions about the content of a request.
        (None, 400) => Row,
        (None, 413) => SIZE,
        (None, 408 | 429) => SERVER,
        (None, 401..=499 | 501) => Permanent,
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
        for (nth, (code, meaning_of_code)) in EXCEPTIONS.iter().enumerate() {
            assert!(
                EXCEPTIONS[..nth].iter().all(|(known, _)| known != code),
                "{code}"
            );
            assert_eq!(meaning(*code, 500), *meaning_of_code);
        }
        for (status, expected) in [
            (400, Row),
            (403, Permanent),
            (404, Permanent),
            (501, Permanent),
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

//! The answers of a Caliper endpoint that confirm a delivery. Caliper does not define the bodies of answers, so the check
//! looks for keys and words with which common servers report failures.

use serde_json::{Map, Value};
use uuid::Uuid;

use super::super::http::{Answer, Response};

/// Parts of words that report a failure.
const FAILURES: [&str; 22] = [
    "fail",
    "error",
    "exception",
    "denied",
    "unauthorized",
    "unauthenticated",
    "forbidden",
    "invalid",
    "malformed",
    "reject",
    "refuse",
    "expired",
    "unavailable",
    "unsupported",
    "not ",
    "cannot",
    "unable",
    "missing",
    "log in",
    "login",
    "sign in",
    "bad request",
];

/// Words that negate the word after them, as in "no errors".
const NEGATIONS: [&str; 3] = ["no", "0", "without"];

/// Returns whether a successful answer has an empty body, or JSON that does not report a failure.
pub fn is_confirmed(answer: &Answer) -> bool {
    let Answer::Response(Response { status, body, .. }) = answer else {
        return false;
    };
    // An answer with status 207 holds several statuses, and some of them may be failures.
    let parse = || serde_json::from_slice(body);
    *status != 207
        && (body.trim_ascii().is_empty() || parse().is_ok_and(|body| !reports_failure(&body)))
}

/// Returns whether the body of an answer reports a failure.
fn reports_failure(body: &Value) -> bool {
    match body {
        Value::String(text) => !is_success(text),
        Value::Array(all) => all.iter().any(|each| match each {
            Value::String(id) => !is_success(id) && !is_word(id),
            each => reports_failure(each),
        }),
        Value::Bool(success) => !success,
        Value::Object(entries) => object_reports_failure(entries),
        Value::Null | Value::Number(_) => false,
    }
}

/// Returns whether a text alone confirms a delivery. A server may answer another text to anything.
fn is_success(text: &str) -> bool {
    const SUCCESSES: [&str; 6] = ["", "ok", "success", "accepted", "created", "stored"];
    let text = text.trim().to_ascii_lowercase();
    SUCCESSES.contains(&text.as_str()) || Uuid::parse_str(&text).is_ok()
}

/// Returns whether a text may be an id.
fn is_word(text: &str) -> bool {
    let is_part = |letter: char| !letter.is_whitespace() && letter != '<';
    text.chars().all(is_part) && !says_failure(&text.to_ascii_lowercase())
}

fn object_reports_failure(entries: &Map<String, Value>) -> bool {
    // The values of an event that the server returns are those of the learner.
    let is_event = entries.contains_key("actor") && entries.contains_key("action");
    entries
        .iter()
        .any(|(key, value)| entry_reports_failure(key, value) || !is_event && holds_failure(value))
}

/// Returns whether an object in the value reports a failure.
fn holds_failure(value: &Value) -> bool {
    match value {
        Value::Array(all) => all.iter().any(holds_failure),
        Value::Object(entries) => object_reports_failure(entries),
        _ => false,
    }
}

fn entry_reports_failure(key: &str, value: &Value) -> bool {
    let text = match value {
        Value::String(text) => text.trim().to_ascii_lowercase(),
        value => value.to_string(),
    };
    let key = key.to_ascii_lowercase().replace(['_', '-'], "");
    match key.as_str() {
        "success" | "successful" | "issuccess" | "ok" | "accepted" | "stored" | "valid"
        | "acknowledged" => matches!(text.as_str(), "false" | "0" | "no"),
        "status" | "statuscode" | "httpstatus" | "code" | "result" | "outcome" | "state" => {
            text == "false"
                || text.parse().is_ok_and(|code: f64| code >= 400.0)
                || value.is_string() && says_failure(&text)
        }
        "message" | "messages" | "msg" | "detail" | "details" | "description" | "reason"
        | "response" | "text" | "title" => value.is_string() && says_failure(&text),
        _ if ["error", "fail", "reject", "exception"]
            .iter()
            .any(|part| key.contains(part)) =>
        {
            !matches!(
                text.as_str(),
                "null" | "false" | "0" | "" | "[]" | "{}" | "no" | "none"
            )
        }
        _ => false,
    }
}

/// Returns whether a text in lower case reports a failure.
fn says_failure(text: &str) -> bool {
    let mut words: Vec<&str> = text
        .split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    let mut nth = 0;
    while nth < words.len() {
        match NEGATIONS.contains(&words[nth]) {
            true => drop(words.drain(nth..words.len().min(nth + 2))),
            false => nth += 1,
        }
    }
    let text = words.join(" ") + " ";
    FAILURES.iter().any(|failure| text.contains(failure))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_success_is_confirmed_unless_its_body_reports_a_failure_or_is_not_json() {
        let of = |status, body: &str| {
            let response = Response {
                status,
                body: body.into(),
                ..Response::default()
            };
            is_confirmed(&Answer::Response(response))
        };
        for body in [
            "",
            "\n",
            "{}",
            "[]",
            "null",
            "true",
            "\"ok\"",
            "[\"id\"]",
            r#"["urn:uuid:6690e6c9-3ef0-4ed3-8b37-7f3964730bee"]"#,
            r#"{"success": true, "errors": [], "error": null, "rejected": 0, "status": 200}"#,
            r#"{"status": "success", "code": 0, "message": "no error"}"#,
            r#"{"message": "ok", "results": [{"success": true, "error_count": 0}]}"#,
            r#"{"message": "5 events accepted, 0 rejected, without errors"}"#,
            r#"{"ids": ["not found"], "duplicate": false, "flags": [false]}"#,
            r#"{"sensor": "s", "sendTime": "t", "data": [{"type": "GradeEvent", "actor": {"status": "failed"},
                "action": "Graded", "object": {"success": false, "error": "x"}, "generated": {"result": 500}}]}"#,
        ] {
            assert!(of(200, body), "{body}");
            assert!(!of(207, body), "{body}");
        }
        for body in [
            "OK",
            "<html>",
            "{",
            "false",
            "\"please log in\"",
            "\"<html>\"",
            "\"hello\"",
            "[\"please log in\"]",
            "[\"unauthorized\"]",
            "[true, false]",
            r#"{"success": false}"#,
            r#"{"ok": false}"#,
            r#"{"success": "false"}"#,
            r#"{"status": "error"}"#,
            r#"{"status": 500}"#,
            r#"{"statusCode": "401"}"#,
            r#"{"error": "x"}"#,
            r#"{"errors": [1]}"#,
            r#"{"error_count": 1}"#,
            r#"[{"success": true}, {"Success": false}]"#,
            r#"{"message": "Unauthorized"}"#,
            r#"{"message": "Please log in."}"#,
            r#"{"message": "the event was not stored"}"#,
            r#"{"results": [{"success": true}, {"success": false}]}"#,
            r#"{"data": {"errors": ["x"]}}"#,
            r#"{"response": {"status": "failed"}}"#,
            r#"{"a": [[{"b": {"message": "access denied"}}]]}"#,
            r#"{"event": {"actor": "a", "action": "b"}, "error": "x"}"#,
        ] {
            assert!(!of(200, body), "{body}");
        }
    }
}

//! Caliper endpoints (Caliper 1.2, section 6): events are posted in envelopes and cannot be looked up.

use std::time::SystemTime;

use serde_json::Value;

use super::advice::is_web_page;
use super::body_frame::BodyFrame;
use super::http::{Answer, Client, Response};
use super::send_batch::{BatchEnvelope, BatchSlice};
use super::server::{Finding, Probe, Server, is_final};
use super::verdict::{Verdict, verdict_by_status};

/// A Caliper endpoint.
#[derive(Clone, Copy, Debug)]
pub struct CaliperEndpoint {
    /// Whether a request body is an array of envelopes with one event each. The reference, edx-event-routing-backends,
    /// sends such bodies (`CaliperEnvelopeProcessor`). Otherwise, a body is one envelope with all events.
    pub envelope_each: bool,
}

impl Server for CaliperEndpoint {
    fn frame<'e>(&self, envelope: Option<&'e BatchEnvelope>) -> BodyFrame<'e> {
        match envelope {
            Some(envelope) if self.envelope_each => BodyFrame {
                before_each: &envelope.start,
                after_each: BatchEnvelope::END,
                ..BodyFrame::ARRAY
            },
            Some(envelope) => BodyFrame {
                start: &envelope.start,
                end: BatchEnvelope::END,
                ..BodyFrame::ARRAY
            },
            None => BodyFrame::ARRAY,
        }
    }

    fn verdict(&self, _: BatchSlice<'_>, answer: &Answer, now: SystemTime) -> Verdict {
        match verdict_by_status(answer, now) {
            Verdict::Accepted if !is_confirmed(answer) => Verdict::Unconfirmed,
            verdict => verdict,
        }
    }

    /// Caliper has no request that stores nothing, so this probe checks only the way to the URL.
    fn probe(&self, client: &Client) -> Probe {
        let mut answer = client.options();
        if let Answer::Response(Response { status: 404, .. }) = answer {
            // Some servers answer 404 to OPTIONS for each URL.
            answer = client.get_at(&client.requested, None);
        }
        let finding = match &answer {
            Answer::Response(Response {
                status: 404 | 502..=504,
                ..
            }) => Finding::Unusable,
            Answer::Response(response) if !is_final(&answer) && !is_web_page(response) => {
                Finding::Usable(format!(
                    "a server answers ({}); whether it is a Caliper endpoint and accepts the credentials shows only when events are sent",
                    response.status
                ))
            }
            _ => Finding::Unusable,
        };
        Probe { answer, finding }
    }
}

/// Returns whether a successful answer has an empty body, or JSON that does not report a failure.
fn is_confirmed(answer: &Answer) -> bool {
    let Answer::Response(Response { status, body, .. }) = answer else {
        return false;
    };
    // An answer with status 207 holds several statuses, and some of them may be failures.
    let parse = || serde_json::from_slice(body);
    *status != 207
        && (body.trim_ascii().is_empty() || parse().is_ok_and(|body| !reports_failure(&body)))
}

/// Returns whether the body of an answer reports a failure. Caliper does not define such bodies, so the check looks for
/// keys and words that common servers use.
fn reports_failure(body: &Value) -> bool {
    match body {
        Value::Bool(success) => !success,
        Value::Array(all) => all.iter().any(reports_failure),
        Value::Object(entries) => entries.iter().any(entry_reports_failure),
        Value::Null | Value::Number(_) | Value::String(_) => false,
    }
}

fn entry_reports_failure((key, value): (&String, &Value)) -> bool {
    const FAILURES: [&str; 7] = [
        "fail",
        "error",
        "denied",
        "unauthorized",
        "forbidden",
        "invalid",
        "reject",
    ];
    let text = value.to_string().to_ascii_lowercase();
    match key.to_ascii_lowercase().as_str() {
        "success" | "ok" | "accepted" | "stored" | "valid" => {
            matches!(text.as_str(), "false" | "0" | "\"false\"")
        }
        "error" | "errors" | "failed" | "failures" | "rejected" | "exception" => {
            !matches!(text.as_str(), "null" | "false" | "0" | "\"\"" | "[]" | "{}")
        }
        "status" | "statuscode" | "code" | "result" | "outcome" => {
            value.as_f64().map_or(value == false, |code| code >= 400.0)
                || value.is_string() && FAILURES.iter().any(|word| text.contains(word))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::{Map, Value, json};

    use super::*;
    use crate::send::send_batch::tests::batch_of;

    fn object(value: Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn a_success_is_confirmed_unless_its_body_reports_a_failure_or_is_not_json() {
        let of = |status, body: &str| {
            let body = body.into();
            let headers = Default::default();
            let response = Response {
                status,
                headers,
                body,
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
            r#"{"success": true, "errors": [], "error": null, "rejected": 0, "status": 200}"#,
            r#"{"status": "success", "code": 0, "message": "no error"}"#,
        ] {
            assert!(of(200, body), "{body}");
            assert!(!of(207, body), "{body}");
        }
        for body in [
            "OK",
            "<html>",
            "{",
            "false",
            r#"{"success": false}"#,
            r#"{"ok": false}"#,
            r#"{"success": "false"}"#,
            r#"{"status": "error"}"#,
            r#"{"status": 500}"#,
            r#"{"error": "x"}"#,
            r#"{"errors": [1]}"#,
            r#"[{"success": true}, {"Success": false}]"#,
        ] {
            assert!(!of(200, body), "{body}");
        }
    }

    #[test]
    fn one_envelope_holds_all_events_or_each_event_has_its_own() {
        let keys = object(json!({"sensor": "s", "data": [1]}));
        let envelope = BatchEnvelope::new(keys, &object(json!({"sensor": "t", "x": 1})));
        let [one, two, three] = [1, 2, 3].map(|n| json!({"n": n}));
        let texts = [&one, &two, &three].map(Value::to_string);
        let batch = batch_of(Some(Arc::new(envelope)), &texts);
        let body = |envelope_each| {
            let server = CaliperEndpoint { envelope_each };
            let body = server.body(batch.items());
            serde_json::from_slice::<Value>(&body).unwrap()
        };
        assert_eq!(
            body(false),
            json!({"sensor": "t", "x": 1, "data": [one, two, three]})
        );
        let alone = |event: &Value| json!({"sensor": "t", "x": 1, "data": [event]});
        assert_eq!(body(true), json!([alone(&one), alone(&two), alone(&three)]));
    }
}

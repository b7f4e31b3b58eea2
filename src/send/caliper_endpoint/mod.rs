//! Caliper endpoints (Caliper 1.2, section 6): events are posted in envelopes and cannot be looked up.

mod confirmation;

use std::time::SystemTime;

use self::confirmation::is_confirmed;
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

    fn noun(&self) -> &'static str {
        "the endpoint"
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

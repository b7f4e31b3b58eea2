//! Caliper endpoints (Caliper 1.2, section 6): events are posted in envelopes and cannot be looked up.

use std::time::SystemTime;

use anyhow::Result;

use super::envelope::BatchEnvelope;
use super::http::{Answer, Resource};
use super::send_batch::{BatchSlice, Overhead};
use super::server::Server;
use super::verdict::{Verdict, verdict_by_status};
use crate::url::Url;

/// A Caliper endpoint.
#[derive(Clone, Copy, Debug)]
pub struct CaliperEndpoint {
    /// Whether each event has an envelope of its own, and a body is an array of envelopes, as
    /// `CaliperEnvelopeProcessor` of the reference has it. Otherwise one envelope holds all events of a body.
    pub envelope_each: bool,
}

impl Server for CaliperEndpoint {
    fn resource(&self, url: &Url) -> Result<Resource> {
        Ok(Resource {
            url: url.clone(),
            headers: &[],
        })
    }

    fn body(&self, records: BatchSlice<'_>) -> Vec<u8> {
        let (start, end) = around(records.envelope());
        let overhead = self.overhead(records.envelope());
        let mut body = Vec::with_capacity(overhead.of(records));
        if !self.has_envelope_each(records.envelope()) {
            body.extend(start.bytes());
            body.extend(records.joined());
            body.extend(end.bytes());
            return body;
        }
        body.push(b'[');
        for (nth, (_, event)) in records.iter().enumerate() {
            if nth > 0 {
                body.push(b',');
            }
            body.extend(start.bytes());
            body.extend(event);
            body.extend(end.bytes());
        }
        body.push(b']');
        body
    }

    fn overhead(&self, envelope: Option<&BatchEnvelope>) -> Overhead {
        let (start, end) = around(envelope);
        let bytes = start.len() + end.len();
        // The brackets or the envelope, with a comma after each event but the last.
        if self.has_envelope_each(envelope) {
            Overhead {
                once: 1,
                each: bytes + 1,
            }
        } else {
            Overhead {
                once: bytes,
                each: 1,
            }
        }
    }

    fn verdict(&self, _records: BatchSlice<'_>, answer: &Answer, now: SystemTime) -> Verdict {
        verdict_by_status(answer, now)
    }
}

impl CaliperEndpoint {
    fn has_envelope_each(self, envelope: Option<&BatchEnvelope>) -> bool {
        self.envelope_each && envelope.is_some()
    }
}

/// Returns the text around events. Events of a dead letter without an envelope are sent as an array.
fn around(envelope: Option<&BatchEnvelope>) -> (&str, &str) {
    envelope.map_or(("[", "]"), |envelope| (envelope.start(), envelope.end()))
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
            let estimated = server.overhead(batch.items().envelope()).of(batch.items());
            assert!((body.len()..=body.len() + 1).contains(&estimated));
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

//! The body of a request.

use std::borrow::Cow;

use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::send_batch::Items;

/// What statements or events are sent in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Payload {
    /// A JSON array of statements (xAPI 1.0.3, part 3, section 2.1.2).
    Xapi,
    /// An envelope with all of the events in its `data` (Caliper 1.2, section 3.3).
    Caliper(EnvelopeStart),
    /// The reference's array of envelopes, each with one event (`CaliperEnvelopeProcessor`).
    CaliperArray(EnvelopeStart),
}

/// An envelope up to its data: `{"sensor":…,"sendTime":…,"dataVersion":…,"data":[`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnvelopeStart {
    /// The keys of the envelope, but for `data`.
    pub keys: Map<String, Value>,
    text: String,
}

const ENVELOPE_END: &str = "]}";

impl EnvelopeStart {
    /// The keys in their order, with some of them replaced.
    pub fn new(mut keys: Map<String, Value>, overrides: &Map<String, Value>) -> Self {
        keys.remove("data");
        for (key, value) in overrides {
            keys.insert(key.clone(), value.clone());
        }
        let mut text = json!(keys).to_string();
        text.pop();
        if !keys.is_empty() {
            text.push(',');
        }
        text.push_str("\"data\":[");
        Self { keys, text }
    }
}

impl Payload {
    /// The body of a request with these items.
    pub fn body(&self, items: Items<'_>) -> Vec<u8> {
        let mut body = Vec::with_capacity(
            self.bytes_around() + items.joined().len() + items.len() * self.bytes_around_each(),
        );
        match self {
            Self::Xapi => {
                body.push(b'[');
                body.extend(items.joined());
                body.push(b']');
            }
            Self::Caliper(start) => {
                body.extend(start.text.bytes());
                body.extend(items.joined());
                body.extend(ENVELOPE_END.bytes());
            }
            Self::CaliperArray(start) => {
                body.push(b'[');
                for (nth, (_, event)) in items.iter().enumerate() {
                    if nth > 0 {
                        body.push(b',');
                    }
                    body.extend(start.text.bytes());
                    body.extend(event);
                    body.extend(ENVELOPE_END.bytes());
                }
                body.push(b']');
            }
        }
        body
    }

    /// How many bytes a body has beside its items, at the most.
    pub fn bytes_around(&self) -> usize {
        match self {
            // The brackets, less the comma that the last item does not have.
            Self::Xapi | Self::CaliperArray(_) => 1,
            Self::Caliper(start) => start.text.len() + ENVELOPE_END.len(),
        }
    }

    /// How many bytes each item has beside its own.
    pub fn bytes_around_each(&self) -> usize {
        match self {
            Self::Xapi | Self::Caliper(_) => 1,
            Self::CaliperArray(start) => start.text.len() + ENVELOPE_END.len() + 1,
        }
    }

    /// The keys of the envelope, where there is one.
    pub fn envelope(&self) -> Option<&Map<String, Value>> {
        match self {
            Self::Xapi => None,
            Self::Caliper(start) | Self::CaliperArray(start) => Some(&start.keys),
        }
    }
}

/// A JSON object with some of its top-level keys replaced, and those that it lacks put at its end. The rest stays as it
/// is, to the byte.
pub fn override_keys<'t>(
    object: &'t [u8],
    overrides: &Map<String, Value>,
) -> serde_json::Result<Cow<'t, [u8]>> {
    if overrides.is_empty() {
        return Ok(object.into());
    }
    let mut deserializer = serde_json::Deserializer::from_slice(object);
    let entries = deserializer.deserialize_map(Entries)?;
    let mut text = vec![b'{'];
    let mut push = |key: &str, value: &dyn ToString| {
        if text.len() > 1 {
            text.push(b',');
        }
        text.extend(json!(key).to_string().bytes());
        text.push(b':');
        text.extend(value.to_string().bytes());
    };
    for (key, value) in &entries {
        match overrides.get(key.as_ref()) {
            Some(replacement) => push(key, replacement),
            None => push(key, value),
        }
    }
    for (key, value) in overrides {
        if !entries.iter().any(|(there, _)| there == key) {
            push(key, value);
        }
    }
    text.push(b'}');
    Ok(text.into())
}

/// Reads the entries of an object in their order.
struct Entries;

impl<'de> Visitor<'de> for Entries {
    type Value = Vec<(Cow<'de, str>, &'de RawValue)>;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(entries)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use uuid::Uuid;

    use super::super::send_batch::{Batch, Place};
    use super::*;

    fn object(value: Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    fn body(payload: &Payload) -> (Value, usize) {
        let mut batch = Batch::new(Arc::new(payload.clone()));
        for n in 1..=3 {
            let place = Place {
                input: 0,
                file: "a".into(),
                line: n,
            };
            batch.push(Uuid::nil(), format!("{{\"n\":{n}}}").as_bytes(), place);
        }
        let body = payload.body(batch.items());
        (serde_json::from_slice(&body).unwrap(), body.len())
    }

    #[test]
    fn bodies_are_as_long_as_they_are_said_to_be() {
        let start = EnvelopeStart::new(object(json!({"sensor": "s"})), &Map::new());
        for payload in [
            Payload::Xapi,
            Payload::Caliper(start.clone()),
            Payload::CaliperArray(start),
        ] {
            let (_, length) = body(&payload);
            let said = payload.bytes_around() + 3 * (7 + payload.bytes_around_each());
            assert!(length <= said && said <= length + 1, "{payload:?}");
        }
    }

    #[test]
    fn an_envelope_has_all_events_or_each_has_its_own() {
        let keys = object(json!({"sensor": "s", "data": [1]}));
        let start = EnvelopeStart::new(keys, &object(json!({"sensor": "t", "x": 1})));
        let [one, two, three] = [1, 2, 3].map(|n| json!({"n": n}));
        assert_eq!(
            body(&Payload::Caliper(start.clone())).0,
            json!({"sensor": "t", "x": 1, "data": [one, two, three]})
        );
        let envelope = |event: &Value| json!({"sensor": "t", "x": 1, "data": [event]});
        assert_eq!(
            body(&Payload::CaliperArray(start)).0,
            json!([envelope(&one), envelope(&two), envelope(&three)])
        );
        assert_eq!(body(&Payload::Xapi).0, json!([one, two, three]));
    }

    #[test]
    fn overrides_replace_top_level_keys_and_leave_the_rest_to_the_byte() {
        let overrides = object(json!({"b": {"y": 1}, "new": null}));
        let object = br#"{"a": 1.10, "b": {"x": 0}, "\u0063":  [ 1 ]}"#;
        assert_eq!(
            String::from_utf8(override_keys(object, &overrides).unwrap().into_owned()).unwrap(),
            r#"{"a":1.10,"b":{"y":1},"c":[ 1 ],"new":null}"#
        );
        assert_eq!(override_keys(object, &Map::new()).unwrap().as_ref(), object);
    }
}

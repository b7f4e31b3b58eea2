//! The envelope around the records of a request (Caliper 1.2, section 3.3).

use serde_json::{Map, Value, json};

/// An envelope without its data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchEnvelope {
    keys: Map<String, Value>,
    start: String,
}

impl BatchEnvelope {
    /// Creates an envelope with these keys, `data` aside, after replacing those in `overrides`.
    pub fn new(mut keys: Map<String, Value>, overrides: &Map<String, Value>) -> Self {
        keys.remove("data");
        for (key, value) in overrides {
            keys.insert(key.clone(), value.clone());
        }
        let mut start = json!(keys).to_string();
        start.pop();
        if !keys.is_empty() {
            start.push(',');
        }
        start.push_str("\"data\":[");
        Self { keys, start }
    }

    /// The keys, `data` aside.
    pub fn keys(&self) -> &Map<String, Value> {
        &self.keys
    }

    /// The text up to the first record: `{"sensor":…,"sendTime":…,"dataVersion":…,"data":[`.
    pub fn start(&self) -> &str {
        &self.start
    }

    /// The text after the last record.
    pub fn end(&self) -> &'static str {
        "]}"
    }
}

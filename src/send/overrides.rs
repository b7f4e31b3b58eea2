//! The overrides of an xAPI router: top-level keys that are replaced in each statement. The overrides of a Caliper
//! router replace keys of the envelope instead, see [`BatchEnvelope`](super::send_batch::BatchEnvelope).

use std::borrow::Cow;

use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

/// Returns a JSON object with the values of some top-level keys replaced. Keys that the object does not have are
/// appended. The texts of all other values are unchanged.
///
/// # Errors
/// Returns an error if the text is not a JSON object.
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
        if !entries.iter().any(|(present, _)| present == key) {
            push(key, value);
        }
    }
    text.push(b'}');
    Ok(text.into())
}

/// The entries of an object, in order.
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
    use super::*;

    #[test]
    fn overrides_replace_top_level_keys_and_leave_all_other_values() {
        let overrides = json!({"b": {"y": 1}, "new": null});
        let overrides = overrides.as_object().unwrap();
        let object = br#"{"a": 1.10, "b": {"x": 0}, "\u0063":  [ 1 ]}"#;
        assert_eq!(
            String::from_utf8(override_keys(object, overrides).unwrap().into_owned()).unwrap(),
            r#"{"a":1.10,"b":{"y":1},"c":[ 1 ],"new":null}"#
        );
        assert_eq!(override_keys(object, &Map::new()).unwrap().as_ref(), object);
        assert!(override_keys(b"{\"a\": NaN}", overrides).is_err());
    }
}

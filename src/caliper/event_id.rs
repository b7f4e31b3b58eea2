//! Ids of Caliper events. Each conversion of a tracking event makes the same id, so a server can recognize an event
//! that is sent again. The reference makes a random id for each conversion.

use bumpalo::Bump;
use uuid::Uuid;

use crate::tracking::{TrackingEvent, python_json};
use crate::uuid5::Uuid5;

/// The UUID namespace of all event ids. Must never change, since stored events keep their ids. Computed once as
/// `uuid5(NAMESPACE_URL, "http://purl.imsglobal.org/ctx/caliper/v1p2")`.
const NAMESPACE: Uuid = Uuid::from_u128(0x8181_8019_78cb_5c6b_985b_ba2d_4843_d7be);

/// The initial capacity, in bytes, of the buffer for an event as text. Most events fit, so the buffer rarely grows.
const USUAL_BYTES: usize = 4096;

/// Makes the id of a tracking event: a version 5 UUID of the event as JSON text with sorted keys, in the form of
/// Python's `json.dumps(event, sort_keys=True, ensure_ascii=False)`.
///
/// The whole event counts, since two different events may differ in only one field. The parsed values count and not the
/// text of the line, so the id does not depend on whitespace or on a logger's prefix before the JSON object.
pub(super) fn event_id(event: &TrackingEvent<'_>, arena: &Bump) -> Uuid {
    let mut text = Vec::with_capacity(USUAL_BYTES);
    python_json::append_sorted(event.source(), arena, &mut text);
    Uuid5::of(NAMESPACE, &text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tracking::parse_line;

    fn id(line: &str) -> String {
        let arena = Bump::new();
        let event = parse_line(line.as_bytes(), &arena).unwrap().unwrap();
        event_id(&event, &arena).to_string()
    }

    /// The expected id was made with Python's uuid and json modules.
    #[test]
    fn ids_never_change() {
        let line = r#"{"name":"ü","event":"{\"b\":1, \"a\":null}","time":[1.0,-0,1e22,{"z":1,"y":"\u0001"}]}"#;
        assert_eq!(id(line), "34aa9afd-6f21-535b-8835-47e0943b8309");
    }

    #[test]
    fn an_id_depends_on_the_values_and_not_on_layout_prefix_or_order() {
        let line = id(r#"{"a":1,"event":{"b":2,"c":3}}"#);
        assert_eq!(
            line,
            id(r#"INFO x - { "event" : {"c":3, "b":2}, "a":1 }  "#)
        );
        for other in [
            r#"{"a":1,"event":{"b":2}}"#,
            r#"{"a":1.0,"event":{"b":2,"c":3}}"#,
            r#"{"event":{"b":2,"c":3}}"#,
        ] {
            assert_ne!(line, id(other));
        }
    }
}

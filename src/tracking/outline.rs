//! Reading the fields of an event that an inspection counts, without parsing its line into a tree.
//!
//! Most lines of a log are events that are not converted. An outline of such an event has the name, the time, the user, the
//! course, and where the event comes from. In doubt, there is no outline and the line is parsed.

use std::sync::LazyLock;

use bumpalo::Bump;
use memchr::memmem::Finder;
use smallvec::SmallVec;

use super::event::{TrackingEvent, is_event_like};
use super::skim::{LineText, skip_member, string_without_escapes};
use crate::json::{JsonObject, Scanner, Value};

/// The members of an object that are kept.
type Members<'a> = SmallVec<[(&'a str, Value<'a>); 16]>;

/// Returns an event with the fields that are counted if skimming finds its name and the name is not wanted. A returned
/// outline guarantees that the parser would accept the line, and that the name, the time, the user, the course, the session
/// and the addresses are those of the whole event.
pub(super) fn unwanted_outline<'a>(
    line: &'a [u8],
    is_wanted: impl Fn(&str) -> bool,
    arena: &'a Bump,
) -> Option<TrackingEvent<'a>> {
    let LineText { likely_name, text } = LineText::unless_wanted(line, &is_wanted)?;
    let mut scanner = Scanner::new(text);
    let root = event(&mut scanner, text, arena)?;
    scanner.end()?;
    let event = TrackingEvent::of_object(root, arena).ok()?;
    let name = event.name()?;
    (name == likely_name || !is_wanted(name)).then_some(event)
}

/// Reads an event. Returns `None` if the event lacks a usual field, or may have a user or a time at an unusual key.
fn event<'a>(scanner: &mut Scanner<'a>, text: &'a str, arena: &'a Bump) -> Option<JsonObject<'a>> {
    let mut members = Members::new();
    scanner.take(b'{')?;
    loop {
        let key = string_without_escapes(scanner)?;
        scanner.take(b':')?;
        let first = scanner.peek();
        let start = scanner.offset();
        match key {
            "context" => keep(&mut members, key, context(scanner, text, arena)?)?,
            "event" | "data" => {
                skip_member(scanner, key)?;
                let value = text.get(start..scanner.offset())?;
                // The payload without a user and a course need not be known.
                let value = match may_name_user_or_course(value) {
                    true => Value::parse(value, arena).ok()?,
                    false => Value::Null,
                };
                keep(&mut members, key, value)?;
            }
            "name" | "time" | "timestamp" | "username" | "user_id" | "session" | "host"
            | "page" | "referer" | "event_type" | "event_source" => {
                let value = scalar(scanner, text, arena)?;
                keep(&mut members, key, value)?;
            }
            // A user may be at any depth.
            _ if first == b'{' => return None,
            _ => skip_member(scanner, key)?,
        }
        if scanner.ends_after_item(b'}')? {
            break;
        }
    }
    let root = JsonObject::from_unique(arena.alloc_slice_copy(&members));
    let has = |key| root.get(key).is_some();
    let has_usual = has("username") && (has("time") || has("timestamp"));
    let has_user_id = root.get("context")?.as_object()?.get("user_id").is_some();
    (has_usual && has_user_id && is_event_like(Value::Object(root))).then_some(root)
}

/// Reads the context of an event.
fn context<'a>(scanner: &mut Scanner<'a>, text: &'a str, arena: &'a Bump) -> Option<Value<'a>> {
    let mut members = Members::new();
    scanner.take(b'{')?;
    loop {
        let key = string_without_escapes(scanner)?;
        scanner.take(b':')?;
        match key {
            "course_id" | "org_id" | "user_id" | "session" | "host" => {
                let value = scalar(scanner, text, arena)?;
                keep(&mut members, key, value)?;
            }
            _ => skip_member(scanner, "")?,
        }
        if scanner.ends_after_item(b'}')? {
            let members = arena.alloc_slice_copy(&members);
            return Some(Value::Object(JsonObject::from_unique(members)));
        }
    }
}

/// Reads a value that is neither an array nor an object.
fn scalar<'a>(scanner: &mut Scanner<'a>, text: &'a str, arena: &'a Bump) -> Option<Value<'a>> {
    let first = scanner.peek();
    let start = scanner.offset();
    if matches!(first, b'{' | b'[') {
        return None;
    }
    skip_member(scanner, "")?;
    let value = text.get(start..scanner.offset())?;
    match value
        .strip_prefix('"')
        .and_then(|value| value.strip_suffix('"'))
    {
        Some(plain) if memchr::memchr(b'\\', plain.as_bytes()).is_none() => Some(Value::Str(plain)),
        _ => Value::parse(value, arena).ok(),
    }
}

/// Keeps a member. Returns `None` if its key is repeated.
fn keep<'a>(members: &mut Members<'a>, key: &'a str, value: Value<'a>) -> Option<()> {
    let is_repeated = members.iter().any(|(other, _)| *other == key);
    members.push((key, value));
    (!is_repeated).then_some(())
}

/// Returns whether a text of JSON may have a key of a user or of a course, at any depth.
fn may_name_user_or_course(text: &str) -> bool {
    static PARTS: LazyLock<[Finder<'_>; 3]> =
        LazyLock::new(|| ["user", "course_id", "\\u"].map(Finder::new));

    PARTS
        .iter()
        .any(|part| part.find(text.as_bytes()).is_some())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::contents::SeenEvent;
    use crate::tracking::parse_line;

    const REQUEST: &str = r#"INFO [tracking] - {"name": "/a", "context": {"course_id": "course-v1:A+B+C", "x": {}, "user_id": 10,
        "org_id": "A"}, "username": "ada", "session": "c5f4", "host": "courses.example.org", "event": "{\"GET\": {}}",
        "time": "2024-03-05T08:00:02.268945+00:00", "event_type": "/a"}"#;

    /// Returns the fields that are counted, by the outline and by the whole event.
    fn seen(line: &str) -> Option<[String; 2]> {
        let arena = Bump::new();
        let outline = unwanted_outline(line.as_bytes(), |_| false, &arena)?;
        let outline = SeenEvent::of_outline(&outline, &arena)?;
        let whole = parse_line(line.as_bytes(), &arena).unwrap().unwrap();
        let whole = SeenEvent::of(&whole, &arena);
        Some([format!("{outline:?}"), format!("{whole:?}")])
    }

    #[test]
    fn the_outline_of_a_request_has_all_that_is_counted() {
        let [outline, whole] = seen(REQUEST).unwrap();
        assert_eq!(outline, whole);
        for part in [
            "/a",
            "course-v1:A+B+C",
            "\"10\"",
            "c5f4",
            "courses.example.org",
        ] {
            assert!(outline.contains(part), "{outline}");
        }
    }

    #[test]
    fn a_line_that_the_parser_refuses_or_that_may_be_converted_has_no_outline() {
        let arena = Bump::new();
        for (text, other) in [
            ("\"GET\\\": {}", "\"GET\\\": \\ud800"),
            ("\"x\": {}", "\"x\": {\"y\": NaN}"),
            ("\"event\":", "\"other\":"),
            ("\"username\":", "\"other\":"),
            ("\"user_id\":", "\"other\":"),
            ("\"time\":", "\"other\":"),
            ("\"session\":", "\"host\":"),
            ("\"session\": \"c5f4\"", "\"x\": {\"user_id\": 1}"),
        ] {
            let line = REQUEST.replace(text, other);
            let outline = unwanted_outline(line.as_bytes(), |_| false, &arena);
            assert!(outline.is_none() && line != REQUEST, "{line}");
        }
        assert!(unwanted_outline(REQUEST.as_bytes(), |name| name == "/a", &arena).is_none());
    }

    fn value() -> impl Strategy<Value = &'static str> {
        prop::sample::select(vec![
            "\"ada\"",
            "5",
            "0",
            "\"\"",
            "null",
            "{}",
            "{\"user_id\": 7}",
            "{\"x\": {\"username\": \"eve\", \"course_id\": \"A/B/C\"}}",
            "{\"username\": \"eve\", \"course_id\": \"A/B/C\"}",
            "{\"\\u0075ser_id\": 9}",
            "{\"time\": 1700000000, \"session\": \"s\"}",
            "\"{\\\"user_id\\\": 9}\"",
            "\"{\\\"\\\\u0063ourse_id\\\": \\\"A/B/C\\\"}\"",
            "[{\"user_id\": 1}]",
            "true",
            "1e3",
            "12345678901234567890",
            "\"a\\\"b\"",
            "\"2024-03-05T08:00:02+01:00\"",
            "\"http://a.example/b\"",
        ])
    }

    fn members(keys: &'static [&'static str]) -> impl Strategy<Value = Vec<String>> {
        let member = (prop::sample::select(keys), value());
        let member = member.prop_map(|(key, value)| format!("\"{key}\": {value}"));
        prop::collection::vec(member, 0..4)
    }

    proptest! {
        #[test]
        fn an_outline_agrees_with_the_whole_event(
            mut root in members(&["name", "time", "timestamp", "username", "user_id", "session", "host", "page", "referer",
                "event_type", "x", "data"]),
            mut context in members(&["course_id", "org_id", "session", "host", "username", "x"]),
            user in value(),
            event in value(),
            turn in 0..8_usize,
        ) {
            context.push(format!("\"user_id\": {user}"));
            root.push(format!("\"context\": {{{}}}", context.join(", ")));
            root.push(format!("\"event\": {event}"));
            for usual in ["\"name\": \"/a\"", "\"time\": \"2024-03-05T08:00:02Z\"", "\"username\": \"ada\""] {
                let (key, _) = usual.split_once(':').unwrap();
                if !root.iter().any(|member| member.starts_with(key)) {
                    root.push(usual.to_owned());
                }
            }
            let turn = turn % root.len();
            root.rotate_left(turn);
            let line = format!("{{{}}}", root.join(", "));
            if let Some([outline, whole]) = seen(&line) {
                prop_assert_eq!(outline, whole, "{}", line);
            }
        }
    }
}

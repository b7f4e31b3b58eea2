//! The name of an event, without the tree.
//!
//! Most lines of a log are events that nobody wants, and of those no more is needed than their names. But a name counts
//! only in a line that can be read to its end: what is told here is what [`super::parse_line`] would have told, and where
//! that is in doubt, nothing is.

use std::fmt;
use std::sync::LazyLock;

use memchr::memmem::Finder;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};

/// Longer lines are few. In the others no number can have more digits than the tree takes (4,300).
const MAX_BYTES: usize = 4096;

/// The tree is built by recursion up to this depth, while what is passed over here may be of any.
const MAX_DEPTH: usize = 127;

/// The name of the event in a line that can be parsed, if it can be told and is not wanted.
pub(super) fn unwanted_name(line: &[u8], is_wanted: impl Fn(&str) -> bool) -> Option<&str> {
    if is_wanted(likely_name(line)?) {
        return None;
    }
    name(line).filter(|name| !is_wanted(name))
}

/// What is probably the event's name: where that is wanted, looking closer would be in vain.
fn likely_name(line: &[u8]) -> Option<&str> {
    static KEY: LazyLock<Finder<'_>> = LazyLock::new(|| Finder::new("\"name\":"));

    let value = &line[KEY.find(line)? + KEY.needle().len()..];
    let text = value.trim_ascii_start().strip_prefix(b"\"")?;
    std::str::from_utf8(&text[..memchr::memchr(b'"', text)?]).ok()
}

/// The name of the event in a line that can be parsed, if it can be told: a string that is not empty and has no escapes.
fn name(line: &[u8]) -> Option<&str> {
    if line.len() > MAX_BYTES {
        return None;
    }
    let text = super::json_part(std::str::from_utf8(line).ok()?)?;
    if may_be_deep(text.as_bytes()) || may_have_lone_surrogate(text.as_bytes()) {
        return None;
    }
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let members = deserializer.deserialize_map(Members).ok()?;
    deserializer.end().ok()?;
    members
        .name
        .filter(|name| members.is_event && !name.is_empty())
}

fn may_be_deep(text: &[u8]) -> bool {
    memchr::memchr2_iter(b'{', b'[', text)
        .nth(MAX_DEPTH)
        .is_some()
}

/// Escapes are not looked into where they are passed over.
fn may_have_lone_surrogate(text: &[u8]) -> bool {
    static ESCAPE: LazyLock<Finder<'_>> = LazyLock::new(|| Finder::new("\\u"));

    ESCAPE
        .find_iter(text)
        .any(|at| matches!(text.get(at + 2), Some(b'd' | b'D')))
}

/// What is needed of the members of an event.
struct Skimmed<'a> {
    name: Option<&'a str>,
    /// Whether there is an `event`, or `data` in its place.
    is_event: bool,
}

/// Reads the members of an event. Of a repeated key the last value counts.
struct Members;

impl<'a> Visitor<'a> for Members {
    type Value = Skimmed<'a>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an event")
    }

    fn visit_map<A: MapAccess<'a>>(self, mut access: A) -> Result<Skimmed<'a>, A::Error> {
        let mut skimmed = Skimmed {
            name: None,
            is_event: false,
        };
        while let Some(key) = access.next_key_seed(Key)? {
            if key == Member::Name {
                skimmed.name = Some(access.next_value()?);
            } else {
                skimmed.is_event |= key == Member::EventOrData;
                access.next_value::<IgnoredAny>()?;
            }
        }
        Ok(skimmed)
    }
}

#[derive(PartialEq, Eq)]
enum Member {
    Name,
    EventOrData,
    Other,
}

struct Key;

impl<'a> DeserializeSeed<'a> for Key {
    type Value = Member;

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<Member, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Key {
    type Value = Member;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object key")
    }

    fn visit_str<E>(self, key: &str) -> Result<Member, E> {
        Ok(match key {
            "name" => Member::Name,
            "event" | "data" => Member::EventOrData,
            _ => Member::Other,
        })
    }
}

#[cfg(test)]
mod tests {
    use bumpalo::Bump;
    use proptest::prelude::*;

    use super::*;
    use crate::tracking::parse_line;

    /// What the tree says the name is.
    fn name_in_tree(line: &[u8]) -> Option<String> {
        let arena = Bump::new();
        let event = parse_line(line, &arena).ok()??;
        event
            .name()
            .filter(|name| !name.is_empty())
            .map(str::to_owned)
    }

    /// Skimming tells a name only where the tree does, and the same one.
    fn agrees(line: &[u8]) -> bool {
        name(line).is_none_or(|name| name_in_tree(line).as_deref() == Some(name))
    }

    #[test]
    fn the_name_is_told_of_any_common_line() {
        for (line, told) in [
            (r#"{"name": "a", "event": {"name": "b"}}"#, "a"),
            (r#"{"event": {"name": "b"}, "name": "a"}"#, "a"),
            (
                r#"INFO [x] - {"name":"\u00fc","n\u0061me":"a","data":""} "#,
                "a",
            ),
            (
                r#"{"name":"a","event":"{\"a\":[{}]}","x":[1e400,-0,123456789012345678901]}"#,
                "a",
            ),
        ] {
            let line = line.replace("\\u00fc", "ü");
            assert_eq!(name(line.as_bytes()), Some(told), "{line}");
            assert_eq!(
                name_in_tree(line.as_bytes()).as_deref(),
                Some(told),
                "{line}"
            );
        }
    }

    #[test]
    fn nothing_is_told_of_what_the_tree_refuses_or_knows_better() {
        let nested = |depth| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        let values = [
            r#""\ud800""#.to_owned(),
            r#""\udc00\uD800""#.to_owned(),
            r#"{"\uDFFF": 1}"#.to_owned(),
            r#""\uD83d\u0041""#.to_owned(),
            "\"\u{1}\"".to_owned(),
            "NaN".to_owned(),
            "[1,]".to_owned(),
            "01".to_owned(),
            "1.".to_owned(),
            "1".repeat(4301),
            format!("-{}.5e3", "1".repeat(5000)),
            nested(200),
            nested(1000),
        ];
        for value in values {
            for line in [
                format!(r#"{{"name":"a","event":{value}}}"#),
                format!(r#"{{"name":"a","event":1,"x":{value}}}"#),
            ] {
                assert_eq!(name(line.as_bytes()), None, "{line}");
            }
        }
        for line in [
            r#"{"name":"a"}"#,
            r#"{"name":"","event":1}"#,
            r#"{"name":null,"event":1}"#,
            r#"{"name":"a","event":1} {}"#,
            r#"{"name":"a","event":1}x"#,
            r#"{"name":"a","event":1,"name":5}"#,
            r#"[{"name":"a","event":1}]"#,
        ] {
            assert_eq!(name(line.as_bytes()), None, "{line}");
        }
        assert_eq!(name(b"{\"name\":\"a\",\"event\":\"\xff\"}"), None);
    }

    #[test]
    fn an_event_is_left_to_the_tree_where_it_may_be_wanted() {
        let unwanted = |line: &'static str| unwanted_name(line.as_bytes(), |name| name == "a");
        assert_eq!(unwanted(r#"{"name":"b","event":{"name":"a"}}"#), Some("b"));
        assert_eq!(unwanted(r#"{"name":"a","event":{"name":"b"}}"#), None);
        assert_eq!(unwanted(r#"{"name":"b","event":1,"name":"a"}"#), None);
        assert_eq!(unwanted(r#"{"event":{"name":"a"},"name":"b"}"#), None);
    }

    /// Pieces of JSON, of which a text is more or less one.
    fn pieces() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            Just("\"name\":".to_owned()),
            Just("\"event\":".to_owned()),
            Just("\"data\":".to_owned()),
            Just("\"a\":".to_owned()),
            Just(",".to_owned()),
            Just("{".to_owned()),
            Just("}".to_owned()),
            Just("[".to_owned()),
            Just("]".to_owned()),
            Just("\"x\"".to_owned()),
            Just("\"\\ud83d\"".to_owned()),
            Just("\"\\ud83d\\ude00\"".to_owned()),
            Just("\"\\q\"".to_owned()),
            Just("NaN".to_owned()),
            Just("-0".to_owned()),
            Just("1e400".to_owned()),
            Just("null".to_owned()),
            "-?[0-9]{1,30}(\\.[0-9]{0,5})?([eE][+-]?[0-9]{1,4})?",
            "[ \t\r]",
            any::<char>().prop_map(String::from),
        ];
        proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
    }

    /// Values, some of which Python's JSON has and others' do not.
    fn value() -> impl Strategy<Value = String> {
        let leaf = prop_oneof![
            Just("\"x\"".to_owned()),
            Just("\"\\ud83d\"".to_owned()),
            Just("NaN".to_owned()),
            Just("null".to_owned()),
            "-?(0|[1-9][0-9]{0,30})(\\.[0-9]{1,5})?([eE][+-]?[0-9]{1,4})?",
            pieces(),
        ];
        leaf.prop_recursive(3, 16, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4)
                    .prop_map(|items| format!("[{}]", items.join(","))),
                proptest::collection::vec(("(name|event|data|a)", inner), 0..4).prop_map(
                    |members| {
                        let members = members
                            .iter()
                            .map(|(key, value)| format!("\"{key}\":{value}"));
                        format!("{{{}}}", members.collect::<Vec<_>>().join(", "))
                    }
                ),
            ]
        })
    }

    proptest! {
        #[test]
        fn skimming_and_the_tree_agree(first in value(), second in value(), prefix in "(INFO - )?", between in pieces()) {
            for line in [
                format!("{prefix}{{\"name\":\"a\",\"event\":{first},\"x\":{second}}}"),
                format!("{prefix}{{\"event\":{first},\"name\":\"a\",\"b\":{second}}}"),
                format!("{prefix}{{\"name\":{first},\"data\":{second}}}"),
                format!("{{\"name\":\"a\",\"event\":1{between}}}"),
                format!("{{{between}\"name\":\"a\",\"event\":1}}"),
                between.clone(),
            ] {
                prop_assert!(agrees(line.as_bytes()), "{line}");
            }
        }

        #[test]
        fn skimming_and_the_tree_agree_on_changed_bytes(
            changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4)
        ) {
            let mut line = br#"{"name":"a","context":{"user_id":12,"path":"/x","b":[true,{},-1.5e3]},"event":"{\"id\":\"\\u00fc\"}"}"#.to_vec();
            for (at, byte) in changes {
                let at = at.index(line.len());
                line[at] = byte;
            }
            prop_assert!(agrees(&line), "{}", String::from_utf8_lossy(&line));
        }
    }
}

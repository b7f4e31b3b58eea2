//! The name of an event, without the tree.
//!
//! Most lines of a log are events that nobody wants, and of those no more is needed than their names. But a name counts
//! only in a line that can be read to its end: what is told here is what [`super::parse_line`] would have told, and where
//! that is in doubt, nothing is.

use std::sync::LazyLock;

use memchr::memmem::Finder;

use super::line::json_part;
use crate::json::{MAX_DEPTH, Scanner};

/// Longer lines are few. In the others no number can have more digits than the tree takes (4,300).
const MAX_BYTES: usize = 4096;

/// The name of the event in a line that can be parsed, if it can be told and is not wanted.
pub(super) fn unwanted_name(line: &[u8], is_wanted: impl Fn(&str) -> bool) -> Option<&str> {
    let likely = likely_name(line)?;
    if is_wanted(likely) {
        return None;
    }
    name(line).filter(|name| *name == likely || !is_wanted(name))
}

/// What is probably the event's name: where that is wanted, looking closer would be in vain.
fn likely_name(line: &[u8]) -> Option<&str> {
    static KEY: LazyLock<Finder<'_>> = LazyLock::new(|| Finder::new("\"name\":"));

    // Nearly all events begin with it.
    let place = if line.starts_with(b"{\"name\":") {
        1
    } else {
        KEY.find(line)?
    };
    let value = &line[place + KEY.needle().len()..];
    let text = value.trim_ascii_start().strip_prefix(b"\"")?;
    std::str::from_utf8(&text[..memchr::memchr(b'"', text)?]).ok()
}

/// The name of the event in a line that can be parsed, if it can be told: a string that is not empty and has no escapes.
fn name(line: &[u8]) -> Option<&str> {
    if line.len() > MAX_BYTES {
        return None;
    }
    let text = json_part(simdutf8::basic::from_utf8(line).ok()?)?;
    let mut skimmer = Skimmer(Scanner::new(text));
    let members = skimmer.members()?;
    let is_whole = skimmer.0.is_at_end();
    members
        .name
        .filter(|name| is_whole && members.is_event && !name.is_empty())
}

/// What is needed of the members of an event.
struct Skimmed<'a> {
    name: Option<&'a str>,
    /// Whether there is an `event`, or `data` in its place.
    is_event: bool,
}

/// Passes over values, each of which must be one that the tree takes.
struct Skimmer<'a>(Scanner<'a>);

impl<'a> Skimmer<'a> {
    /// Reads the members of an event. Of a repeated key the last value counts.
    fn members(&mut self) -> Option<Skimmed<'a>> {
        let mut skimmed = Skimmed {
            name: None,
            is_event: false,
        };
        self.0.take(b'{')?;
        if self.ends(b'}')? {
            return Some(skimmed);
        }
        loop {
            let key = self.key()?;
            if key == Key::Name {
                self.0.take(b'"')?;
                let (name, end) = self.0.plain()?;
                skimmed.name = (end == b'"').then_some(name);
                skimmed.name?;
            } else {
                skimmed.is_event |= key == Key::EventOrData;
                self.value(1)?;
            }
            if !self.goes_on(b'}')? {
                return Some(skimmed);
            }
        }
    }

    /// Reads a key, and passes over the colon behind it.
    fn key(&mut self) -> Option<Key> {
        self.0.take(b'"')?;
        let (mut key, end) = self.0.plain()?;
        let mut unescaped;
        if end != b'"' {
            unescaped = key.to_owned();
            loop {
                let (character, length) = self.0.escape()?;
                unescaped.push_str(std::str::from_utf8(&character[..length]).ok()?);
                let (text, end) = self.0.plain()?;
                unescaped.push_str(text);
                if end == b'"' {
                    break;
                }
            }
            key = &unescaped;
        }
        self.0.take(b':')?;
        Some(match key {
            "name" => Key::Name,
            "event" | "data" => Key::EventOrData,
            _ => Key::Other,
        })
    }

    /// Passes over a value that stands within so many arrays and objects.
    fn value(&mut self, depth: usize) -> Option<()> {
        match self.0.peek()? {
            b'"' => {
                self.0.skip();
                self.string()
            }
            b'{' if depth < MAX_DEPTH => {
                self.0.skip();
                if self.ends(b'}')? {
                    return Some(());
                }
                loop {
                    self.0.take(b'"')?;
                    self.string()?;
                    self.0.take(b':')?;
                    self.value(depth + 1)?;
                    if !self.goes_on(b'}')? {
                        return Some(());
                    }
                }
            }
            b'[' if depth < MAX_DEPTH => {
                self.0.skip();
                if self.ends(b']')? {
                    return Some(());
                }
                loop {
                    self.value(depth + 1)?;
                    if !self.goes_on(b']')? {
                        return Some(());
                    }
                }
            }
            b'-' | b'0'..=b'9' => self.0.number().map(drop),
            b'n' => self.0.word("null"),
            b't' => self.0.word("true"),
            b'f' => self.0.word("false"),
            _ => None,
        }
    }

    /// Passes over a string, from behind its quote.
    #[inline]
    fn string(&mut self) -> Option<()> {
        while self.0.skip_plain()? != b'"' {
            self.0.escape()?;
        }
        Some(())
    }

    /// Whether an array or object, from behind its bracket, is empty. Then it is passed over.
    fn ends(&mut self, bracket: u8) -> Option<bool> {
        let ends = self.0.peek()? == bracket;
        if ends {
            self.0.skip();
        }
        Some(ends)
    }

    /// Passes over what is behind an item: whether it is a comma, and not the closing bracket.
    fn goes_on(&mut self, bracket: u8) -> Option<bool> {
        let byte = self.0.peek()?;
        self.0.skip();
        match byte {
            b',' => Some(true),
            _ => (byte == bracket).then_some(false),
        }
    }
}

#[derive(PartialEq, Eq)]
enum Key {
    Name,
    EventOrData,
    Other,
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
                "{  \"name\"  :\t \"a\",   \"event\":  [ 1  ,  {  } ]  }",
                "a",
            ),
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

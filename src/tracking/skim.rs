//! Reading the name of an event without parsing its line into a tree.
//!
//! Most lines of a log are events that are not selected, and only their names are needed. A name is returned only if
//! [`super::parse_line`] would parse the line and find the same name. In doubt, no name is returned and the line is
//! parsed. `cargo bench` shows the gain, because half of the events of its log are not selected.

use std::sync::LazyLock;

use memchr::memmem::Finder;

use super::line::json_part;
use crate::json::{MAX_DEPTH, Scanner};

/// The length of the longest line that is skimmed. Few lines are longer. The limit must be below 4,300: the parser
/// refuses integers with more digits, and skimming does not count digits.
const MAX_BYTES: usize = 4096;

/// The text of a line whose event is probably not wanted.
pub(super) struct LineText<'a> {
    /// The name that the event probably has.
    pub likely_name: &'a str,
    /// The text of the JSON object.
    pub text: &'a str,
}

impl<'a> LineText<'a> {
    /// Returns the text of a line, unless the event is probably wanted or the line is not to be skimmed.
    pub fn unless_wanted(line: &'a [u8], is_wanted: impl Fn(&str) -> bool) -> Option<Self> {
        let likely_name = likely_name(line)?;
        if is_wanted(likely_name) || line.len() > MAX_BYTES {
            return None;
        }
        let text = json_part(simdutf8::basic::from_utf8(line).ok()?)?;
        Some(Self { likely_name, text })
    }
}

/// Returns the name of the event if skimming finds the name and the name is not wanted. A returned name guarantees that
/// the parser would accept the line.
pub(super) fn unwanted_name(line: &[u8], is_wanted: impl Fn(&str) -> bool) -> Option<&str> {
    let likely = likely_name(line)?;
    if is_wanted(likely) {
        return None;
    }
    name(line).filter(|name| *name == likely || !is_wanted(name))
}

/// Guesses that the first `"name":` of the line is that of the event. A line whose guessed name is wanted is parsed at
/// once, so its text is not read twice.
fn likely_name(line: &[u8]) -> Option<&str> {
    static KEY: LazyLock<Finder<'_>> = LazyLock::new(|| Finder::new("\"name\":"));

    // Nearly all events start with their name.
    let key = if line.starts_with(b"{\"name\":") {
        1
    } else {
        KEY.find(line)?
    };
    let value = &line[key + KEY.needle().len()..];
    let text = value.trim_ascii_start().strip_prefix(b"\"")?;
    std::str::from_utf8(&text[..memchr::memchr(b'"', text)?]).ok()
}

/// Returns the name of the event if the parser would accept the line, and the name is not empty and has no escapes.
fn name(line: &[u8]) -> Option<&str> {
    if line.len() > MAX_BYTES {
        return None;
    }
    let text = json_part(simdutf8::basic::from_utf8(line).ok()?)?;
    let mut scanner = Scanner::new(text);
    let name = skip_event(&mut scanner)?;
    scanner.end()?;
    (!name.is_empty()).then_some(name)
}

/// Skips an event and returns its name, or `None` if the event has neither `event` nor `data`. If a key is repeated,
/// its last value counts.
fn skip_event<'a>(scanner: &mut Scanner<'a>) -> Option<&'a str> {
    let mut name = None;
    let mut is_event = false;
    scanner.take(b'{')?;
    loop {
        let key = string_without_escapes(scanner)?;
        scanner.take(b':')?;
        if key == "name" {
            name = Some(string_without_escapes(scanner)?);
        } else {
            is_event |= matches!(key, "event" | "data");
            skip_member(scanner, key)?;
        }
        if scanner.ends_after_item(b'}')? {
            return name.filter(|_| is_event);
        }
    }
}

/// Skips the value of a key. Returns `None` if the parser might refuse the value.
#[inline]
pub(super) fn skip_member(scanner: &mut Scanner<'_>, key: &str) -> Option<()> {
    let is_string = scanner.peek() == b'"';
    let start = scanner.offset();
    skip_value(scanner, 1)?;
    // The parser decodes strings of JSON in these fields. A string of more than `MAX_DEPTH` bytes might hold JSON that the
    // parser refuses as too deep, so the line is left to the parser.
    let is_decoded = is_string && matches!(key, "event" | "data" | "context");
    (!is_decoded || scanner.offset() - start <= MAX_DEPTH).then_some(())
}

pub(super) fn string_without_escapes<'a>(scanner: &mut Scanner<'a>) -> Option<&'a str> {
    scanner.take(b'"')?;
    let (text, end) = scanner.plain()?;
    (end == b'"').then_some(text)
}

/// Skips a value that is nested in `depth` arrays and objects. Returns `None` if the parser might refuse the value.
fn skip_value(scanner: &mut Scanner<'_>, depth: usize) -> Option<()> {
    match scanner.peek() {
        b'"' => {
            scanner.skip();
            skip_string(scanner)
        }
        start @ (b'{' | b'[') if depth < MAX_DEPTH => {
            scanner.skip();
            let end = if start == b'{' { b'}' } else { b']' };
            if scanner.ends(end) {
                return Some(());
            }
            loop {
                if start == b'{' {
                    scanner.take(b'"')?;
                    skip_string(scanner)?;
                    scanner.take(b':')?;
                }
                skip_value(scanner, depth + 1)?;
                if scanner.ends_after_item(end)? {
                    return Some(());
                }
            }
        }
        b'-' | b'0'..=b'9' => scanner.number().map(drop),
        b'n' => scanner.word("null"),
        b't' => scanner.word("true"),
        b'f' => scanner.word("false"),
        _ => None,
    }
}

/// Skips the rest of a string whose first quote is already skipped.
#[inline]
fn skip_string(scanner: &mut Scanner<'_>) -> Option<()> {
    while scanner.plain()?.1 != b'"' {
        scanner.escape()?;
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use bumpalo::Bump;
    use proptest::prelude::*;

    use super::*;
    use crate::tracking::parse_line;

    /// Returns the name that parsing the line finds.
    fn name_in_tree(line: &[u8]) -> Option<String> {
        let arena = Bump::new();
        let event = parse_line(line, &arena).ok()??;
        event
            .name()
            .filter(|name| !name.is_empty())
            .map(str::to_owned)
    }

    /// Returns whether skimming finds the same name as parsing, or no name.
    fn agrees(line: &[u8]) -> bool {
        name(line).is_none_or(|name| name_in_tree(line).as_deref() == Some(name))
    }

    #[test]
    fn the_name_of_a_common_line_is_found() {
        for (line, expected) in [
            (r#"{"name": "a", "event": {"name": "b"}}"#, "a"),
            (r#"{"event": {"name": "b"}, "name": "a"}"#, "a"),
            (
                "{  \"name\"  :\t \"a\",   \"event\":  [ 1  ,  {  } ]  }",
                "a",
            ),
            (r#"INFO [x] - {"name":"\u00fc","name":"a","data":""} "#, "a"),
            (
                r#"{"name":"a","event":"{\"a\":[{}]}","x":[1e400,-0,123456789012345678901]}"#,
                "a",
            ),
        ] {
            let line = line.replace("\\u00fc", "ü");
            assert_eq!(name(line.as_bytes()), Some(expected), "{line}");
            assert_eq!(
                name_in_tree(line.as_bytes()).as_deref(),
                Some(expected),
                "{line}"
            );
        }
    }

    #[test]
    fn no_name_is_found_in_lines_that_cannot_be_parsed_or_have_another_name() {
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
            nested(901),
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
            r#"{"n\u0061me":"a","event":1}"#,
            "{}",
            r#"{"name":null,"event":1}"#,
            r#"{"name":"a","event":1} {}"#,
            r#"{"name":"a","event":1}x"#,
            r#"{"name":"a","event":1,"name":5}"#,
            r#"[{"name":"a","event":1}]"#,
        ] {
            assert_eq!(name(line.as_bytes()), None, "{line}");
        }
        assert_eq!(name(b"{\"name\":\"a\",\"event\":\"\xff\"}"), None);
        for key in ["event", "data", "context"] {
            let decoded = format!(
                "{{\"name\":\"a\",\"data\":1,\"{key}\":\"{}\"}}",
                nested(901)
            );
            assert_eq!(name(decoded.as_bytes()), None, "{decoded}");
        }
    }

    #[test]
    fn a_line_whose_event_may_be_wanted_is_parsed() {
        let unwanted = |line: &'static str| unwanted_name(line.as_bytes(), |name| name == "a");
        assert_eq!(unwanted(r#"{"name":"b","event":{"name":"a"}}"#), Some("b"));
        assert_eq!(unwanted(r#"{"name":"a","event":{"name":"b"}}"#), None);
        assert_eq!(unwanted(r#"{"name":"b","event":1,"name":"a"}"#), None);
        assert_eq!(unwanted(r#"{"event":{"name":"a"},"name":"b"}"#), None);
    }

    /// Pieces of JSON in any order.
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

    /// JSON values, and values such as `NaN` that Python reads although JSON does not have them.
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
        fn skimming_agrees_with_parsing(first in value(), second in value(), prefix in "(INFO - )?", between in pieces()) {
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
        fn skimming_agrees_with_parsing_on_changed_bytes(
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

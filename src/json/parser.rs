//! The first reader: what is JSON and fits, straight into the arena, faster than serde_json.
//!
//! It refuses whatever it cannot read exactly, which then is [`super::lenient`]'s to judge.

use bumpalo::Bump;
use bumpalo::collections::Vec as ArenaVec;
use smallvec::SmallVec;

use super::scanner::{NumberText, Scanner};
use super::value::{JsonObject, Value};

/// The text is not JSON, or has something in it that is not read here.
#[derive(Debug)]
pub(super) struct Refused;

/// A tree is built by recursion, up to so many arrays and objects within one another.
pub(crate) const MAX_DEPTH: usize = 127;

/// Parses a JSON text into an arena.
pub(super) fn parse<'a>(text: &'a str, arena: &'a Bump) -> Result<Value<'a>, Refused> {
    let mut reader = Reader {
        scanner: Scanner::new(text),
        arena,
        items: SmallVec::new(),
        members: SmallVec::new(),
        unescaped: ArenaVec::new_in(arena),
    };
    let value = reader.value(0).ok_or(Refused)?;
    if reader.scanner.is_at_end() {
        Ok(value)
    } else {
        Err(Refused)
    }
}

/// As many members as the objects of a line have that stand within one another, for nearly all lines.
const USUAL_MEMBERS: usize = 32;

/// As many items as its arrays have.
const USUAL_ITEMS: usize = 8;

/// Where a tree grows. What an array or object has so far stands on a stack, and goes to the arena when it is whole and
/// its size is known: however odd a line is, its tree takes no more than it needs, and as much as the text where strings
/// have escapes.
struct Reader<'a> {
    scanner: Scanner<'a>,
    arena: &'a Bump,
    items: SmallVec<[Value<'a>; USUAL_ITEMS]>,
    members: SmallVec<[(&'a str, Value<'a>); USUAL_MEMBERS]>,
    /// The string at hand, where it has escapes.
    unescaped: ArenaVec<'a, u8>,
}

impl<'a> Reader<'a> {
    /// Reads a value that stands within so many arrays and objects. Done in place: a value that is handed over in memory and
    /// read at once, in pieces of other sizes, makes the processor wait.
    #[inline(always)]
    fn value(&mut self, depth: usize) -> Option<Value<'a>> {
        match self.scanner.peek()? {
            b'"' => {
                self.scanner.skip();
                self.string().map(Value::Str)
            }
            b'{' if depth < MAX_DEPTH => {
                self.scanner.skip();
                self.object(depth + 1).map(Value::Object)
            }
            b'[' if depth < MAX_DEPTH => {
                self.scanner.skip();
                self.array(depth + 1).map(Value::Array)
            }
            b'-' | b'0'..=b'9' => number(self.scanner.number()?),
            b'n' => self.scanner.word("null").map(|()| Value::Null),
            b't' => self.scanner.word("true").map(|()| Value::Bool(true)),
            b'f' => self.scanner.word("false").map(|()| Value::Bool(false)),
            _ => None,
        }
    }

    /// Reads an object, from behind its brace.
    #[inline(never)]
    fn object(&mut self, depth: usize) -> Option<JsonObject<'a>> {
        let start = self.members.len();
        if self.scanner.peek()? == b'}' {
            self.scanner.skip();
            return Some(JsonObject::from_unique(&[]));
        }
        loop {
            self.scanner.take(b'"')?;
            let key = self.string()?;
            self.scanner.take(b':')?;
            let value = self.value(depth)?;
            self.members.push((key, value));
            match self.scanner.peek()? {
                b',' => self.scanner.skip(),
                b'}' => break,
                _ => return None,
            }
        }
        self.scanner.skip();
        let object = JsonObject::from_members(&mut self.members[start..], self.arena);
        self.members.truncate(start);
        Some(object)
    }

    /// Reads an array, from behind its bracket.
    #[inline(never)]
    fn array(&mut self, depth: usize) -> Option<&'a [Value<'a>]> {
        let start = self.items.len();
        if self.scanner.peek()? == b']' {
            self.scanner.skip();
            return Some(&[]);
        }
        loop {
            let item = self.value(depth)?;
            self.items.push(item);
            match self.scanner.peek()? {
                b',' => self.scanner.skip(),
                b']' => break,
                _ => return None,
            }
        }
        self.scanner.skip();
        let array = self.arena.alloc_slice_copy(&self.items[start..]);
        self.items.truncate(start);
        Some(array)
    }

    /// Reads a string, from behind its quote. Most are short, so that a call would cost as much as reading one.
    #[inline(always)]
    fn string(&mut self) -> Option<&'a str> {
        match self.scanner.plain()? {
            (text, b'"') => Some(text),
            (text, _) => self.unescape(text),
        }
    }

    /// Reads the rest of a string, from behind its first backslash.
    #[inline(never)]
    fn unescape(&mut self, text: &str) -> Option<&'a str> {
        let Self {
            scanner, unescaped, ..
        } = self;
        // Nothing gets longer by being unescaped.
        unescaped.resize(scanner.length(), 0);
        let mut length = text.len();
        unescaped[..length].copy_from_slice(text.as_bytes());
        loop {
            let (character, bytes) = scanner.escape()?;
            unescaped[length] = character[0];
            if bytes > 1 {
                unescaped[length..length + bytes].copy_from_slice(&character[..bytes]);
            }
            length += bytes;
            let (plain, end) = scanner.copy_plain(&mut unescaped[length..])?;
            length += plain;
            if end == b'"' {
                break;
            }
        }
        let text = std::str::from_utf8(&unescaped[..length]).ok()?;
        Some(self.arena.alloc_str(text))
    }
}

/// An integer of 64 bits or a float. Integers past that, floats past all integers and what may be `-0` are refused.
#[inline(always)]
fn number<'a>(NumberText { text, is_integer }: NumberText<'_>) -> Option<Value<'a>> {
    const TWO_TO_63: f64 = 9_223_372_036_854_775_808.0;
    if is_integer {
        let value = text.parse().ok()?;
        return (value != 0 || text == "0").then_some(Value::Int(value));
    }
    let value: f64 = text.parse().ok()?;
    let is_refused = value.abs() >= TWO_TO_63 || (value == 0.0 && value.is_sign_negative());
    (!is_refused).then_some(Value::Float(value))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The two as text, where both are JSON: floats are told from integers in it, and none is rounded.
    fn written(text: &str) -> (Option<String>, Option<String>) {
        let arena = Bump::new();
        let read = parse(text, &arena).ok();
        let expected = serde_json::from_str::<serde_json::Value>(text).ok();
        (
            read.map(|value| serde_json::to_string(&value.sorted(&arena)).unwrap()),
            expected.map(|value| value.to_string()),
        )
    }

    /// What is read is what serde_json reads, and only what has numbers that do not fit is left out.
    fn agrees(text: &str) -> bool {
        let (read, expected) = written(text);
        let fits = || serde_json::from_str(text).is_ok_and(|value| fits(&value));
        read == expected || read.is_none() && !fits()
    }

    fn fits(value: &serde_json::Value) -> bool {
        match value {
            serde_json::Value::Array(items) => items.iter().all(fits),
            serde_json::Value::Object(members) => members.values().all(fits),
            serde_json::Value::Number(number) if number.is_f64() => {
                let value = number.as_f64().unwrap();
                value.abs() < 9_223_372_036_854_775_808.0
                    && (value != 0.0 || value.is_sign_positive())
            }
            serde_json::Value::Number(number) => number.is_i64(),
            _ => true,
        }
    }

    #[test]
    fn what_is_json_is_read() {
        for text in [
            "null",
            " [ true , false , null ] ",
            "{}",
            "[]",
            "{\"a\" : {\"\" : []}, \"b\":[{}]}",
            "{\n  \"a\"  :\t\n[  1  ,  \"b\"\r\n ]\n}  ",
            "[0,1,-1,9223372036854775807,-9223372036854775808]",
            "[0.5,-0.5,1.0,1e3,1E-3,1e+2,123456789.123456789,5e-324,0.1e1,2.2250738585072011e-308]",
            r#"["\"\\\/\b\f\n\r\t\u00fc\ud83d\ude00é","\u0000","\u20aC"]"#,
            "\t\r\n\"\u{7f}\u{2028}\"",
        ] {
            let (read, expected) = written(text);
            assert!(read.is_some(), "{text}");
            assert_eq!(read, expected, "{text}");
        }
    }

    #[test]
    fn what_is_not_json_is_refused() {
        for text in [
            "",
            " ",
            "nul",
            "nulll",
            "tru",
            "[",
            "]",
            "[1",
            "[1,",
            "[,1]",
            "[1,]",
            "[1 2]",
            "{",
            "{\"a\"}",
            "{\"a\":}",
            "{\"a\":1,}",
            "{,}",
            "{1:2}",
            "{\"a\" 1}",
            "{\"a\":1 \"b\":2}",
            "\"",
            "\"\\\"",
            "\"\\x\"",
            "\"\\u12\"",
            "\"\\u12g4\"",
            "\"\\ud800\"",
            "\"\\udc00\"",
            "\"\\ud800\\u0041\"",
            "\"\\ud800x\"",
            "\"\n\"",
            "\"\0\"",
            "01",
            "-",
            "-01",
            "+1",
            ".5",
            "1.",
            "1.e3",
            "1e",
            "1e+",
            "0x1",
            "NaN",
            "Infinity",
            "-Infinity",
            "1 2",
            "{} x",
            "\u{a0}1",
            "'a'",
            "/**/1",
            "\u{feff}1",
        ] {
            assert_eq!(written(text), (None, None), "{text}");
        }
    }

    #[test]
    fn what_is_not_exact_is_refused() {
        let nested = |depth| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        for text in [
            "-0",
            "-0.0",
            "-0e5",
            "9223372036854775808",
            "1e19",
            "1e400",
            &nested(MAX_DEPTH + 1),
        ] {
            assert!(parse(text, &Bump::new()).is_err(), "{text}");
        }
        assert!(parse(&nested(MAX_DEPTH), &Bump::new()).is_ok());
    }

    /// Pieces of JSON in any order: mostly broken, and sometimes whole.
    fn pieces() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            prop::sample::select(vec![
                "{",
                "}",
                "[",
                "]",
                ",",
                ":",
                "\"",
                "\"a\"",
                "\"b\":",
                "\\",
                "\\u00",
                "\\ud83d\\ude00",
                "null",
                "true",
                "1",
                "-",
                "0",
                ".5",
                "e3",
                " ",
                "\n",
                "é",
            ])
            .prop_map(str::to_owned),
            any::<i64>().prop_map(|number| number.to_string()),
            any::<f64>().prop_map(|number| format!("{number:e}")),
        ];
        prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
    }

    /// Whole JSON, written with and without escapes.
    fn whole() -> impl Strategy<Value = String> {
        let leaf = prop_oneof![
            Just("null".to_owned()),
            any::<bool>().prop_map(|value| value.to_string()),
            any::<i64>().prop_map(|value| value.to_string()),
            any::<f64>()
                .prop_filter("JSON has no other", |value| value.is_finite())
                .prop_map(|value| serde_json::to_string(&value).unwrap_or_default()),
            "\\PC{0,40}".prop_map(|text| serde_json::to_string(&text).unwrap_or_default()),
            "([ -!#-\\[\\]-~é]|\\\\[\"\\\\/bfnrt]|\\\\u00[0-9a-fA-F]{2}|\\\\ud83d\\\\ude0[0-9]){0,30}"
                .prop_map(|text| format!("\"{text}\"")),
        ];
        leaf.prop_recursive(4, 64, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6)
                    .prop_map(|items| format!("[{}]", items.join(" , "))),
                prop::collection::vec(inner, 0..6).prop_map(|values| {
                    let members = values.iter().enumerate();
                    let members = members.map(|(nth, value)| format!("\"k{nth}\":{value}"));
                    format!("{{{}}}", members.collect::<Vec<_>>().join(", "))
                }),
            ]
        })
    }

    proptest! {
        #[test]
        fn any_text_is_read_as_serde_json_reads_it(text in prop_oneof![pieces(), whole()]) {
            prop_assert!(agrees(&text), "{text}");
        }

        #[test]
        fn floats_are_read_to_the_bit(value in any::<f64>(), digits in "-?[1-9][0-9]{0,24}\\.[0-9]{1,24}(e-?[0-9]{1,2})?") {
            for text in [format!("{value:e}"), digits] {
                let arena = Bump::new();
                if let Ok(Value::Float(read)) = parse(&text, &arena) {
                    prop_assert_eq!(Some(read), serde_json::from_str::<f64>(&text).ok(), "{}", text);
                }
            }
        }
    }
}

//! The text of an answer without the parts that differ from one record to the next.

use std::sync::LazyLock;

use regex::{Captures, Regex};

/// Stands for a masked part.
const MASK: &str = "*";

/// The most characters of a masked text. Ids of different lengths before the end of a text that was cut would make the
/// ends differ.
const MAX_CHARS: usize = 200;

/// The number of letters and digits from which a word with digits counts as an id.
const MIN_ID_CHARS: usize = 16;

/// The number of hexadecimal digits from which a word counts as an id.
const MIN_HEX_CHARS: usize = 8;

/// The parts of a text that are masked. A single quote beside a letter is an apostrophe.
static MASKED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let pattern = r#"(?x)
        "(?<string> (?: [^"\\] | \\. )* )"
      | \\"(?<escaped> .*? )\\"
      | \B'(?<single> .*? )'\B
      | `(?<back> .*? )`
      | (?<address> [a-zA-Z][a-zA-Z0-9+.-]* :// [^\s"'`<>\\]+ | [^\s"'`<>\\()\[\]{},;]+ @ [^\s"'`<>\\()\[\]{},;]+ )
      | (?<word> [a-zA-Z0-9]+ (?: - [a-zA-Z0-9]+ )* )
    "#;
    Regex::new(pattern).ok()
});

/// The path of a property that has an index, such as `statements.17.actor` or `[0]["actor"]`.
static PATH: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"^[\[\]./$a-zA-Z]*\b[0-9]+\b[\[\]./$a-zA-Z0-9]*$").ok());

/// Returns the text with numbers, ids, URLs, mail addresses and quoted values masked, so that the answers to the same
/// mistake in different records are equal. For example, `statements.17.grouping.0.id: 'a' is not an IRI` becomes
/// `statements.*.grouping.*.id: * is not an IRI`. The strings of a JSON text are not masked as a whole, since one of
/// them is the message.
pub fn masked_answer(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let is_json = text.starts_with(['{', '[']) || serde_json::from_str::<&str>(&text).is_ok();
    let masked = mask(&text, is_json);
    masked.chars().take(MAX_CHARS).collect()
}

fn mask(text: &str, is_json: bool) -> String {
    let Some(pattern) = &*MASKED else {
        return text.to_owned();
    };
    let replace = |found: &Captures<'_>| {
        let group = |name| found.name(name).map(|text| text.as_str());
        let quoted = ["string", "escaped", "single", "back"];
        match (group("word"), group("string")) {
            (Some(word), _) => mask_word(word),
            (None, Some(string)) if is_json => format!("\"{}\"", mask(string, false)),
            _ => match quoted.into_iter().find_map(group) {
                Some(path) if is_path(path) => mask(path, false),
                _ => MASK.to_owned(),
            },
        }
    };
    pattern.replace_all(text, replace).into_owned()
}

fn is_path(text: &str) -> bool {
    let has_name = text.bytes().any(|byte| byte.is_ascii_alphabetic());
    has_name && PATH.as_ref().is_some_and(|path| path.is_match(text))
}

/// Masks a whole word if it is an id, and otherwise its numbers.
fn mask_word(word: &str) -> String {
    let count = |is: fn(&char) -> bool| word.chars().filter(is).count();
    let hex = count(char::is_ascii_hexdigit);
    let is_hex = hex >= MIN_HEX_CHARS && hex + word.matches('-').count() == word.len();
    let is_long = word.len() >= MIN_ID_CHARS && !word.contains('-');
    if count(char::is_ascii_digit) > 0 && (is_hex || is_long) {
        return MASK.to_owned();
    }
    let mut masked = String::new();
    for c in word.chars() {
        match c.is_ascii_digit() {
            false => masked.push(c),
            true if masked.ends_with(MASK) => {}
            true => masked.push_str(MASK),
        }
    }
    masked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_numbers_addresses_and_quoted_values_are_masked() {
        for (text, masked) in [
            ("", ""),
            ("a  b\n c", "a b c"),
            (
                "statements.17.grouping.0.id: must be a valid IRI",
                "statements.*.grouping.*.id: must be a valid IRI",
            ),
            (
                "Problem in 'statements.17.actor.mbox': 'ada' isn't a mailbox, can't be",
                "Problem in statements.*.actor.mbox: * isn't a mailbox, can't be",
            ),
            (
                "\"ada lovelace\" and `b` at /statements/3/actor[0]",
                "* and * at /statements/*/actor[*]",
            ),
            (
                "statement 9D8C7B6A-5b1c-5e57-9f4b-000000000001 is known",
                "statement * is known",
            ),
            (
                "object 9d8c7b6a5b1c5e579f4b000000000001, request 01HZX7A8B9C0D1E2F3",
                "object *, request *",
            ),
            (
                "https://lrs.example/a?b=c of ada@example.org (mailto:b@c.org)",
                "* of * (*)",
            ),
            (
                "v1.0.3 at 2024-03-05T09:00:01.123Z",
                "v*.*.* at *-*-*T*:*:*.*Z",
            ),
            (
                "a decade, a facade, deadbeef",
                "a decade, a facade, deadbeef",
            ),
            ("größer als 7 'ä'", "größer als * *"),
        ] {
            assert_eq!(masked_answer(text), masked, "{text}");
        }
    }

    #[test]
    fn the_message_in_a_json_text_is_kept() {
        for (text, masked) in [
            (
                r#"{"error": true, "message": ["'x' is wrong", "\"y z\" in 17"], "id": 5}"#,
                r#"{"error": true, "message": ["* is wrong", "* in *"], "id": *}"#,
            ),
            (r#""no 'x' in 17""#, r#""no * in *""#),
            (
                r#"{"loc": ["body", 3, "actor"], "msg": "field req"#,
                r#"{"loc": ["body", *, "actor"], "msg": "field req"#,
            ),
        ] {
            assert_eq!(masked_answer(text), masked, "{text}");
        }
    }

    #[test]
    fn the_end_of_a_long_text_does_not_count() {
        let of = |id: &str| masked_answer(&format!("{id} {}", "x ".repeat(300)));
        assert_eq!(of("17"), of("01HZX7A8B9C0D1E2F3"));
        assert_eq!(of("17").chars().count(), MAX_CHARS);
    }
}

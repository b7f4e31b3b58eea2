//! Texts that hold several JSON objects, or an array of them, in place of one object.

use bumpalo::Bump;

use super::event::is_event_like;
use super::records::records_in;
use crate::json::Value;
use crate::outcome::{Fault, Flaw};

/// Returns the fault of a text that is not one JSON object because of its framing: several objects, or an array.
#[cold]
pub(super) fn framing_fault(text: &str) -> Option<Fault> {
    let text = text.trim_end();
    let array_at = text.len() - trim_start(text).len();
    let Some(start) = memchr::memchr(b'{', text.as_bytes()) else {
        let detail = match &text[array_at..] {
            "[" => "a JSON array begins",
            "]" | "]," => "a JSON array ends",
            _ => return None,
        };
        return Some(Fault::flawed(Flaw::ArrayBracket, detail.to_owned()));
    };
    let before = text[array_at..start].strip_prefix('[');
    let is_array = before.is_some_and(|before| trim_start(before).is_empty());
    let array = || {
        let detail = format!("a JSON array begins at byte {}", array_at + 1);
        Some(Fault::flawed(Flaw::Array, detail))
    };
    let arena = Bump::new();
    let Ok((first, length)) = Value::parse_start(&text[start..], &arena) else {
        return torn(text);
    };
    let is_element = is_event_like(first) || trim_start(&text[..start]).is_empty();
    let rest = trim_start(&text[start + length..]);
    let after = text.len() - rest.len();
    match rest.as_bytes() {
        [b',' | b']', ..] if is_array => array(),
        [b','] if is_element => {
            let at = after + 1;
            let detail = format!("a comma follows the object at byte {at}");
            Some(Fault::flawed(Flaw::Array, detail))
        }
        [b']'] if is_element => {
            let at = after + 1;
            let detail = format!("a JSON array ends at byte {at}, after the object");
            Some(Fault::flawed(Flaw::Array, detail))
        }
        _ => {
            let second = after + memchr::memchr(b'{', rest.as_bytes())?;
            let is_event = |at: usize| {
                let value = Value::parse_start(&text[at..], &arena);
                value.is_ok_and(|(value, _)| is_event_like(value))
            };
            (is_event_like(first) || is_event(second)).then(|| run_together(text, second))
        }
    }
}

/// Returns whether a line cannot become an event, whatever is appended to it: the line has several objects, or a part of
/// an array. Other lines that are not JSON may become events, or are no damage.
pub fn cannot_become_event(line: &[u8]) -> bool {
    let text = match std::str::from_utf8(line) {
        Ok(text) => text,
        // The last character may be incomplete.
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(&line[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => return false,
    };
    let Some(start) = memchr::memchr(b'{', text.as_bytes()) else {
        return false;
    };
    let Err(error) = Value::parse(&text[start..], &Bump::new()) else {
        return false;
    };
    let is_cut_off = error.at == text.len() - start;
    let framing = framing_fault(text).and_then(|fault| fault.flaw);
    !is_cut_off && matches!(framing, Some(Flaw::RunTogether | Flaw::Array))
}

fn trim_start(text: &str) -> &str {
    text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}')
}

/// Looks for an event after the first object of a text, which breaks off, as if two programs wrote at the same time.
fn torn(text: &str) -> Option<Fault> {
    let records = records_in(text)?;
    let second = records.get(1)?;
    let brace = memchr::memchr(b'{', &text.as_bytes()[second.clone()])?;
    Some(run_together(text, second.start + brace))
}

fn run_together(text: &str, second: usize) -> Fault {
    let newlines = memchr::memchr_iter(b'\n', &text.as_bytes()[..second]).count();
    let line = match newlines {
        0 => String::new(),
        _ => format!(", in line {}", newlines + 1),
    };
    let detail = format!("a second object begins at byte {}{line}", second + 1);
    Fault::flawed(Flaw::RunTogether, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVENT: &str = r#"{"name":"a","event":{},"context":{}}"#;

    fn framing(text: &str) -> Option<(Flaw, String)> {
        let fault = framing_fault(text)?;
        Some((fault.flaw?, fault.detail.into_owned()))
    }

    #[test]
    fn the_second_object_of_a_text_is_found() {
        let length = EVENT.len();
        let cut = &EVENT[..length - 12];
        for (text, byte) in [
            (format!("{EVENT}{EVENT}"), length + 1),
            (format!("{EVENT} {EVENT}{EVENT}"), length + 2),
            (
                format!("INFO {EVENT}2024 INFO [x] - {EVENT}\r\n"),
                length + 22,
            ),
            (format!("{EVENT}{cut}"), length + 1),
            (format!("{cut}2024 INFO - {EVENT}"), cut.len() + 13),
            (format!("{cut}{EVENT}"), cut.len() + 1),
        ] {
            let detail = format!("a second object begins at byte {byte}");
            assert_eq!(framing(&text), Some((Flaw::RunTogether, detail)), "{text}");
        }
        let document = EVENT.replace(',', ",\n  ");
        let detail = format!(
            "a second object begins at byte {}, in line 4",
            document.len() + 2
        );
        let several = [document.as_str(); 2].join("\n");
        assert_eq!(framing(&several), Some((Flaw::RunTogether, detail)));
    }

    #[test]
    fn arrays_and_their_elements_are_found() {
        for (text, framing_of, detail) in [
            (
                format!("{EVENT},"),
                Flaw::Array,
                "a comma follows the object at byte 37",
            ),
            (
                format!("{EVENT}]"),
                Flaw::Array,
                "a JSON array ends at byte 37",
            ),
            (
                format!("\u{feff}[{EVENT},"),
                Flaw::Array,
                "a JSON array begins at byte 4",
            ),
            (
                format!("[{EVENT}]"),
                Flaw::Array,
                "a JSON array begins at byte 1",
            ),
            (
                format!(" [\n {EVENT},\n {EVENT}\n]\n"),
                Flaw::Array,
                "a JSON array begins at byte 2",
            ),
            ("[".to_owned(), Flaw::ArrayBracket, "a JSON array begins"),
            (" ]\r".to_owned(), Flaw::ArrayBracket, "a JSON array ends"),
        ] {
            let (found, shown) = framing(&text).unwrap();
            assert!(
                found == framing_of && shown.starts_with(detail),
                "{text}: {shown}"
            );
        }
    }

    #[test]
    fn lines_that_cannot_become_events_are_told_from_lines_that_are_not_complete() {
        let cut = &EVENT[..EVENT.len() - 12];
        for (line, expected) in [
            (format!("{EVENT}{EVENT}"), true),
            (format!("{EVENT}{cut}"), true),
            (format!("INFO - {EVENT}INFO - {cut}"), true),
            (format!("{cut}INFO - {EVENT}"), true),
            (format!("[{EVENT},{EVENT}]"), true),
            (format!("[{EVENT}, {cut}"), true),
            (format!("{EVENT},"), true),
            ("\0\0\0".to_owned(), false),
            (String::new(), false),
            (EVENT.to_owned(), false),
            (cut.to_owned(), false),
            (format!("INFO - {cut}"), false),
            // The inner object ends, and the outer one does not.
            (format!("{{\"data\":{EVENT}"), false),
            ("[".to_owned(), false),
            ("[pid: 1] GET /".to_owned(), false),
        ] {
            assert_eq!(cannot_become_event(line.as_bytes()), expected, "{line}");
        }
        let cut_character = [EVENT.as_bytes(), b"{\"\xc3"].concat();
        assert!(cannot_become_event(&cut_character));
    }

    #[test]
    fn other_texts_have_no_framing() {
        for text in [
            "",
            "text",
            "[1]",
            "{\"event\":1} x",
            "a { b {\"event\":1}",
            "params={} headers={\"a\": 1}",
            "[pid: 17|app: 0] {68 vars in 1400 bytes} [Tue Mar  5 09:14:07 2024] GET /",
            "  \"context\": {},",
            &EVENT[..20],
        ] {
            assert_eq!(framing(text), None, "{text}");
        }
    }
}

//! The likely cause of text that is not JSON.

use bumpalo::Bump;

use super::encoding::encoding_of;
use super::event::is_event_like;
use crate::json::{JsonError, Value};
use crate::outcome::{Fault, Flaw, Reason};

/// The words of Python that JSON writes in another way.
const PYTHON_WORDS: [&str; 3] = ["True", "False", "None"];

/// The likely cause of an error in a line with NUL bytes.
const OF_NULS: &str = ", since the line has NUL bytes, as text in UTF-16 has";

/// The beginning of an escape sequence that sets a colour.
const ESCAPE: &str = "\x1b[";

/// The likely cause of an error in a line with such sequences.
const OF_COLOURS: &str = ", since the line has escape sequences for colours";

/// Returns the fault of an object at the end of a line, with the likely cause. The object starts at the offset `start` of
/// the line.
#[cold]
pub(super) fn fault(text: &str, start: usize, error: &JsonError) -> Fault {
    let detail = format!(
        "{} at byte {} of the line{}",
        error.problem,
        start + error.at + 1,
        cause(text, start, error)
    );
    match flaw_of(text, error) {
        Some(flaw) => Fault::flawed(flaw, detail),
        None => Fault::new(Reason::NotJson, detail),
    }
}

/// Returns the flaw of an object that cannot be parsed because of an error.
fn flaw_of(text: &str, error: &JsonError) -> Option<Flaw> {
    let (before, rest) = text.split_at(error.at);
    let ends_early = before.ends_with('"') && rest.starts_with(char::is_alphanumeric);
    if text.contains(ESCAPE) {
        Some(Flaw::Colours)
    } else if is_event_without(r"\\", r"\", text) {
        Some(Flaw::DoubledBackslashes)
    } else if is_event_without(r"\\\\", r"\", text) {
        Some(Flaw::QuadrupledBackslashes)
    } else if text.starts_with("{\\\"") {
        Some(Flaw::EscapedQuotes)
    } else if text.starts_with("{\"\"") {
        Some(Flaw::Csv)
    } else if PYTHON_WORDS.iter().any(|word| rest.starts_with(word)) && text.starts_with("{\"") {
        Some(Flaw::PythonWords)
    } else if is_python(rest) {
        Some(Flaw::Python)
    } else if is_event_without("#134", r"\", text) {
        Some(Flaw::SyslogEscapes)
    } else if rest.is_empty() {
        Some(Flaw::CutOff)
    } else if ends_early && !text.contains('\\') {
        Some(Flaw::LostBackslashes)
    } else {
        None
    }
}

/// Returns whether a text is an event if something in place of each backslash becomes a backslash.
fn is_event_without(escape: &str, backslash: &str, text: &str) -> bool {
    let arena = Bump::new();
    text.contains(escape)
        && Value::parse(&text.replace(escape, backslash), &arena).is_ok_and(is_event_like)
}

/// Returns whether the rest of an object begins with a text or a word as Python writes it.
fn is_python(rest: &str) -> bool {
    let starts = ["'", "u'", "b'"].into_iter().chain(PYTHON_WORDS);
    starts.into_iter().any(|start| rest.starts_with(start))
}

/// Returns the likely cause of an error, as the end of a message. Returns an empty text if no cause is known.
fn cause(text: &str, start: usize, error: &JsonError) -> String {
    let (before, rest) = text.split_at(error.at);
    if text.contains(ESCAPE) {
        return OF_COLOURS.to_owned();
    }
    if rest.is_empty() {
        return ", since the object is not closed".to_owned();
    }
    if rest.starts_with('\'') {
        return ", since texts are in single quotes, as Python prints them".to_owned();
    }
    if PYTHON_WORDS.iter().any(|word| rest.starts_with(word)) {
        return ", since True, False and None are Python and not JSON".to_owned();
    }
    if text.contains('\0') {
        return OF_NULS.to_owned();
    }
    let Some(quote) = before.rfind('"') else {
        return String::new();
    };
    let text = &before[..quote];
    let backslashes = text.len() - text.trim_end_matches('\\').len();
    if backslashes < 2 || backslashes % 2 == 1 {
        return String::new();
    }
    let at = start + quote - 1;
    format!(
        r#", since `\\"` at byte {at} ends the text before: the backslash is doubled, as in tab-separated exports of MySQL and ClickHouse"#
    )
}

/// Returns the fault of a line that does not end with an object.
#[cold]
pub(super) fn no_object(line: &str) -> Fault {
    let (flaw, detail) = without_object(line);
    match flaw {
        Some(flaw) => Fault::flawed(flaw, detail),
        None => Fault::new(Reason::NotJson, detail),
    }
}

fn without_object(line: &str) -> (Option<Flaw>, String) {
    if line.bytes().all(|byte| byte == 0) {
        let detail = "the line has only NUL bytes, as after a log was truncated in place";
        return (None, detail.to_owned());
    }
    if line.contains('\0') {
        let detail = format!("no JSON object at the end of the line{OF_NULS}");
        return (None, detail);
    }
    if line.contains(ESCAPE) {
        let detail = format!("no JSON object at the end of the line{OF_COLOURS}");
        return (Some(Flaw::Colours), detail);
    }
    let mut flaw = None;
    if let Some(start) = line.find('{') {
        let arena = Bump::new();
        let text = &line[start..];
        let parsed = Value::parse_start(text, &arena);
        if let Ok((_, length)) = parsed
            && length > "{}".len()
        {
            let end = start + length;
            let detail = format!("text follows the JSON object that ends at byte {end}");
            return (None, detail);
        }
        let is_cut_off = |error: JsonError| error.at == text.len();
        if Value::parse(text, &arena).is_err_and(is_cut_off) {
            let start = start + 1;
            let detail =
                format!("the line is cut off within the JSON object that begins at byte {start}");
            return (Some(Flaw::CutOff), detail);
        }
        if text.starts_with("{\"\"") {
            flaw = Some(Flaw::Csv);
        } else if text.starts_with("{\\\"") && !line.starts_with('"') {
            flaw = Some(Flaw::EscapedQuotes);
        }
    }
    let cause = match encoding_of(line) {
        Some(Flaw::GzipInBase64) => ", since the line is gzip data in base64",
        Some(Flaw::JsonInBase64) => ", since the line is JSON in base64",
        Some(Flaw::FileInBase64) => ", since the line is a part of a file in base64",
        Some(Flaw::UrlEncoded) => ", since the line is encoded as in a URL",
        _ => "",
    };
    let detail = format!("no JSON object at the end of the line{cause}");
    (flaw, detail)
}

//! The likely cause of text that is not JSON.

use bumpalo::Bump;

use super::base64::Base64;
use super::event::is_event_like;
use crate::json::{JsonError, Value};
use crate::outcome::{Fault, Framing, Reason};

/// The likely cause of an error in a line with NUL bytes.
const OF_NULS: &str = ", since the line has NUL bytes, as text in UTF-16 has";

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
    match has_doubled_backslashes(text) {
        true => Fault::framed(Framing::DoubledBackslashes, detail),
        false => Fault::new(Reason::NotJson, detail),
    }
}

/// Returns whether a text is an event if each two backslashes become one.
fn has_doubled_backslashes(text: &str) -> bool {
    if !text.contains(r"\\") {
        return false;
    }
    let halved = text.replace(r"\\", r"\");
    Value::parse(&halved, &Bump::new()).is_ok_and(is_event_like)
}

/// Returns the likely cause of an error, as the end of a message. Returns an empty text if no cause is known.
fn cause(text: &str, start: usize, error: &JsonError) -> String {
    let (before, rest) = text.split_at(error.at);
    if rest.is_empty() {
        return ", since the object is not closed".to_owned();
    }
    if rest.starts_with('\'') {
        return ", since texts are in single quotes, as Python prints them".to_owned();
    }
    if ["True", "False", "None"]
        .iter()
        .any(|word| rest.starts_with(word))
    {
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

/// Describes a line that does not end with an object.
#[cold]
pub(super) fn no_object(line: &str) -> String {
    if line.bytes().all(|byte| byte == 0) {
        return "the line has only NUL bytes, as after a log was truncated in place".to_owned();
    }
    if line.contains('\0') {
        return format!("no JSON object at the end of the line{OF_NULS}");
    }
    if let Some(start) = line.find('{') {
        let arena = Bump::new();
        let text = &line[start..];
        let parsed = Value::parse_start(text, &arena);
        if let Some((_, length)) = parsed.filter(|&(_, length)| length > "{}".len()) {
            let end = start + length;
            return format!("text follows the JSON object that ends at byte {end}");
        }
        let is_cut_off = |error: JsonError| error.at == text.len();
        if Value::parse(text, &arena).is_err_and(is_cut_off) {
            let start = start + 1;
            return format!(
                "the line is cut off within the JSON object that begins at byte {start}"
            );
        }
    }
    let cause = match Base64::of(line) {
        Some(Base64::Gzip) => ", since the line is gzip data in base64",
        Some(Base64::Json) => ", since the line is JSON in base64",
        None => "",
    };
    format!("no JSON object at the end of the line{cause}")
}

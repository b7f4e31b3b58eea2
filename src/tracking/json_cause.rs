//! The likely cause of text that is not JSON.

use bumpalo::Bump;

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
    if let Some(start) = line.find('{')
        && let Err(error) = Value::parse(&line[start..], &Bump::new())
        && error.at == line.len() - start
    {
        let start = start + 1;
        return format!("the line is cut off within the JSON object that begins at byte {start}");
    }
    "no JSON object at the end of the line".to_owned()
}

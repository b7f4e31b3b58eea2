//! The way to an event within the JSON of a line.

use bumpalo::Bump;

use super::encoding::decoded;
use super::event::is_event_like;
use super::line::object_of;
use super::unwrapped::text_of_bytes;
use crate::json::Value;

/// A step from a JSON value to a value in it.
#[derive(Clone, Copy)]
enum Step<'a> {
    Key(&'a str),
    /// The items of an array.
    Items,
    /// The values of an object whose keys are numbers or ids.
    Values,
    /// The text that an array of bytes stands for, as in the JSON of journald.
    Bytes,
    /// The text that another text is in base64.
    Base64,
    /// The object at the end of a text, or a text within a text.
    Text {
        /// Whether other text, such as the prefix of a logger, stands before the object.
        has_prefix: bool,
    },
}

/// The steps from the JSON value of a line to an event in it.
pub(super) struct EventPath<'a>(Vec<Step<'a>>);

impl<'a> EventPath<'a> {
    /// Returns the path to the first event in a value. Returns `None` if no event is found.
    pub fn find(value: Value<'a>, arena: &'a Bump) -> Option<Self> {
        let mut path = Vec::new();
        find_event(value, arena, &mut path).then_some(Self(path))
    }

    /// Returns the path as a dotted key for `--unwrap`. Returns `None` if `--unwrap` cannot reach the event.
    pub fn dotted_key(&self) -> Option<String> {
        let is_key = |key: &str| {
            let has_empty_part = key.split('.').any(str::is_empty);
            !has_empty_part && !key.starts_with('-') && !key.contains(char::is_control)
        };
        let steps = self.without_last_text().iter();
        // `--unwrap` reads all elements of an array, and texts given as bytes.
        let steps = steps.filter(|step| !matches!(step, Step::Items | Step::Bytes));
        let keys = steps.map(|step| match *step {
            Step::Key(key) if is_key(key) => Some(key),
            _ => None,
        });
        let keys = keys.collect::<Option<Vec<_>>>()?;
        (!keys.is_empty()).then(|| keys.join("."))
    }

    /// Returns whether the value itself is the event, as an object or as text.
    pub fn is_direct(&self) -> bool {
        self.without_last_text().is_empty()
    }

    /// Returns the path as a filter of jq.
    pub fn jq_filter(&self) -> String {
        let mut filters = vec![String::new()];
        for step in self.without_last_text() {
            let last = filters.len() - 1;
            let filter = &mut filters[last];
            match step {
                Step::Items | Step::Values if filter.is_empty() => filter.push_str(".[]"),
                Step::Items | Step::Values => filter.push_str("[]"),
                Step::Key(key) => push_key(filter, key),
                Step::Text { has_prefix } => {
                    filters.extend(has_prefix.then(|| WITHOUT_PREFIX.to_owned()));
                    filters.extend(["fromjson".to_owned(), String::new()]);
                }
                Step::Base64 => filters.extend(["@base64d".to_owned(), String::new()]),
                Step::Bytes => filters.extend([TEXT_OF_BYTES.to_owned(), String::new()]),
            }
        }
        filters.retain(|filter| !filter.is_empty());
        match filters.is_empty() {
            true => ".".to_owned(),
            false => filters.join(" | "),
        }
    }

    /// Returns the steps without a text at their end, since an event that is a text is read like an event that is an
    /// object.
    fn without_last_text(&self) -> &[Step<'a>] {
        match self.0.as_slice() {
            [steps @ .., Step::Text { .. }] => steps,
            steps => steps,
        }
    }
}

/// Returns a dotted key of `--unwrap` as a filter of jq.
pub fn jq_filter_of(dotted_key: &str) -> String {
    let mut filter = String::new();
    dotted_key
        .split('.')
        .for_each(|key| push_key(&mut filter, key));
    filter
}

fn push_key(filter: &mut String, key: &str) {
    let is_word = !key.is_empty()
        && !key.starts_with(|c: char| c.is_ascii_digit())
        && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    filter.push('.');
    match is_word {
        true => filter.push_str(key),
        false => filter.push_str(&serde_json::json!(key).to_string()),
    }
}

/// A filter of jq that removes all text before an object.
pub const WITHOUT_PREFIX: &str = r#"sub("^[^{]*"; "")"#;

/// The filter of jq that makes a text of an array of bytes in UTF-8. The guide defines the filter, since `implode` takes
/// each byte for a character.
pub const TEXT_OF_BYTES: &str = "bytes_as_text";

/// Returns whether an event is found in a value, as an object or as text. Appends the steps to it.
fn find_event<'a>(value: Value<'a>, arena: &'a Bump, path: &mut Vec<Step<'a>>) -> bool {
    /// The number of steps that are tried.
    const DEEPEST: usize = 10;
    /// The length of the longest key that a message names.
    const LONGEST_KEY: usize = 200;
    /// The length of the shortest text in base64 that may be an event.
    const SHORTEST_BASE64: usize = 64;
    /// The number of items of an array that are examined.
    const ITEMS: usize = 3;

    if is_event_like(value) {
        return true;
    }
    let mut tried = |step, inner| {
        path.push(step);
        let is_found = path.len() <= DEEPEST && find_event(inner, arena, path);
        if !is_found {
            path.pop();
        }
        is_found
    };
    match value {
        Value::Str(text) if text.contains('{') && !text.starts_with('"') => {
            let has_prefix = !text.trim_start().starts_with('{');
            let object = object_of(text, arena).ok().flatten();
            object.is_some_and(|object| tried(Step::Text { has_prefix }, Value::Object(object)))
        }
        Value::Str(text) if text.starts_with('"') => match Value::parse(text.trim_end(), arena) {
            Ok(inner) => tried(Step::Text { has_prefix: false }, inner),
            Err(_) => false,
        },
        Value::Str(text) if text.len() >= SHORTEST_BASE64 => match decoded(text) {
            Some(bytes) => String::from_utf8(bytes).is_ok_and(|inner| {
                inner.contains('{') && tried(Step::Base64, Value::Str(arena.alloc_str(&inner)))
            }),
            None => false,
        },
        Value::Array(items) => match text_of_bytes(items, arena) {
            Some(text) => tried(Step::Bytes, Value::Str(text)),
            None => {
                let mut items = items.iter().take(ITEMS);
                items.any(|item| tried(Step::Items, *item))
            }
        },
        Value::Object(object) => {
            let mut members = object.members().iter();
            let events = members.clone().filter(|(_, inner)| is_event_like(*inner));
            if events.take(2).count() == 2 {
                path.push(Step::Values);
                return true;
            }
            members.any(|(key, inner)| key.len() <= LONGEST_KEY && tried(Step::Key(key), *inner))
        }
        _ => false,
    }
}

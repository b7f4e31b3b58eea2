//! The fields of a JSON value: their paths, and values with one field changed.

use bumpalo::Bump;

use crate::json::{JsonObject, Value};

/// A step from a value to a part of the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step<'a> {
    Key(&'a str),
    Item(usize),
    /// The value that a text of JSON holds.
    Decoded,
}

/// A field that is no object or array with fields of its own.
pub struct Field<'a> {
    pub path: Vec<Step<'a>>,
    pub value: Value<'a>,
}

/// Returns the object or array that a text of JSON holds, as the text of `event` in browser events.
pub fn decoded<'a>(value: Value<'a>, arena: &'a Bump) -> Option<Value<'a>> {
    let text = value.as_str()?;
    if !text.trim_start().starts_with(['{', '[']) {
        return None;
    }
    let inner = Value::parse(text, arena).ok()?;
    let is_nested = matches!(inner, Value::Object(_) | Value::Array(_));
    (is_nested && inner.is_truthy()).then_some(inner)
}

/// Returns all fields of a value, in order.
pub fn fields_of<'a>(value: Value<'a>, decodes: bool, arena: &'a Bump) -> Vec<Field<'a>> {
    let mut fields = Vec::new();
    add_fields(value, decodes, arena, &mut Vec::new(), &mut fields);
    fields
}

fn add_fields<'a>(
    value: Value<'a>,
    decodes: bool,
    arena: &'a Bump,
    path: &mut Vec<Step<'a>>,
    fields: &mut Vec<Field<'a>>,
) {
    let mut add = |step, inner| {
        path.push(step);
        add_fields(inner, decodes, arena, path, fields);
        path.pop();
    };
    match value {
        Value::Object(object) if value.is_truthy() => {
            for &(key, inner) in object.members() {
                add(Step::Key(key), inner);
            }
        }
        Value::Array(items) if value.is_truthy() => {
            for (nth, &inner) in items.iter().enumerate() {
                add(Step::Item(nth), inner);
            }
        }
        _ => match decoded(value, arena).filter(|_| decodes) {
            Some(inner) => add(Step::Decoded, inner),
            None => fields.push(Field {
                path: path.clone(),
                value,
            }),
        },
    }
}

/// Returns the text of a path, such as `context.course_id` or `answers[0]`.
pub fn path_text(path: &[Step<'_>]) -> String {
    let mut text = String::new();
    for step in path {
        match step {
            Step::Key(key) if key.contains(['.', '[', ':', '/']) => {
                text += &format!("[\"{key}\"]");
            }
            Step::Key(key) => {
                if !text.is_empty() {
                    text.push('.');
                }
                text += key;
            }
            Step::Item(nth) => text += &format!("[{nth}]"),
            Step::Decoded => {}
        }
    }
    text
}

/// Returns a value in which the field at a path has another value, or is missing.
pub fn changed<'a>(
    value: Value<'a>,
    path: &[Step<'a>],
    new: Option<Value<'a>>,
    arena: &'a Bump,
) -> Value<'a> {
    let Some((step, rest)) = path.split_first() else {
        return new.unwrap_or(Value::Null);
    };
    let removes = rest.is_empty() && new.is_none();
    match (*step, value) {
        (Step::Key(key), Value::Object(object)) => Value::Object(match object.get(key) {
            _ if removes => object.without(key, arena),
            Some(inner) => object.with(key, changed(inner, rest, new, arena), arena),
            None => object,
        }),
        (Step::Item(nth), Value::Array(items)) => {
            let items = items.iter().enumerate();
            let items = items.filter(|&(at, _)| !(removes && at == nth));
            let items = items.map(|(at, &item)| match at == nth {
                true => changed(item, rest, new, arena),
                false => item,
            });
            Value::Array(bumpalo::collections::Vec::from_iter_in(items, arena).into_bump_slice())
        }
        (Step::Decoded, _) => {
            let inner = decoded(value, arena).map(|inner| changed(inner, rest, new, arena));
            match inner.and_then(|inner| serde_json::to_string(&inner).ok()) {
                Some(text) => Value::Str(arena.alloc_str(&text)),
                None => value,
            }
        }
        _ => value,
    }
}

/// Returns the different numbers of fields.
pub fn numbers_of<'a>(fields: &[Field<'a>]) -> Vec<Value<'a>> {
    /// The most numbers that are returned. Events with more have lists of numbers.
    const MOST: usize = 16;

    let mut numbers = Vec::new();
    for field in fields {
        let is_number = matches!(field.value, Value::Int(_) | Value::Float(_));
        if is_number && !numbers.contains(&field.value) && numbers.len() < MOST {
            numbers.push(field.value);
        }
    }
    numbers
}

/// Returns other values of the same kind, and the other kinds that the conversion distinguishes. The conversion compares
/// numbers with 0, with 1 and with other `numbers` of the event.
pub fn others_of<'a>(value: Value<'a>, numbers: &[Value<'a>], arena: &'a Bump) -> Vec<Value<'a>> {
    let mut others = match value {
        Value::Null => vec![Value::Str("x"), Value::Int(1), Value::Bool(true)],
        Value::Bool(value) => vec![Value::Bool(!value)],
        Value::Int(number) => {
            let fixed = [0, 1, -1].map(Value::Int);
            let near = [number.saturating_add(1), number.saturating_sub(1)];
            let near = [near[0], near[1], number.saturating_mul(2)].map(Value::Int);
            [&fixed[..], &near, numbers].concat()
        }
        Value::BigInt(digits) => {
            let longer = Value::BigInt(arena.alloc_str(&format!("{digits}1")));
            [&[longer, Value::Int(0), Value::Int(1)], numbers].concat()
        }
        Value::Float(number) => {
            let others = [0.0, 1.0, -1.0, number + 1.0, number - 1.0, 2.0 * number];
            [&others.map(Value::Float)[..], numbers].concat()
        }
        Value::Str(text) => {
            let others = other_texts(text).into_iter();
            let others = others.map(|text| Value::Str(arena.alloc_str(&text)));
            others.chain(WORDS.map(Value::Str)).collect()
        }
        Value::Array(_) => vec![Value::Array(&[Value::Str("x")])],
        Value::Object(_) => {
            let members = arena.alloc_slice_copy(&[("x", Value::Str("x"))]);
            vec![Value::Object(JsonObject::from_unique(members))]
        }
    };
    others.retain(|other| *other != value);
    others
}

/// Words with which the conversion compares texts.
const WORDS: [&str; 3] = ["correct", "server", "browser"];

/// Returns texts in which one word or number is another, which leaves the form of times, keys and addresses as it is,
/// and a longer text.
fn other_texts(text: &str) -> Vec<String> {
    /// The most words that are changed. Addresses and keys have fewer.
    const MOST: usize = 16;

    let ends = text.char_indices().filter(|&(at, c)| {
        let next = text[at + c.len_utf8()..].chars().next();
        c.is_alphanumeric() && !next.is_some_and(char::is_alphanumeric)
    });
    let changed = ends.take(MOST).map(|(at, c)| {
        let (before, after) = (&text[..at], &text[at + c.len_utf8()..]);
        format!("{before}{}{after}", neighbour(c))
    });
    changed.chain([format!("{text}x")]).collect()
}

/// Returns another character of the same kind.
fn neighbour(c: char) -> char {
    match c {
        '9' => '8',
        'z' => 'y',
        'Z' => 'Y',
        '0'..='8' | 'a'..='y' | 'A'..='Y' => char::from_u32(c as u32 + 1).unwrap_or('x'),
        _ => 'x',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_field_leaves_all_others_as_they_are() {
        let arena = Bump::new();
        let text = r#"{"a":{"b":1,"c":"x"},"d":[1,2],"e":"{\"f\": 5}"}"#;
        let value = Value::parse(text, &arena).unwrap();
        let fields = fields_of(value, true, &arena);
        let paths: Vec<_> = fields.iter().map(|field| path_text(&field.path)).collect();
        assert_eq!(paths, ["a.b", "a.c", "d[0]", "d[1]", "e.f"]);
        let written = |nth: usize, new| {
            let value = changed(value, &fields[nth].path, new, &arena);
            serde_json::to_string(&value).unwrap()
        };
        assert_eq!(
            written(0, Some(Value::Int(2))),
            r#"{"a":{"b":2,"c":"x"},"d":[1,2],"e":"{\"f\": 5}"}"#
        );
        assert_eq!(
            written(2, None),
            r#"{"a":{"b":1,"c":"x"},"d":[2],"e":"{\"f\": 5}"}"#
        );
        assert_eq!(
            written(4, Some(Value::Int(6))),
            r#"{"a":{"b":1,"c":"x"},"d":[1,2],"e":"{\"f\":6}"}"#
        );
    }

    #[test]
    fn other_texts_keep_the_form() {
        let others = other_texts("2024-03-09T08:00Z");
        assert_eq!(others[0], "2025-03-09T08:00Z");
        assert!(others.contains(&"2024-04-09T08:00Z".to_owned()));
        assert!(others.contains(&"2024-03-09T09:00Z".to_owned()));
    }
}

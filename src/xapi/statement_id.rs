//! Ids of statements. Each conversion of an event makes the same ids, so an LRS recognizes statements that it already
//! has.
//!
//! An id is a version 5 UUID (`XApiTransformer.get_event_id`, `helpers.get_uuid5`), which is a hash of a namespace and
//! a name. The namespace is made from the verb, and the name from the actor and the timestamp. The verb and the actor
//! are JSON text as Python's `json.dumps` writes it, with the keys in the order of the tincan library. The timestamp is
//! text as Python's `str` writes it. Every bit of the ids counts, since LRSs hold statements with the reference's ids.

use uuid::Uuid;

use super::model::{Actor, Verb};
use crate::json::Value;
use crate::tracking::python;
use crate::uuid5::Uuid5;

/// The UUID namespace in which the namespace of each verb is made. The reference uses the namespace for DNS names of
/// RFC 9562, although verbs are not DNS names.
const BASE: Uuid = Uuid::from_u128(0x6ba7_b810_9dad_11d1_80b4_00c0_4fd4_30c8);

/// Makes the id of a statement. `child` is `None`, or in the statement of one question of a problem, the id of this
/// question. `timestamp` is the value in the log, not the text in the statement.
pub(super) fn statement_id(
    verb: &Verb,
    actor: Actor<'_>,
    timestamp: Option<Value<'_>>,
    child: Option<&str>,
) -> Uuid {
    let namespace = match child {
        None => *verb.namespace.get_or_init(|| namespace(verb).finish()),
        Some(child) => {
            let mut namespace = namespace(verb);
            namespace.push("-");
            namespace.push(child);
            namespace.finish()
        }
    };

    let mut name = Uuid5::new(namespace);
    name.push("{\"objectType\": \"Agent\", ");
    match actor {
        Actor::Account {
            home_page,
            name: account,
        } => {
            name.push("\"account\": {\"name\": ");
            push_json(&mut name, account);
            name.push(", \"homePage\": ");
            push_json(&mut name, home_page);
            name.push("}");
        }
        Actor::Mbox(address) => {
            name.push("\"mbox\": ");
            push_json(&mut name, address);
        }
        Actor::MboxSha1Sum(sum) => {
            name.push("\"mbox_sha1sum\": ");
            push_json(&mut name, sum);
        }
    }
    name.push("}-");
    match timestamp {
        Some(Value::Str(text)) => name.push(text),
        timestamp => {
            let mut text = String::new();
            python::write_str(timestamp.unwrap_or(Value::Null), &mut text);
            name.push(&text);
        }
    }
    name.finish()
}

/// Starts the hash for the namespace of a verb. For the statement of one question, the caller adds the question's id.
fn namespace(verb: &Verb) -> Uuid5 {
    let mut namespace = Uuid5::new(BASE);
    namespace.push("{\"id\": ");
    push_json(&mut namespace, verb.id);
    namespace.push(", \"display\": {\"en\": ");
    push_json(&mut namespace, verb.display);
    namespace.push("}}");
    namespace
}

/// Adds a text as a JSON string, as `json.dumps` writes it: with an escape such as `\u00e9` for each character that is
/// not printable ASCII.
fn push_json(id: &mut Uuid5, text: &str) {
    let is_plain = |byte| matches!(byte, b' '..=b'~') & (byte != b'"') & (byte != b'\\');
    id.push("\"");
    // `fold` checks every byte, while `all` would stop at the first byte that is not plain. Without the stop, the
    // compiled code compares 16 bytes at once.
    if text.bytes().fold(true, |all, byte| all & is_plain(byte)) {
        id.push(text);
    } else {
        for c in text.chars() {
            match c {
                '"' => id.push("\\\""),
                '\\' => id.push("\\\\"),
                '\n' => id.push("\\n"),
                '\r' => id.push("\\r"),
                '\t' => id.push("\\t"),
                '\u{8}' => id.push("\\b"),
                '\u{c}' => id.push("\\f"),
                ' '..='~' => id.push(c.encode_utf8(&mut [0; 4])),
                _ => {
                    for unit in c.encode_utf16(&mut [0; 2]) {
                        id.push(&format!("\\u{unit:04x}"));
                    }
                }
            }
        }
    }
    id.push("\"");
}

#[cfg(test)]
mod tests {
    use super::super::vocabulary::verb;
    use super::*;

    /// Each id was made by the reference.
    #[test]
    fn ids_are_those_of_the_reference() {
        let account = |home_page, name| Actor::Account { home_page, name };
        let actor = account(
            "http://localhost:18000",
            "32e08e30-f8ae-4ce2-94a8-c2bfe38a70cb",
        );
        for (verb, actor, timestamp, child, id) in [
            (
                &verb::EARNED,
                actor,
                Some(Value::Str("2023-05-23T13:53:13.460372+00:00")),
                None,
                "dd273e29-c00a-5832-b80c-3ea05261f128",
            ),
            (
                &verb::EARNED,
                actor,
                None,
                Some("a_2_1é"),
                "eb1c647a-6a2d-59a1-a3d0-51d85abb8989",
            ),
            (
                &verb::EARNED,
                account("http://h/é\"", "n\\\n\u{1}\u{7f}😀"),
                Some(Value::Float(1.4e9)),
                None,
                "5827c1b4-7ed4-5780-8378-b69d980e5547",
            ),
            (
                &verb::EARNED,
                Actor::Mbox("mailto:a@example.com"),
                Some(Value::Str("t\u{e9}")),
                None,
                "ac20b291-07c1-570b-8361-6673779fefba",
            ),
            (
                &verb::EARNED,
                Actor::MboxSha1Sum("f427d80dc332a166bf5f160ec15f009ce7e68c4c"),
                Some(Value::Bool(false)),
                None,
                "271f720e-4eac-5a15-be70-32390c3992bb",
            ),
        ] {
            assert_eq!(
                statement_id(verb, actor, timestamp, child).to_string(),
                id,
                "{timestamp:?} {child:?}"
            );
        }
    }
}

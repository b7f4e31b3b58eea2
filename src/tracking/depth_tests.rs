//! Tests that every recursive walk of a tree succeeds at the greatest depth, on a stack as small as that of a worker
//! thread.

use std::thread;

use bumpalo::Bump;

use super::{parse_line, python, python_json, skim};
use crate::json::{self, MAX_DEPTH, Value};

/// The stack size of the threads of rayon. It is the default of the standard library.
const STACK_BYTES: usize = 2 << 20;

/// Returns JSON texts of the greatest depth that is read: nested arrays, nested objects, and arrays and objects in
/// turns.
fn deepest_texts() -> [String; 3] {
    let of = |start: [&str; 2], end: [&str; 2]| {
        let starts: String = (0..MAX_DEPTH).map(|nth| start[nth % 2]).collect();
        let ends: String = (0..MAX_DEPTH).rev().map(|nth| end[nth % 2]).collect();
        format!("{starts}1{ends}")
    };
    [
        of(["[", "["], ["]", "]"]),
        of(["{\"a\":", "{\"b\":"], ["}", "}"]),
        of(["[", "{\"a\":"], ["]", "}"]),
    ]
}

fn on_a_small_stack(test: fn()) {
    let thread = thread::Builder::new().stack_size(STACK_BYTES).spawn(test);
    thread.unwrap().join().unwrap();
}

#[test]
fn the_deepest_values_are_parsed_compared_and_sorted_on_a_small_stack() {
    on_a_small_stack(|| {
        for text in deepest_texts() {
            let arena = Bump::new();
            let value = Value::parse(&text, &arena).unwrap();
            assert!(value.sorted(&arena) == value);
            assert!(Value::parse(&format!("[{text}]"), &arena).is_err());
        }
    });
}

#[test]
fn the_deepest_values_are_written_on_a_small_stack() {
    on_a_small_stack(|| {
        for text in deepest_texts() {
            let arena = Bump::new();
            let value = Value::parse(&text, &arena).unwrap();
            let mut written = Vec::new();
            assert!(json::append(&value, &mut written, usize::MAX));
            assert_eq!(String::from_utf8(written).unwrap(), text);
            assert_eq!(serde_json::to_string(&value).unwrap(), text);
            let pretty = serde_json::to_string_pretty(&value).unwrap();
            assert!(pretty.len() > text.len());
            let spaced = text.replace(':', ": ");
            assert_eq!(python::repr(value), spaced.replace('"', "'"));
            assert_eq!(python_json::dumps(value), spaced);
            let mut sorted = Vec::new();
            python_json::append_sorted(value, &arena, &mut sorted);
            assert_eq!(String::from_utf8(sorted).unwrap(), spaced);
        }
    });
}

#[test]
fn the_deepest_events_are_skimmed_and_searched_on_a_small_stack() {
    on_a_small_stack(|| {
        for text in deepest_texts() {
            // The object of the event is one level, so the outermost level of the text is removed.
            let inner = text
                .get(1..text.len() - 1)
                .filter(|_| text.starts_with('['));
            let inner = inner.unwrap_or(&text[5..text.len() - 1]);
            let arena = Bump::new();
            let line = format!("{{\"name\":\"n\",\"event\":{inner}}}");
            let event = parse_line(line.as_bytes(), &arena).unwrap().unwrap();
            assert!(event.find("missing").is_none());
            let name = skim::unwanted_name(line.as_bytes(), |_| false);
            assert_eq!(name, (line.len() <= 4096).then_some("n"));

            let line = format!("{{\"event\":{}}}", serde_json::to_string(&text).unwrap());
            let event = parse_line(line.as_bytes(), &arena).unwrap().unwrap();
            assert!(event.find("missing").is_none());
            assert!(!matches!(event.whole_data(), Some(Value::Str(_))));
        }
    });
}

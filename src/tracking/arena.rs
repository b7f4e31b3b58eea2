//! Texts that are put together in an event's arena.

use std::fmt::{self, Write};

use bumpalo::Bump;

/// Formats a text that lives as long as the event.
pub(crate) fn format_in<'a>(arena: &'a Bump, text: fmt::Arguments<'_>) -> &'a str {
    let mut formatted = bumpalo::collections::String::new_in(arena);
    // Writing to a string in memory cannot fail.
    let _ = formatted.write_fmt(text);
    formatted.into_bump_str()
}

/// Joins texts to one that lives as long as the event. What [`format_in`] could do, too, at several times the cost.
pub(crate) fn join_in<'a, const N: usize>(arena: &'a Bump, texts: [&str; N]) -> &'a str {
    let length = texts.iter().map(|text| text.len()).sum();
    let mut joined = bumpalo::collections::String::with_capacity_in(length, arena);
    for text in texts {
        joined.push_str(text);
    }
    joined.into_bump_str()
}

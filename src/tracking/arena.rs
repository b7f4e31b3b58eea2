//! Texts in the arena of an event.

use std::fmt::{self, Write};

use bumpalo::Bump;

/// Formats a text in an arena.
pub(crate) fn format_in<'a>(arena: &'a Bump, text: fmt::Arguments<'_>) -> &'a str {
    let mut formatted = bumpalo::collections::String::new_in(arena);
    // Writing to a string in memory cannot fail.
    let _ = formatted.write_fmt(text);
    formatted.into_bump_str()
}

/// Joins texts in an arena, at a fraction of the cost of [`format_in`].
pub(crate) fn join_in<'a, const N: usize>(arena: &'a Bump, texts: [&str; N]) -> &'a str {
    let length = texts.iter().map(|text| text.len()).sum();
    let mut joined = bumpalo::collections::String::with_capacity_in(length, arena);
    for text in texts {
        joined.push_str(text);
    }
    joined.into_bump_str()
}

//! Making texts in an arena.

use std::fmt;

use bumpalo::Bump;

/// Formats a text in an arena.
pub(crate) fn format_in<'a>(arena: &'a Bump, text: fmt::Arguments<'_>) -> &'a str {
    bumpalo::format!(in arena, "{}", text).into_bump_str()
}

/// Joins texts in an arena. This takes a fraction of the time of [`format_in`].
pub(crate) fn join_in<'a, const N: usize>(arena: &'a Bump, texts: [&str; N]) -> &'a str {
    let length = texts.iter().map(|text| text.len()).sum();
    let mut joined = bumpalo::collections::String::with_capacity_in(length, arena);
    for text in texts {
        joined.push_str(text);
    }
    joined.into_bump_str()
}

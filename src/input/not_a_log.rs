//! The error that a file was opened and is not a log.

use std::error::Error;
use std::{fmt, io};

use crate::text::shell_word;

/// The error that a file is not a log. It says what the file is, and how to read it.
#[derive(Debug)]
pub struct NotALog(pub String);

impl fmt::Display for NotALog {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl Error for NotALog {}

/// Returns the message for an input that could not be opened.
pub fn not_opened(name: &str, error: &io::Error) -> String {
    match error.get_ref() {
        Some(inner) if inner.is::<NotALog>() => {
            let advice = with_name(&inner.to_string(), name);
            format!("`{name}` is not a log: {advice}")
        }
        _ => format!("failed to open `{name}`: {error}"),
    }
}

/// Returns advice about `FILE` with the name of the file. The input `-` has no name.
pub fn with_name(advice: &str, name: &str) -> String {
    let advice = match name.ends_with(".json") {
        // The ending makes the new file a document, too.
        true => advice.replace("FILE.new.log", "FILE.new.json"),
        false => advice.to_owned(),
    };
    match name {
        "-" => advice,
        _ => advice.replace("FILE", &shell_word(name)),
    }
}

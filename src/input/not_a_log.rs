//! The error that a file was opened and is not a log.

use std::error::Error;
use std::{fmt, io};

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
            let message = format!("`{name}` is not a log: {inner}");
            match name.ends_with(".json") {
                // The ending makes the new file a document, too.
                true => message.replace("FILE.new.log", "FILE.new.json"),
                false => message,
            }
        }
        _ => format!("failed to open `{name}`: {error}"),
    }
}

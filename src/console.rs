//! The one door to standard error, and to standard output for what is shown to a person.
//!
//! It goes around the progress bar, and a closed or full standard error never ends a run.

use std::borrow::Cow;
use std::io::{self, Write};

use crate::progress::Progress;

/// Messages to the person who runs the program.
pub struct Console {
    quiet: bool,
    progress: Progress,
}

impl Console {
    /// With `quiet`, only errors are told. Progress shows where that is a terminal.
    pub fn new(quiet: bool, shows_progress: bool) -> Self {
        let progress = if shows_progress {
            Progress::on_terminal()
        } else {
            Progress::none()
        };
        Self { quiet, progress }
    }

    /// For errors alone.
    pub fn quiet() -> Self {
        Self::new(true, false)
    }

    /// Something failed.
    pub fn error(&self, message: &str) {
        self.write_line(&format!("error: {}", one_line(message)));
    }

    /// Something may not be what was meant.
    pub fn warn(&self, message: &str) {
        if !self.quiet {
            self.write_line(&format!("warning: {}", one_line(message)));
        }
    }

    /// Something is worth knowing.
    pub fn note(&self, message: &str) {
        if !self.quiet {
            self.write_line(&printable(message));
        }
    }

    /// What was asked for, when that is not data: it goes to standard output.
    pub fn result(&self, text: &str) {
        // A reader that went away is not interested.
        self.progress
            .suspend(|| drop(writeln!(io::stdout().lock(), "{}", printable(text))));
    }

    /// The progress bar, if there is one.
    pub fn progress(&self) -> &Progress {
        &self.progress
    }

    fn write_line(&self, line: &str) {
        self.progress
            .suspend(|| drop(writeln!(io::stderr().lock(), "{line}")));
    }
}

/// The text with what would steer a terminal made visible: names of files and of events are anybody's.
pub fn printable(text: &str) -> Cow<'_, str> {
    let steers = |c: char| c.is_control() && c != '\n';
    if !text.contains(steers) {
        return text.into();
    }
    let escaped = text.chars().map(|c| {
        if steers(c) {
            c.escape_default().to_string()
        } else {
            c.to_string()
        }
    });
    escaped.collect::<String>().into()
}

/// The same on one line.
pub fn one_line(text: &str) -> String {
    printable(text).replace('\n', "\\n")
}

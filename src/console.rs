//! The one door to standard error, and to standard output for what is shown to a person.
//!
//! It goes around the progress bar, and a closed or full standard error never ends a run.

use std::io::{self, Write};

use crate::progress::Progress;

/// Messages to the person who runs the program.
pub struct Console {
    quiet: bool,
    progress: Progress,
}

impl Console {
    /// With `quiet`, only errors are told.
    pub fn new(quiet: bool) -> Self {
        let progress = if quiet {
            Progress::none()
        } else {
            Progress::on_terminal()
        };
        Self { quiet, progress }
    }

    /// Something failed.
    pub fn error(&self, message: &str) {
        self.write_line(&format!("error: {message}"));
    }

    /// Something may not be what was meant.
    pub fn warn(&self, message: &str) {
        if !self.quiet {
            self.write_line(&format!("warning: {message}"));
        }
    }

    /// Something is worth knowing.
    pub fn note(&self, message: &str) {
        if !self.quiet {
            self.write_line(message);
        }
    }

    /// What was asked for, when that is not data: it goes to standard output.
    pub fn result(&self, text: &str) {
        // A reader that went away is not interested.
        self.progress
            .suspend(|| drop(writeln!(io::stdout().lock(), "{text}")));
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

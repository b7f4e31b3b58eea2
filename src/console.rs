//! Messages on standard error, and results for people on standard output. Besides these, only the progress and the errors of
//! the command line are written to standard error.
//!
//! Messages do not disturb the progress bar. If standard error is closed or cannot be written, messages are lost and
//! the run goes on.

use std::borrow::Cow;
use std::io::{self, Write};

use crate::progress::{Progress, ProgressMode};
use crate::style::{Palette, Style};
use crate::text::is_unseen;

/// The number of messages of one kind that are shown. The others are only counted.
pub const SHOWN_OF_KIND: usize = 20;

/// Counts messages of one kind, of which only the first are shown.
#[derive(Clone, Copy, Default)]
pub struct MessageCount(usize);

impl MessageCount {
    /// Counts a message. Returns whether it is shown.
    pub fn shows_next(&mut self) -> bool {
        self.0 += 1;
        self.0 <= SHOWN_OF_KIND
    }

    /// Returns the number of messages.
    pub fn all(self) -> u64 {
        self.0 as u64
    }

    /// Returns the number of messages that were not shown.
    pub fn hidden(self) -> u64 {
        self.0.saturating_sub(SHOWN_OF_KIND) as u64
    }
}

/// Shows messages and the progress bar to the user.
pub struct Console {
    quiet: bool,
    /// Whether the command has the option `--report`.
    has_report: bool,
    progress: Progress,
    /// The styles of standard error.
    style: Palette,
}

impl Console {
    /// Returns a console. If it is `quiet`, it shows only errors and alerts. Otherwise, if `shows_progress`, it shows a progress bar
    /// when standard error is a terminal.
    pub fn new(quiet: bool, shows_progress: bool) -> Self {
        Self {
            quiet,
            has_report: true,
            progress: Progress::new(match shows_progress && !quiet {
                true => ProgressMode::Bar,
                false => ProgressMode::None,
            }),
            style: Palette::stderr(),
        }
    }

    /// Returns the console of a command that has no option `--report`.
    pub fn without_report(self) -> Self {
        Self {
            has_report: false,
            ..self
        }
    }

    /// Returns the option that writes what is not shown to a file, as a message names the option.
    pub fn report_option(&self) -> &'static str {
        match self.has_report {
            true => "`--report FILE`",
            false => "`event-router transform --report FILE …`",
        }
    }

    /// Shows the progress in this way, unless the console is quiet. Without a mode, nothing changes.
    pub fn with_progress(self, mode: Option<ProgressMode>) -> Self {
        match mode.filter(|_| !self.quiet) {
            Some(mode) => Self {
                progress: Progress::new(mode),
                ..self
            },
            None => self,
        }
    }

    /// Shows an error.
    pub fn error(&self, message: &str) {
        self.write_labelled(self.style.error, "error:", message);
    }

    /// Shows a warning about a likely mistake, unless the console is quiet.
    pub fn warn(&self, message: &str) {
        if !self.quiet {
            self.alert(message);
        }
    }

    /// Shows a warning that the user must see even if the console is quiet: an input or a run has lost what the user
    /// meant to convert, or an option, a variable or a table is probably wrong.
    pub fn alert(&self, message: &str) {
        self.write_labelled(self.style.warning, "warning:", message);
    }

    /// Shows information that is neither an error nor a warning, unless the console is quiet.
    pub fn note(&self, message: &str) {
        if self.quiet {
            return;
        }
        match message.strip_prefix(NOTE) {
            Some(rest) => self.write_line(&styled(self.style.note, NOTE, &printable(rest))),
            None => self.write_line(&printable(message)),
        }
    }

    /// Writes a result for people to standard output.
    pub fn result(&self, text: &str) {
        self.write_result(&printable(text));
    }

    /// Writes a unified difference, such as `--check` finds, to standard output.
    pub fn difference(&self, difference: &str) {
        self.write_result(&Palette::stdout().difference(&printable(difference)));
    }

    fn write_result(&self, text: &str) {
        // An error is ignored, because the program that reads standard output may have closed it.
        self.progress
            .suspend(|| drop(writeln!(io::stdout().lock(), "{text}")));
    }

    /// Returns the progress bar, which may be hidden.
    pub fn progress(&self) -> &Progress {
        &self.progress
    }

    fn write_labelled(&self, style: Style, label: &str, message: &str) {
        self.write_line(&styled(style, label, &format!(" {}", one_line(message))));
    }

    fn write_line(&self, line: &str) {
        self.progress
            .suspend(|| drop(writeln!(io::stderr().lock(), "{line}")));
    }
}

/// The label of notes.
const NOTE: &str = "note:";

fn styled(style: Style, label: &str, rest: &str) -> String {
    format!("{style}{label}{style:#}{rest}")
}

/// Escapes the control characters of a text, except newlines, and the characters that cannot be seen or change the
/// direction of the text. Without this, a crafted name of a file or an event could send commands to the terminal, or look
/// like another name.
pub fn printable(text: &str) -> Cow<'_, str> {
    let is_escaped = |c: char| is_unseen(c) && c != '\n';
    if !text.contains(is_escaped) {
        return text.into();
    }
    let mut escaped = String::new();
    for c in text.chars() {
        if is_escaped(c) {
            escaped.extend(c.escape_default());
        } else {
            escaped.push(c);
        }
    }
    escaped.into()
}

/// Escapes the control characters of a text, newlines included.
pub fn one_line(text: &str) -> String {
    printable(text).replace('\n', "\\n")
}

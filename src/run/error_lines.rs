//! The error lines of a run. Of many errors of one kind, such as those of a folder of encrypted files, only the first are
//! shown.

use std::collections::BTreeMap;

use crate::console::{Console, MessageCount};
use crate::text::counted;

/// The errors of a run, counted by kind.
#[derive(Default)]
pub struct ErrorLines {
    kinds: BTreeMap<String, MessageCount>,
}

impl ErrorLines {
    /// Shows an error, unless many of its kind were shown.
    pub fn show(&mut self, message: &str, console: &Console) {
        if self.kinds.entry(kind(message)).or_default().shows_next() {
            console.error(message);
        }
    }

    /// Reports the number of errors that were not shown.
    pub fn close(&self, console: &Console) {
        let hidden = self.kinds.values().map(|count| count.hidden()).sum();
        if hidden > 0 {
            let more = counted(
                hidden,
                "more error like these is",
                "more errors like these are",
            );
            let report = console.report_option();
            console.error(&format!(
                "{more} not shown; {report} lists the errors of all inputs"
            ));
        }
    }
}

/// Returns the words of a message that errors of its kind have in common: all but numbers and texts in backquotes.
fn kind(message: &str) -> String {
    let words: String = message.split('`').step_by(2).collect();
    words.replace(|c: char| c.is_ascii_digit(), "")
}

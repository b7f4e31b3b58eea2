//! How the lines of a run with a state directory are read again, after options or tables are changed.

use std::path::Path;

use crate::text::shell_argument;

/// The state directory and the rejects file of a run, for the end of advice to change options or tables.
#[derive(Clone, Debug, Default)]
pub struct Reread {
    /// Whether a state directory records the lines of the run, so that a later run does not read them again.
    pub has_state: bool,
    /// Whether earlier runs have recorded inputs in the state directory.
    pub is_resumed: bool,
    /// Whether records are sent, and not written to files.
    pub sends: bool,
    /// The rejects file, as a word of a shell.
    pub rejects: Option<String>,
}

impl Reread {
    /// Returns the path of a rejects file as a word of a shell.
    pub fn rejects_word(rejects: &Path) -> String {
        shell_argument(rejects.as_os_str()).into_owned()
    }

    /// Returns the end of advice about lines that are in the rejects file, if there is such a file.
    pub fn of_rejected(&self) -> String {
        match &self.rejects {
            Some(rejects) if self.has_state => format!(
                "; then read the lines that were lost with `--rejects {rejects} {rejects}` in place of the inputs"
            ),
            _ => self.of_others().to_owned(),
        }
    }

    /// Returns the end of advice about lines that are not in the rejects file. With a new state directory, a run reads
    /// all lines of the inputs. Their records would come a second time in an output directory that has the records of
    /// earlier runs, but a server recognizes them.
    pub fn of_others(&self) -> &'static str {
        match (self.has_state, self.is_resumed, self.sends) {
            (false, _, _) => "",
            (_, false, false) => {
                "; this state directory now skips these lines: after the change, run with a new `--state` and a new `-o`"
            }
            (_, false, true) => {
                "; this state directory now skips these lines: after the change, run with a new `--state`"
            }
            (_, true, false) => {
                "; this state directory now skips these lines: after the change, convert these inputs with a new `--state` and a new `-o`"
            }
            (_, true, true) => {
                "; this state directory now skips these lines: after the change, send these inputs with a new `--state`"
            }
        }
    }
}

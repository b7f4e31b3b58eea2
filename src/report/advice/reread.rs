//! How the lines of a run with a state directory are read again, after options or tables are changed.

use std::path::Path;

use crate::text::shell_word;

/// The state directory and the rejects file of a run, for the end of advice to change options or tables.
#[derive(Clone, Debug, Default)]
pub struct Reread {
    /// Whether a state directory records the lines of the run, so that a later run does not read them again.
    pub has_state: bool,
    /// Whether earlier runs have recorded inputs in the state directory. With a new directory, a run would read the lines
    /// of these inputs, too.
    pub is_resumed: bool,
    rejects: Option<String>,
}

impl Reread {
    pub fn new(has_state: bool, is_resumed: bool, rejects: Option<&Path>) -> Self {
        let rejects = rejects.map(|path| shell_word(&path.to_string_lossy()).into_owned());
        Self {
            has_state,
            is_resumed,
            rejects,
        }
    }

    /// Returns the end of advice about lines that are in the rejects file, if there is such a file.
    pub fn of_rejected(&self) -> String {
        match &self.rejects {
            Some(rejects) if self.has_state => format!("; then try `{rejects}` again"),
            _ => self.of_others().to_owned(),
        }
    }

    /// Returns the end of advice about lines that are not in the rejects file.
    pub fn of_others(&self) -> &'static str {
        if self.has_state && !self.is_resumed {
            "; after a change, give `--state` a new directory, since these lines are not read again"
        } else {
            ""
        }
    }
}

//! The journal, a file of JSON Lines to which entries are appended.
//!
//! A crash may leave an incomplete last line, which the next run ignores. Each run first replaces the journal by a
//! shorter journal, without the entries that later entries have made obsolete.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::entry::{Entry, JournalContents};
use crate::files::{OWNER_ONLY, persist, sync_directory, temporary_file};

/// The version of the journal's format. A change that older programs would misread increases the version.
const VERSION: u32 = 1;

/// The journal file, open for appending.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: File,
    /// The length of the file in bytes, or `None` if an entry could not be written.
    length: Option<u64>,
}

impl Journal {
    /// Reads the journal. A missing file counts as an empty journal.
    ///
    /// # Errors
    /// Returns an error that names the file if it cannot be read, is not a journal, has another version, or has a
    /// damaged line.
    pub fn read(path: &Path) -> Result<JournalContents> {
        let name = path.display();
        let text = match std::fs::read(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(JournalContents::default());
            }
            Err(error) => return Err(error).with_context(|| format!("failed to read `{name}`")),
        };
        let mut contents = JournalContents::default();
        let lines = text.split_inclusive(|&byte| byte == b'\n');
        for (nth, line) in lines.filter(|line| line.ends_with(b"\n")).enumerate() {
            let entry = serde_json::from_slice(line);
            if nth == 0 && !matches!(entry, Ok(Entry::EventRouterState { .. })) {
                bail!(
                    "`{name}` is not a journal of event-router; choose another directory for `--state`"
                );
            }
            let entry = entry.with_context(|| {
                format!(
                    "line {} of the state `{name}` is damaged; choose another state directory, to deliver \
                     all inputs again",
                    nth + 1
                )
            })?;
            if let Entry::EventRouterState { version } = entry
                && version != VERSION
            {
                bail!(
                    "the state `{name}` has version {version}, but this program reads version {VERSION}; \
                     update the program"
                );
            }
            contents.apply(entry);
        }
        Ok(contents)
    }

    /// Replaces the journal by a new journal with these contents, and opens the new journal for appending.
    ///
    /// # Errors
    /// Returns an error that names the file if it cannot be written.
    pub fn rewrite(path: &Path, contents: &JournalContents) -> Result<Self> {
        let write = || -> Result<File> {
            let mut file = temporary_file(path, OWNER_ONLY)?;
            let mut text = line(&Entry::EventRouterState { version: VERSION })?;
            for entry in contents.entries() {
                text.extend(line(&entry)?);
            }
            file.write_all(&text)?;
            file.as_file().sync_all()?;
            persist(file, path)?;
            sync_directory(path)?;
            Ok(OpenOptions::new().append(true).open(path)?)
        };
        let file =
            write().with_context(|| format!("failed to write the state `{}`", path.display()))?;
        let length = file.metadata().map(|metadata| metadata.len());
        Ok(Self {
            path: path.to_owned(),
            file,
            length: length.ok(),
        })
    }

    /// Appends an entry.
    ///
    /// # Errors
    /// Returns an error that names the file if this entry or an earlier entry could not be written.
    pub fn append(&mut self, entry: &Entry) -> Result<()> {
        let Some(length) = self.length else {
            bail!("{} earlier in this run", self.failed());
        };
        let line = line(entry).with_context(|| self.failed())?;
        if let Err(error) = self.file.write_all(&line) {
            // The line may be incomplete. The journal is readable only if no other line follows an incomplete line. So
            // the line is removed, and no further entry is accepted, in case the removal fails.
            let _ = self.file.set_len(length);
            self.length = None;
            return Err(error).with_context(|| self.failed());
        }
        self.length = Some(length + line.len() as u64);
        Ok(())
    }

    /// Returns whether an entry could not be written. No further entry can be appended then.
    pub fn is_broken(&self) -> bool {
        self.length.is_none()
    }

    /// Makes the appended entries durable.
    ///
    /// # Errors
    /// Returns an error that names the file if the system fails to write.
    pub fn sync(&mut self) -> Result<()> {
        self.file.sync_data().with_context(|| self.failed())
    }

    fn failed(&self) -> String {
        format!("failed to write the state `{}`", self.path.display())
    }
}

/// Returns the text of an entry with its newline. The caller writes the text with one call, so that a crash leaves at
/// most one entry incomplete.
fn line(entry: &Entry) -> Result<Vec<u8>> {
    let mut line = serde_json::to_vec(entry)?;
    line.push(b'\n');
    Ok(line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkpoint::entry::DeliveryProgress;
    use crate::checkpoint::history::History;
    use crate::input::Position;

    fn progress(line: u64) -> DeliveryProgress {
        DeliveryProgress {
            position: Position {
                line,
                offset: line * 10,
                hash: u128::from(line) << 100,
                open: false,
            },
            first_file: Some("out/a.xapi.jsonl".into()),
            files: 1,
            ended: true,
            at: 1_700_000_000 + line,
            history: History::default(),
        }
    }

    fn entries() -> Vec<Entry> {
        let delivered = |input, line| Entry::Delivered {
            input,
            to: "xapi out".to_owned(),
            progress: progress(line),
        };
        vec![
            Entry::Input {
                input: 1,
                name: "a".to_owned(),
                head_bytes: 10,
                head_hash: 7,
            },
            Entry::Writing {
                file: "out/.a.part".into(),
            },
            delivered(1, 1),
            Entry::Delivering {
                input: 1,
                to: "xapi out".to_owned(),
                progress: progress(2),
                part: "out/.a.part".into(),
                file: "out/a".into(),
                file_bytes: 3,
            },
            delivered(1, 2),
        ]
    }

    #[test]
    fn a_journal_cut_at_any_byte_has_the_entries_before_the_cut() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("journal.jsonl");
        let mut journal = Journal::rewrite(&path, &JournalContents::default()).unwrap();
        let mut lengths = vec![std::fs::metadata(&path).unwrap().len()];
        for entry in entries() {
            journal.append(&entry).unwrap();
            lengths.push(std::fs::metadata(&path).unwrap().len());
        }
        let whole = std::fs::read(&path).unwrap();
        for cut in 0..=whole.len() {
            std::fs::write(&path, &whole[..cut]).unwrap();
            let contents = Journal::read(&path).unwrap();
            let count = lengths
                .iter()
                .filter(|&&length| length <= cut as u64)
                .count();
            let mut expected = JournalContents::default();
            for entry in entries().into_iter().take(count.saturating_sub(1)) {
                expected.apply(entry);
            }
            assert_eq!(format!("{contents:?}"), format!("{expected:?}"), "{cut}");
        }
    }

    #[test]
    fn no_entry_follows_one_that_could_not_be_written() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("journal.jsonl");
        let mut journal = Journal::rewrite(&path, &JournalContents::default()).unwrap();
        let whole = std::fs::read(&path).unwrap();
        // A journal that is open for reading only, so that appending fails.
        journal.file = File::open(&path).unwrap();
        for entry in entries() {
            assert!(journal.append(&entry).is_err());
            journal.file = OpenOptions::new().append(true).open(&path).unwrap();
        }
        assert_eq!(std::fs::read(&path).unwrap(), whole);
    }

    #[test]
    fn superseded_entries_are_left_out_when_the_journal_is_replaced() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("journal.jsonl");
        let mut contents = JournalContents::default();
        for entry in entries() {
            contents.apply(entry);
        }
        Journal::rewrite(&path, &contents).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        let [version, input, delivered] = text.lines().collect::<Vec<_>>()[..] else {
            panic!("{text}");
        };
        assert_eq!(version, r#"{"event_router_state":{"version":1}}"#);
        assert_eq!(
            input,
            r#"{"input":{"input":1,"name":"a","head_bytes":10,"head_hash":"00000000000000000000000000000007"}}"#
        );
        assert_eq!(
            delivered,
            r#"{"delivered":{"input":1,"to":"xapi out","progress":{"line":2,"offset":20,"hash":"00000020000000000000000000000000","first_file":"out/a.xapi.jsonl","files":1,"ended":true,"at":1700000002,"trail":{"ends":[{"line":1,"offset":10,"hash":"00000010000000000000000000000000","at":1700000001}]}}}}"#
        );
    }

    #[test]
    fn a_damaged_journal_is_an_error_that_names_the_line() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("journal.jsonl");
        let version = r#"{"event_router_state":{"version":1}}"#;
        for (text, message) in [
            ("x\n".to_owned(), "not a journal of event-router"),
            (format!("{version}\n{{}}\n"), "line 2 of the state"),
            (version.replace('1', "2") + "\n", "version 2"),
            (
                r#"{"writing":{"file":"a"}}"#.to_owned() + "\n",
                "is not a journal",
            ),
        ] {
            std::fs::write(&path, text).unwrap();
            let error = format!("{:#}", Journal::read(&path).unwrap_err());
            assert!(error.contains(message), "{error}");
        }
    }
}

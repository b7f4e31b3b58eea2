//! The journal: JSON Lines, one entry each, appended to.
//!
//! A crash may leave half an entry at the end, which is as good as none. Entries that later ones outdate are left out when
//! the journal is opened, by writing it anew and renaming it into place.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::entry::{Entry, InputId, Progress};
use crate::files::{OWNER_ONLY, persist, sync_directory, temporary_file};
use crate::output_names::OutputNames;
use anyhow::{Context, Result, bail};

/// The form of the journal. It changes when a program of the old form would be misled.
const VERSION: u32 = 1;

/// What a journal says.
#[derive(Debug, Default)]
pub struct Contents {
    pub inputs: BTreeMap<InputId, KnownInput>,
    /// Which inputs have a head of a length and hash.
    pub heads: BTreeMap<u64, BTreeMap<u128, Vec<InputId>>>,
    /// Outputs that may or may not have got their names.
    pub delivering: Vec<Entry>,
    /// Temporary files that may still be there.
    pub writing: Vec<PathBuf>,
}

/// An input that was seen.
#[derive(Debug)]
pub struct KnownInput {
    pub name: String,
    pub head_bytes: u64,
    pub head_hash: u128,
    /// By destination.
    pub delivered: BTreeMap<String, Progress>,
}

impl Contents {
    pub fn apply(&mut self, entry: Entry) {
        match entry {
            Entry::EventRouterState { .. } => {}
            Entry::Input {
                input,
                name,
                head_bytes,
                head_hash,
            } => {
                let known = KnownInput {
                    name,
                    head_bytes,
                    head_hash,
                    delivered: BTreeMap::new(),
                };
                self.inputs.insert(input, known);
                let alike = self.heads.entry(head_bytes).or_default();
                alike.entry(head_hash).or_default().push(input);
            }
            Entry::Writing { file } => self.writing.push(file),
            delivering @ Entry::Delivering { .. } => self.delivering.push(delivering),
            Entry::Delivered {
                input,
                to,
                progress,
            } => {
                self.delivering.retain(|entry| {
                    !matches!(entry, Entry::Delivering { input: i, to: t, .. } if *i == input && *t == to)
                });
                self.forget_replaced(input, &to, &progress);
                if let Some(known) = self.inputs.get_mut(&input) {
                    let progress = match known.delivered.remove(&to) {
                        Some(earlier) => earlier.and(progress),
                        None => progress,
                    };
                    known.delivered.insert(to, progress);
                }
            }
        }
    }

    /// A document that has changed replaces what was delivered under its name, and so what is known of that is no more.
    /// (A file of a log is never replaced: two logs of one name have files of other numbers.)
    fn forget_replaced(&mut self, by: InputId, to: &str, progress: &Progress) {
        let file = progress.first_file.as_deref();
        if !file.is_some_and(OutputNames::is_of_document) {
            return;
        }
        let is_replaced =
            |other: &Progress| (other.first_file.as_deref(), other.files) == (file, progress.files);
        for (&input, known) in &mut self.inputs {
            if input != by && known.delivered.get(to).is_some_and(is_replaced) {
                known.delivered.remove(to);
            }
        }
    }

    /// The fewest entries that say the same. What is being written or delivered is settled before.
    fn entries(&self) -> impl Iterator<Item = Entry> {
        let inputs = self.inputs.iter();
        // Of what nothing is delivered nothing need be known.
        let inputs = inputs.filter(|(_, known)| !known.delivered.is_empty());
        inputs.flat_map(|(&input, known)| {
            let first = Entry::Input {
                input,
                name: known.name.clone(),
                head_bytes: known.head_bytes,
                head_hash: known.head_hash,
            };
            let delivered = known
                .delivered
                .iter()
                .map(move |(to, progress)| Entry::Delivered {
                    input,
                    to: to.clone(),
                    progress: progress.clone(),
                });
            std::iter::once(first).chain(delivered)
        })
    }
}

/// The file, open for more.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: File,
    /// How long it is, in whole entries. Nothing when it could not be written.
    length: Option<u64>,
}

impl Journal {
    /// Reads the journal, if there is one.
    ///
    /// # Errors
    /// It cannot be read, or is none: an entry that is not the last one is not whole.
    pub fn read(path: &Path) -> Result<Contents> {
        let name = path.display();
        let text = match std::fs::read(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Contents::default()),
            Err(error) => return Err(error).with_context(|| format!("failed to read `{name}`")),
        };
        let mut contents = Contents::default();
        let whole = text.split_inclusive(|&byte| byte == b'\n');
        for (nth, line) in whole.filter(|line| line.ends_with(b"\n")).enumerate() {
            let entry = serde_json::from_slice(line);
            if nth == 0 && !matches!(entry, Ok(Entry::EventRouterState { .. })) {
                bail!("`{name}` is no state of event-router: give another directory");
            }
            let entry = entry.with_context(|| {
                format!(
                    "line {} of the state `{name}` is damaged (without the directory, all is delivered anew)",
                    nth + 1
                )
            })?;
            match entry {
                Entry::EventRouterState { version } if version != VERSION => {
                    bail!(
                        "the state `{name}` is of version {version}, which this program does not know"
                    );
                }
                Entry::EventRouterState { .. } => {}
                entry => contents.apply(entry),
            }
        }
        Ok(contents)
    }

    /// Writes the journal anew with what it says, and opens it for more.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn rewrite(path: &Path, contents: &Contents) -> Result<Self> {
        let write = || -> Result<File> {
            let directory = path.parent().unwrap_or(Path::new("."));
            let mut file = temporary_file(path, directory, OWNER_ONLY)?;
            let mut writer = io::BufWriter::new(file.as_file_mut());
            let version = Entry::EventRouterState { version: VERSION };
            for entry in std::iter::once(version).chain(contents.entries()) {
                writer.write_all(&line(&entry)?)?;
            }
            writer.flush()?;
            drop(writer);
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
    /// It cannot be written.
    pub fn append(&mut self, entry: &Entry) -> Result<()> {
        let Some(length) = self.length else {
            bail!("{} before", self.failed());
        };
        let line = line(entry).with_context(|| self.failed())?;
        if let Err(error) = self.file.write_all(&line) {
            // A part of an entry may only be at the end, so none is to follow it.
            let _ = self.file.set_len(length);
            self.length = None;
            return Err(error).with_context(|| self.failed());
        }
        self.length = Some(length + line.len() as u64);
        Ok(())
    }

    /// Whether it could not be written, so that nothing more can be.
    pub fn is_broken(&self) -> bool {
        self.length.is_none()
    }

    /// Makes durable what was appended.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn sync(&mut self) -> Result<()> {
        self.file.sync_data().with_context(|| self.failed())
    }

    fn failed(&self) -> String {
        format!("failed to write the state `{}`", self.path.display())
    }
}

/// One write for one entry, so that a crash leaves a part of it at the most.
fn line(entry: &Entry) -> Result<Vec<u8>> {
    let mut line = serde_json::to_vec(entry)?;
    line.push(b'\n');
    Ok(line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkpoint::history::Trail;
    use crate::input::Position;

    fn progress(line: u64) -> Progress {
        Progress {
            position: Position {
                line,
                offset: line * 10,
                hash: u128::from(line) << 100,
                open: false,
            },
            first_file: Some("out/a.xapi.jsonl".into()),
            files: 1,
            ended: true,
            trail: Trail::default(),
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
    fn a_crash_at_any_byte_leaves_a_journal_that_says_what_was_whole() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("journal.jsonl");
        let mut journal = Journal::rewrite(&path, &Contents::default()).unwrap();
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
            let mut expected = Contents::default();
            for entry in entries().into_iter().take(count.saturating_sub(1)) {
                expected.apply(entry);
            }
            assert_eq!(format!("{contents:?}"), format!("{expected:?}"), "{cut}");
        }
    }

    #[test]
    fn nothing_follows_an_entry_that_could_not_be_written() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("journal.jsonl");
        let mut journal = Journal::rewrite(&path, &Contents::default()).unwrap();
        let whole = std::fs::read(&path).unwrap();
        // Opened for reading alone, it cannot be written.
        journal.file = File::open(&path).unwrap();
        for entry in entries() {
            assert!(journal.append(&entry).is_err());
            journal.file = OpenOptions::new().append(true).open(&path).unwrap();
        }
        assert_eq!(std::fs::read(&path).unwrap(), whole);
    }

    #[test]
    fn what_is_outdated_goes_when_it_is_written_anew() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("journal.jsonl");
        let mut contents = Contents::default();
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
            r#"{"delivered":{"input":1,"to":"xapi out","progress":{"line":2,"offset":20,"hash":"00000020000000000000000000000000","first_file":"out/a.xapi.jsonl","files":1,"ended":true,"trail":{"ends":[{"line":1,"offset":10,"hash":"00000010000000000000000000000000"}]}}}}"#
        );
    }

    #[test]
    fn what_is_no_state_is_an_error_that_names_the_line() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("journal.jsonl");
        let version = r#"{"event_router_state":{"version":1}}"#;
        for (text, message) in [
            ("x\n".to_owned(), "no state of event-router"),
            (format!("{version}\n{{}}\n"), "line 2 of the state"),
            (version.replace('1', "2") + "\n", "version 2"),
            (
                r#"{"writing":{"file":"a"}}"#.to_owned() + "\n",
                "is no state",
            ),
        ] {
            std::fs::write(&path, text).unwrap();
            let error = format!("{:#}", Journal::read(&path).unwrap_err());
            assert!(error.contains(message), "{error}");
        }
    }
}

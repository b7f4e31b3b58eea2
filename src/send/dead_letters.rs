//! The directory of dead letters. A dead letter is a JSON file with records of one request that could not be delivered,
//! the reason, and the numbers of the lines from which the records were made.
//!
//! The name of a dead letter is a hash of its router and records. So if the same records fail again, their dead letter
//! is overwritten. The file is synced to disk before its records count as done.

use std::collections::HashSet;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::letter_groups::LetterGroups;
use crate::files::{OWNER_ONLY, persist, remove_abandoned, sync_directory, temporary_file};

/// A file with records that could not be delivered.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeadLetter {
    pub version: u32,
    /// `xapi` or `caliper`.
    pub format: String,
    /// The name of the router or server: its URL without the query.
    pub router: String,
    pub reason: Undeliverable,
    /// The status of the last answer, if there was one.
    pub status: Option<u16>,
    /// The text of the last answer, shortened, or the reason why there was no answer.
    pub answer: String,
    /// The number of requests that were made for the records.
    pub attempts: u64,
    /// The Caliper envelope, without its data.
    pub envelope: Option<Map<String, Value>>,
    pub items: Vec<DeadItem>,
}

/// A record of a dead letter: a statement or event.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeadItem {
    /// The name of the input.
    pub file: String,
    /// The number of the line in the input, from 1.
    pub line: u64,
    /// The number of the byte of the line, from 1, at which the event begins. Absent for the first byte.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub byte: Option<u64>,
    pub id: Uuid,
    /// The record as it was sent.
    pub payload: Box<RawValue>,
}

/// The reason why records could not be delivered. Its codes are stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Undeliverable {
    /// The server says that the record is not valid.
    Refused,
    /// The record alone is larger than the server takes.
    TooLarge,
    /// The server holds another record with the same id.
    Conflict,
    /// Even after all retries, no answer of the server says whether it stores the record.
    Unavailable,
    /// The server answered with success, but neither lists nor returns the record.
    Unacknowledged,
}

impl Undeliverable {
    pub const ALL: [Self; 5] = [
        Self::Refused,
        Self::TooLarge,
        Self::Conflict,
        Self::Unavailable,
        Self::Unacknowledged,
    ];

    /// Returns the reason with this code, if there is one.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.code() == code)
    }

    /// Returns whether the server does not take the records, and would do the same again.
    pub fn is_refusal(self) -> bool {
        matches!(self, Self::Refused | Self::TooLarge | Self::Conflict)
    }

    /// Returns the code that stands for the reason in dead letters and summaries.
    pub fn code(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::TooLarge => "too-large",
            Self::Conflict => "conflict",
            Self::Unavailable => "unavailable",
            Self::Unacknowledged => "unacknowledged",
        }
    }
}

/// A directory of dead letters.
#[derive(Debug)]
pub struct DeadLetters {
    directory: PathBuf,
    written: Mutex<WrittenLetters>,
}

/// The dead letters that were written to a directory. A dead letter that is written again counts once.
#[derive(Debug, Default)]
struct WrittenLetters {
    ids: HashSet<Uuid>,
    groups: LetterGroups,
}

impl DeadLetter {
    /// The version of the file format. A change that older programs would misread raises the version.
    pub const VERSION: u32 = 1;

    /// Reads a dead letter.
    ///
    /// # Errors
    /// Returns an error that names the file if it cannot be read or is not a dead letter.
    pub fn read(path: &Path) -> Result<Self> {
        let name = path.display();
        let failed = || format!("failed to read `{name}`");
        // Reading a named pipe would wait for a writer.
        if !fs::metadata(path).with_context(failed)?.is_file() {
            bail!("`{name}` is not a regular file and was skipped");
        }
        let text = fs::read(path).with_context(failed)?;
        let letter: Self = serde_json::from_slice(&text)
            .with_context(|| format!("`{name}` is not a dead letter and was skipped"))?;
        if letter.version != Self::VERSION {
            bail!(
                "`{name}` is a dead letter of version {} and was skipped: use a newer release of event-router",
                letter.version
            );
        }
        Ok(letter)
    }

    /// Returns whether the dead letter was written for the router with this URL.
    pub fn is_for(&self, url: &str) -> bool {
        self.router.trim_end_matches('/') == url.trim_end_matches('/')
    }

    /// Counts the dead letter.
    pub fn add_to(&self, groups: &mut LetterGroups) {
        let items = self.items.iter();
        let positions = items.map(|item| (item.file.as_str(), item.line, item.byte));
        groups.add(self.reason.code(), self.status, &self.answer, positions);
    }

    /// Returns the id from which the file is named, a hash of the format, the router and the records.
    fn id(&self) -> Uuid {
        let mut hash = Sha256::new();
        hash.update(self.format.as_bytes());
        hash.update(self.router.as_bytes());
        for item in &self.items {
            hash.update([0]);
            hash.update(item.payload.get().as_bytes());
        }
        let hash = hash.finalize();
        let bytes = hash.first_chunk().copied().unwrap_or_default();
        Uuid::new_v8(bytes)
    }
}

impl DeadLetters {
    /// Opens the directory, after creating it if it is missing.
    ///
    /// # Errors
    /// Returns an error that names the directory if it cannot be created or written to.
    pub fn create(directory: &Path) -> Result<Self> {
        let failed = || format!("failed to create the directory `{}`", directory.display());
        fs::create_dir_all(directory).with_context(failed)?;
        // Creates and drops a file, so that a directory that cannot be written to is reported before anything is sent.
        tempfile::tempfile_in(directory).with_context(|| {
            format!("failed to write to the directory `{}`", directory.display())
        })?;
        remove_abandoned(directory, is_letter);
        Ok(Self::at(directory))
    }

    /// Returns the dead letters in a directory that exists.
    pub fn at(directory: &Path) -> Self {
        Self {
            directory: directory.to_owned(),
            written: Mutex::default(),
        }
    }

    /// Returns the same directory for another target, which counts its dead letters by itself.
    pub fn for_target(&self) -> Self {
        Self::at(&self.directory)
    }

    /// Returns the path of the directory.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Returns the dead letters that were written.
    pub fn written(&self) -> LetterGroups {
        let written = self.written.lock();
        written
            .unwrap_or_else(PoisonError::into_inner)
            .groups
            .clone()
    }

    /// Writes a dead letter durably. Returns its path.
    ///
    /// # Errors
    /// Returns an error that names the path if it cannot be written.
    pub fn write(&self, letter: &DeadLetter) -> Result<PathBuf> {
        let id = letter.id();
        let path = self.directory.join(file_name(id));
        let write = || -> Result<()> {
            let mut file = temporary_file(&path, OWNER_ONLY)?;
            file.write_all(&serde_json::to_vec(letter)?)?;
            file.as_file().sync_all()?;
            persist(file, &path)?;
            // Makes the file name durable.
            sync_directory(&path)?;
            Ok(())
        };
        write().with_context(|| format!("failed to write the dead letter `{}`", path.display()))?;
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        if written.ids.insert(id) {
            letter.add_to(&mut written.groups);
        }
        Ok(path)
    }

    /// Returns the paths of all dead letters, ordered by name.
    ///
    /// # Errors
    /// Returns an error that names the directory if it cannot be read.
    pub fn list(&self) -> Result<Vec<PathBuf>> {
        let list = || -> std::io::Result<Vec<PathBuf>> {
            let mut paths = Vec::new();
            for entry in fs::read_dir(&self.directory)? {
                let path = entry?.path();
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                if name.ends_with(".json") && !name.starts_with('.') {
                    paths.push(path);
                }
            }
            paths.sort();
            Ok(paths)
        };
        list().with_context(|| format!("failed to read `{}`", self.directory.display()))
    }
}

fn file_name(id: Uuid) -> String {
    format!("{:x}.json", id.simple())
}

/// Returns whether a name is that of a dead letter.
fn is_letter(name: &str) -> bool {
    let id = name.strip_suffix(".json");
    id.is_some_and(|id| id.len() == 32 && Uuid::try_parse(id).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter(payload: &str) -> DeadLetter {
        let item = DeadItem {
            file: "a.log".to_owned(),
            line: 7,
            byte: None,
            id: Uuid::from_u128(1),
            payload: RawValue::from_string(payload.to_owned()).unwrap(),
        };
        DeadLetter {
            version: DeadLetter::VERSION,
            format: "xapi".to_owned(),
            router: "https://lrs.example".to_owned(),
            reason: Undeliverable::TooLarge,
            status: None,
            answer: String::new(),
            attempts: 0,
            envelope: None,
            items: vec![item],
        }
    }

    #[test]
    fn a_dead_letter_is_read_as_it_was_written_and_has_one_file() {
        let directory = tempfile::tempdir().unwrap();
        let letters = DeadLetters::create(&directory.path().join("a/b")).unwrap();
        let path = letters.write(&letter(r#"{"x": 1.0}"#)).unwrap();
        assert_eq!(letters.write(&letter(r#"{"x": 1.0}"#)).unwrap(), path);
        letters.write(&letter(r#"{"x": 2}"#)).unwrap();
        assert_eq!(letters.list().unwrap().len(), 2);
        assert_eq!(letters.written().letters(), 2);
        let read = DeadLetter::read(&path).unwrap();
        assert_eq!(read.items[0].payload.get(), r#"{"x": 1.0}"#);
        assert_eq!(read.reason, Undeliverable::TooLarge);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(
                fs::metadata(&path).unwrap().permissions().mode() & 0o777,
                0o600
            );
        }
    }

    #[test]
    fn the_error_about_a_file_that_is_not_a_dead_letter_names_it() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("x.json");
        let future = serde_json::to_string(&letter("1")).unwrap();
        for text in [
            "{}",
            "[]",
            &future.replace("\"version\":1", "\"version\":2"),
        ] {
            fs::write(&path, text).unwrap();
            let error = format!("{:#}", DeadLetter::read(&path).unwrap_err());
            assert!(error.contains("x.json"), "{error}");
        }
    }

    #[test]
    fn only_regular_files_are_read() {
        let directory = tempfile::tempdir().unwrap();
        let error = DeadLetter::read(directory.path()).unwrap_err().to_string();
        assert!(error.ends_with("is not a regular file and was skipped"));
    }

    #[test]
    fn an_earlier_dead_letter_keeps_its_name_and_its_text() {
        let (name, text) = (
            "56d2ab4eb00583e481e28d928c6cc638.json",
            include_str!(
                "../../tests/integration/data/earlier/56d2ab4eb00583e481e28d928c6cc638.json"
            ),
        );
        let letter: DeadLetter = serde_json::from_str(text).unwrap();
        assert_eq!(file_name(letter.id()), name);
        assert_eq!(serde_json::to_string(&letter).unwrap(), text);
    }
}

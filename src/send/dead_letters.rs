//! What could not be delivered: a directory of JSON files, each with the statements or events of one request, why they
//! were not taken, and where they came from.
//!
//! A letter is named after its content, so that the same one is never there twice. It is synced before the run goes on.

use std::fs;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::files::{OWNER_ONLY, persist, sync_directory, temporary_file};

/// The form of the files. It changes when a reader of the old form would be misled.
const VERSION: u32 = 1;

/// A dead letter.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeadLetter {
    version: u32,
    /// `xapi` or `caliper`.
    pub format: String,
    /// The name of the router, which is its URL.
    pub router: String,
    pub reason: Undeliverable,
    /// The status of the last answer, if there was one.
    pub status: Option<u16>,
    /// The server's words, cut, or why there was no answer.
    pub answer: String,
    /// How many requests were made for it.
    pub attempts: u64,
    /// Of Caliper, the envelope without its data.
    pub envelope: Option<Map<String, Value>>,
    pub items: Vec<DeadItem>,
}

/// A statement or event of a dead letter.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeadItem {
    /// The input and the line that it was made of.
    pub file: String,
    pub line: u64,
    pub id: Uuid,
    /// As it was sent.
    pub payload: Box<RawValue>,
}

/// Why something could not be delivered. The codes are stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Undeliverable {
    /// The server says that it is not valid.
    Refused,
    /// It is more than the server takes.
    TooLarge,
    /// The server holds something else under its id.
    Conflict,
    /// There was no useful answer, however often it was tried.
    Unavailable,
}

impl Undeliverable {
    /// The code, as in the letters.
    pub fn code(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::TooLarge => "too-large",
            Self::Conflict => "conflict",
            Self::Unavailable => "unavailable",
        }
    }
}

/// The directory.
#[derive(Clone, Debug)]
pub struct DeadLetters {
    directory: PathBuf,
}

impl DeadLetter {
    pub fn new(format: &str, router: &str, reason: Undeliverable) -> Self {
        Self {
            version: VERSION,
            format: format.to_owned(),
            router: router.to_owned(),
            reason,
            status: None,
            answer: String::new(),
            attempts: 0,
            envelope: None,
            items: Vec::new(),
        }
    }

    /// Reads a letter.
    ///
    /// # Errors
    /// The file cannot be read or is no dead letter.
    pub fn read(path: &Path) -> Result<Self> {
        let name = path.display();
        let text = fs::read(path).with_context(|| format!("failed to read `{name}`"))?;
        let letter: Self =
            serde_json::from_slice(&text).with_context(|| format!("`{name}` is no dead letter"))?;
        if letter.version != VERSION {
            bail!(
                "`{name}` is a dead letter of version {}, which this program does not know",
                letter.version
            );
        }
        Ok(letter)
    }

    /// The file's name: made of what is to be delivered and where to.
    fn file_name(&self) -> String {
        let mut hash = Sha256::new();
        hash.update(self.format.as_bytes());
        hash.update(self.router.as_bytes());
        for item in &self.items {
            hash.update([0]);
            hash.update(item.payload.get().as_bytes());
        }
        format!(
            "{:x}.json",
            Uuid::new_v8(first_16(&hash.finalize())).simple()
        )
    }
}

fn first_16(bytes: &[u8]) -> [u8; 16] {
    let mut first = [0; 16];
    first
        .iter_mut()
        .zip(bytes)
        .for_each(|(to, from)| *to = *from);
    first
}

impl DeadLetters {
    /// Takes the directory, and creates it when it is missing.
    ///
    /// # Errors
    /// It cannot be created or written to.
    pub fn create(directory: &Path) -> Result<Self> {
        let failed = || format!("failed to create the directory `{}`", directory.display());
        fs::create_dir_all(directory).with_context(failed)?;
        // What cannot be written is better known before anything is sent.
        tempfile::tempfile_in(directory)
            .with_context(|| format!("failed to write to `{}`", directory.display()))?;
        Ok(Self {
            directory: directory.to_owned(),
        })
    }

    /// Writes a letter durably. Gives its path.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write(&self, letter: &DeadLetter) -> Result<PathBuf> {
        let path = self.directory.join(letter.file_name());
        let write = || -> Result<()> {
            let mut file = temporary_file(&path, &self.directory, OWNER_ONLY)?;
            let mut writer = BufWriter::new(file.as_file_mut());
            serde_json::to_writer(&mut writer, letter)?;
            writer.flush()?;
            drop(writer);
            file.as_file().sync_all()?;
            persist(file, &path)?;
            // The name is durable when its directory is.
            sync_directory(&path)?;
            Ok(())
        };
        write().with_context(|| format!("failed to write the dead letter `{}`", path.display()))?;
        Ok(path)
    }

    /// The paths of the letters that are there, in name order.
    ///
    /// # Errors
    /// The directory cannot be read.
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

#[cfg(test)]
mod tests {
    use super::*;

    fn letter(payload: &str) -> DeadLetter {
        let mut letter = DeadLetter::new("xapi", "https://lrs.example", Undeliverable::TooLarge);
        letter.items.push(DeadItem {
            file: "a.log".to_owned(),
            line: 7,
            id: Uuid::from_u128(1),
            payload: RawValue::from_string(payload.to_owned()).unwrap(),
        });
        letter
    }

    #[test]
    fn a_letter_is_read_as_it_was_written_and_is_there_once() {
        let directory = tempfile::tempdir().unwrap();
        let letters = DeadLetters::create(&directory.path().join("a/b")).unwrap();
        let path = letters.write(&letter(r#"{"x": 1.0}"#)).unwrap();
        assert_eq!(letters.write(&letter(r#"{"x": 1.0}"#)).unwrap(), path);
        letters.write(&letter(r#"{"x": 2}"#)).unwrap();
        assert_eq!(letters.list().unwrap().len(), 2);
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
    fn what_is_no_letter_is_an_error_that_names_it() {
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
}

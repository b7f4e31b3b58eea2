//! The hashes of the lines that runs have read, in the file `journal.lines` of the state directory. By these hashes, a copy
//! of a known log is recognized up to its last line, wherever the copy ends.
//!
//! Each line is stored as the first three bytes of the running hash of the log up to the end of the line. A hash in the
//! file does not say whether its line is delivered. The line is delivered if the journal has a later position that belongs
//! to the same lines. Every run may append to the file. The file is read only for inputs that share their first lines with
//! a known log, and then end or differ between two recorded positions.
//!
//! Without the file, inputs are recognized by the positions in the journal.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::appended_lines::{for_each_line, open};
use super::entry::InputId;
use crate::files::{OWNER_ONLY, persist, temporary_file};
use crate::input::{Position, Shape};

/// The number of bytes of a hash in the file. Only the next line of a log that begins like a known log is compared with a
/// hash, so few bytes are enough, and many hashes take little space: four characters each.
const HASH_BYTES: usize = 3;
const HASH_CHARS: usize = 4;

/// A part of the hash of all bytes before a position.
pub type LineHash = u32;

/// The hashes of consecutive lines of an input, as a line of the file.
#[derive(Serialize, Deserialize)]
struct LinesJson<'a> {
    input: InputId,
    /// The number of the line after which the run went on reading, and its hash.
    after: u64,
    hash: &'a str,
    /// The number of the first line that has a hash, if it is not the line after `after`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    first: Option<u64>,
    /// A part of the hash of the other fields. A damaged hash of a line would look like another line.
    #[serde(default)]
    check: u32,
    lines: &'a str,
}

/// The hashes of consecutive lines of an input in the file.
#[derive(Clone, Copy, Debug)]
pub struct KnownLines {
    /// The numbers of the first and the last line.
    pub first: u64,
    pub last: u64,
    after: u64,
    after_hash: LineHash,
    /// The offset of the first hash in the file.
    at: u64,
}

/// Lines of an input that were read.
pub struct ReadLines<'b> {
    pub shape: Shape,
    /// The position before the first line.
    pub before: Position,
    /// The position after each line or record.
    pub positions: &'b [Position],
    /// Whether each position is at the end of a line. Otherwise the input is a stream of records.
    pub are_lines: bool,
}

/// The file with the hashes.
#[derive(Debug)]
pub struct LineHashes {
    path: PathBuf,
    file: Option<Arc<File>>,
    /// The contents of the first `indexed` bytes of the file, in their order.
    index: BTreeMap<InputId, Vec<KnownLines>>,
    indexed: u64,
    /// Whether the index has all lines that earlier runs have appended.
    has_earlier: bool,
    is_dirty: bool,
}

impl LineHashes {
    pub fn new(path: PathBuf) -> Self {
        Self {
            path,
            file: None,
            index: BTreeMap::new(),
            indexed: 0,
            has_earlier: false,
            is_dirty: false,
        }
    }

    /// Appends the hashes of lines that were read from an input, given the positions before and after each line. Leaves out
    /// the lines whose hashes earlier runs have appended. Such lines are read again if they were not delivered.
    ///
    /// # Errors
    /// Returns an error if the file cannot be written.
    pub fn append(
        &mut self,
        input: InputId,
        before: &Position,
        positions: &[Position],
    ) -> io::Result<()> {
        if !self.has_earlier {
            self.index()?;
            self.has_earlier = true;
        }
        let mut text = Vec::new();
        let mut before = *before;
        for lines in positions.chunk_by(|one, next| next.line == one.line + 1 && !next.open) {
            let known = self.count_known(input, lines)?;
            before = known.checked_sub(1).map_or(before, |last| lines[last]);
            let ([first, .., last] | [first @ last]) = &lines[known..] else {
                continue;
            };
            let lines = &lines[known..];
            if !first.open {
                let hashes: Vec<u8> = lines.iter().flat_map(bytes_of_hash).collect();
                let mut json = LinesJson {
                    input,
                    after: before.line,
                    hash: &STANDARD.encode(bytes_of_hash(&before)),
                    first: (first.line != before.line + 1).then_some(first.line),
                    check: 0,
                    lines: &STANDARD.encode(hashes),
                };
                json.check = json.checked();
                serde_json::to_writer(&mut text, &json)?;
                text.push(b'\n');
            }
            before = *last;
        }
        if text.is_empty() {
            return Ok(());
        }
        let file = match &self.file {
            Some(file) => file,
            None => self.file.insert(Arc::new(open(&self.path)?)),
        };
        self.is_dirty = true;
        (&**file).write_all(&text)
    }

    /// Returns the number of the first lines of an input whose hashes are in the index.
    fn count_known(&self, input: InputId, lines: &[Position]) -> io::Result<usize> {
        let parts = self.index.get(&input).map_or(&[][..], Vec::as_slice);
        let mut known = 0;
        while let Some(next) = lines.get(known).filter(|next| !next.open) {
            let mut most = 0;
            for part in parts.iter().filter(|part| part.contains(next.line)) {
                let from = KnownLines {
                    first: next.line,
                    at: part.at + (next.line - part.first) * HASH_CHARS as u64,
                    ..*part
                };
                let hashes = self.hashes(&from)?;
                let same = hashes.iter().zip(&lines[known..]);
                let same = same.take_while(|(hash, line)| !line.open && **hash == hash_of(line));
                most = most.max(same.count());
            }
            if most == 0 {
                break;
            }
            known += most;
        }
        Ok(known)
    }

    /// Returns the message for a file that cannot be written.
    pub fn failed(&self) -> String {
        format!("failed to write the state `{}`", self.path.display())
    }

    /// Makes the appended hashes durable.
    ///
    /// # Errors
    /// Returns an error if the system fails to write.
    pub fn sync(&mut self) -> io::Result<()> {
        match &self.file {
            Some(file) if std::mem::take(&mut self.is_dirty) => file.sync_data(),
            _ => Ok(()),
        }
    }

    /// Removes the hashes of inputs that are not known any more, if they are more than half of the file.
    ///
    /// # Errors
    /// Returns an error if the file cannot be read or written.
    pub fn remove_unknown(&mut self, is_known: impl Fn(InputId) -> bool) -> io::Result<()> {
        let Some(file) = self.existing()? else {
            return Ok(());
        };
        let is_kept = |line: &[u8]| {
            let json = serde_json::from_slice::<LinesJson>(line);
            json.is_ok_and(|json| is_known(json.input))
        };
        let (mut all, mut kept) = (0, 0);
        for_each_line(&file, 0, |_, line| {
            all += line.len();
            kept += if is_kept(line) { line.len() } else { 0 };
            Ok(())
        })?;
        if all <= 2 * kept {
            return Ok(());
        }
        let temporary = temporary_file(&self.path, OWNER_ONLY).map_err(io::Error::other)?;
        let mut writer = io::BufWriter::new(temporary);
        for_each_line(&file, 0, |_, line| match is_kept(line) {
            true => writer.write_all(line),
            false => Ok(()),
        })?;
        let temporary = writer.into_inner()?;
        persist(temporary, &self.path).map_err(io::Error::other)?;
        *self = Self::new(std::mem::take(&mut self.path));
        Ok(())
    }

    /// Returns the hashes of lines of an input that are delivered: of the lines after `line`, up to the last of the
    /// `delivered` positions.
    ///
    /// # Errors
    /// Returns an error if the file cannot be read.
    pub fn delivered(
        &mut self,
        input: InputId,
        delivered: &[Position],
        line: u64,
    ) -> io::Result<Vec<KnownLines>> {
        self.index()?;
        let known = self.index.get(&input).cloned().unwrap_or_default();
        // The last delivered line of each part of the file.
        let mut last = vec![0; known.len()];
        // Returns the last part before a part that has a line with a hash.
        let part_with = |before: usize, line: u64, hash: LineHash| -> io::Result<Option<usize>> {
            for nth in (0..before).rev() {
                if known[nth].contains(line) && self.hash_of(&known[nth], line)? == hash {
                    return Ok(Some(nth));
                }
            }
            Ok(None)
        };
        let positions = delivered.iter().filter(|position| position.line > line);
        for position in positions.filter(|position| !position.open) {
            if let Some(nth) = part_with(known.len(), position.line, hash_of(position))? {
                last[nth] = position.line.max(last[nth]);
            }
        }
        for nth in (0..known.len()).rev() {
            let part = &known[nth];
            if last[nth] > 0
                && part.after > line
                && let Some(earlier) = part_with(nth, part.after, part.after_hash)?
            {
                last[earlier] = part.after.max(last[earlier]);
            }
        }
        let parts = known.into_iter().zip(last);
        let parts = parts.filter(|(part, last)| *last > line && *last >= part.first);
        Ok(parts
            .map(|(part, last)| KnownLines { last, ..part })
            .collect())
    }

    /// Returns whether the line before a position is a delivered line of an input. The line may lack its newline.
    pub fn have(&mut self, input: InputId, delivered: &[Position], end: &Position) -> bool {
        let line = end.line + u64::from(end.open);
        let known = self.delivered(input, delivered, line.saturating_sub(1));
        let has = |lines: &KnownLines| {
            // The hash of a line without its newline is not known. The caller has compared the line.
            lines.contains(line)
                && (end.open || self.hash_of(lines, line).ok() == Some(hash_of(end)))
        };
        known.is_ok_and(|known| known.iter().any(has))
    }

    /// Returns the hashes of lines, each of them for the next line.
    ///
    /// # Errors
    /// Returns an error if the file cannot be read.
    pub fn hashes(&self, lines: &KnownLines) -> io::Result<Vec<LineHash>> {
        let count = usize::try_from(lines.last + 1 - lines.first).map_err(io::Error::other)?;
        let bytes = self.read(lines.at, count * HASH_CHARS)?;
        Ok(bytes.chunks_exact(HASH_BYTES).map(from_bytes).collect())
    }

    fn hash_of(&self, lines: &KnownLines, line: u64) -> io::Result<LineHash> {
        let at = lines.at + (line - lines.first) * HASH_CHARS as u64;
        Ok(from_bytes(&self.read(at, HASH_CHARS)?))
    }

    /// Reads and decodes a part of the file.
    fn read(&self, at: u64, length: usize) -> io::Result<Vec<u8>> {
        let mut text = vec![0; length];
        let mut file = self.file.as_deref().ok_or(io::ErrorKind::NotFound)?;
        file.seek(SeekFrom::Start(at))?;
        file.read_exact(&mut text)?;
        STANDARD.decode(text).map_err(io::Error::other)
    }

    /// Reads the lines of the file that are not in the index. Damaged lines are left out.
    fn index(&mut self) -> io::Result<()> {
        let Some(file) = self.existing()? else {
            return Ok(());
        };
        let index = &mut self.index;
        let mut end = self.indexed;
        for_each_line(&file, self.indexed, |at, line| {
            end = at + line.len() as u64;
            if let Ok(json) = serde_json::from_slice::<LinesJson>(line)
                && let Some(known) = json.known_lines(end)
            {
                index.entry(json.input).or_default().push(known);
            }
            Ok(())
        })?;
        self.indexed = end;
        Ok(())
    }

    /// Returns the file, or `None` if it does not exist.
    fn existing(&mut self) -> io::Result<Option<Arc<File>>> {
        if self.file.is_none() && self.path.exists() {
            self.file = Some(Arc::new(open(&self.path)?));
        }
        Ok(self.file.clone())
    }
}

impl KnownLines {
    fn contains(&self, line: u64) -> bool {
        (self.first..=self.last).contains(&line)
    }
}

impl LinesJson<'_> {
    /// Returns the value of `check` if no field is damaged.
    fn checked(&self) -> u32 {
        let mut hash = xxhash_rust::xxh3::Xxh3::new();
        for number in [self.input, self.after, self.first.unwrap_or(0)] {
            hash.update(&number.to_le_bytes());
        }
        hash.update(self.hash.as_bytes());
        hash.update(self.lines.as_bytes());
        let [a, b, c, d, ..] = hash.digest().to_le_bytes();
        u32::from_le_bytes([a, b, c, d])
    }

    /// Returns the lines, given the offset in the file at which their text ends. Returns `None` if they are damaged.
    fn known_lines(&self, end: u64) -> Option<KnownLines> {
        if self.check != self.checked() {
            return None;
        }
        let count = (self.lines.len() / HASH_CHARS) as u64;
        let first = self.first.unwrap_or(self.after + 1);
        let after_hash = STANDARD.decode(self.hash).ok()?;
        (count > 0).then(|| KnownLines {
            first,
            last: first + count - 1,
            after: self.after,
            after_hash: from_bytes(&after_hash),
            at: end - "\"}\n".len() as u64 - self.lines.len() as u64,
        })
    }
}

/// Returns the hash of the line before a position.
pub fn hash_of(position: &Position) -> LineHash {
    from_bytes(&bytes_of_hash(position))
}

fn bytes_of_hash(position: &Position) -> [u8; HASH_BYTES] {
    let [a, b, c, ..] = position.hash.to_le_bytes();
    [a, b, c]
}

fn from_bytes(bytes: &[u8]) -> LineHash {
    let digits = bytes.iter().rev().map(|&byte| LineHash::from(byte));
    digits.fold(0, |hash, byte| hash << 8 | byte)
}

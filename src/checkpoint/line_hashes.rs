//! The hashes of the lines and records that runs have read, in the file `journal.lines` of the state directory. By these
//! hashes, a copy of a known log is recognized up to its last line, wherever the copy ends.
//!
//! A hash in the file does not say whether its line is delivered. The line is delivered if the journal has a later position
//! that belongs to the same lines. Every run may append to the file. The file is read only for inputs that share their
//! first lines with a known log, and then end or differ between two recorded positions.
//!
//! Without the file, inputs are recognized by the positions in the journal.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::sync::Arc;

use super::appended_lines::{for_each_line, open};
use super::entry::InputId;
use super::known_lines::{KnownLines, LineEnd, LinesRow, decode};
use crate::files::{OWNER_ONLY, persist, temporary_file};
use crate::input::{Position, Shape};

/// Lines of an input that were read.
pub struct ReadLines<'b> {
    pub shape: Shape,
    /// The position before the first line.
    pub before: Position,
    /// The position after each line or record.
    pub positions: &'b [Position],
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
        let whole = positions.iter().filter(|position| !position.open);
        let ends: Vec<LineEnd> = whole.map(LineEnd::of).collect();
        let known = self.count_known(input, &ends)?;
        let (known, new) = ends.split_at(known);
        if new.is_empty() {
            return Ok(());
        }
        let after = known.last().copied();
        let after = after.unwrap_or_else(|| LineEnd::of(before));
        let mut text = Vec::new();
        LinesRow::write(&mut text, input, after, new)?;
        let file = match &self.file {
            Some(file) => file,
            None => self.file.insert(Arc::new(open(&self.path)?)),
        };
        self.is_dirty = true;
        (&**file).write_all(&text)
    }

    /// Returns how many of the first lines of an input are in the index.
    fn count_known(&self, input: InputId, lines: &[LineEnd]) -> io::Result<usize> {
        let rows = self.index.get(&input).map_or(&[][..], Vec::as_slice);
        let mut known = 0;
        while let Some(next) = lines.get(known) {
            let Some((nth, ends)) = self.row_with(rows, next)? else {
                break;
            };
            let ends = ends.unwrap_or_else(|| vec![rows[nth].last]);
            let same = ends.iter().skip_while(|end| *end != next);
            let same = same
                .zip(&lines[known..])
                .take_while(|(end, line)| end == line);
            known += same.count();
        }
        Ok(known)
    }

    /// Returns the number of the last row that has the end of a line. Also returns the ends in the row, unless the line is
    /// the last line of the row.
    fn row_with(
        &self,
        rows: &[KnownLines],
        line: &LineEnd,
    ) -> io::Result<Option<(usize, Option<Vec<LineEnd>>)>> {
        for (nth, row) in rows.iter().enumerate().rev() {
            if row.last == *line {
                return Ok(Some((nth, None)));
            }
            if row.may_end_at(line.offset) {
                let ends = self.ends(row)?;
                if ends.contains(line) {
                    return Ok(Some((nth, Some(ends))));
                }
            }
        }
        Ok(None)
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

    /// Removes the hashes of inputs that are not known any more, and those of earlier versions, if they are more than half
    /// of the file.
    ///
    /// # Errors
    /// Returns an error if the file cannot be read or written.
    pub fn remove_unknown(&mut self, is_known: impl Fn(InputId) -> bool) -> io::Result<()> {
        let Some(file) = self.existing()? else {
            return Ok(());
        };
        let is_kept = |line: &[u8]| {
            let row = serde_json::from_slice::<LinesRow<'_>>(line);
            row.is_ok_and(|row| is_known(row.input))
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

    /// Returns the lines that are delivered: lines that end after an offset, up to the last of the `delivered` positions of
    /// an input. The input may begin with lines of other inputs, so `inputs` are all inputs that may have the lines.
    ///
    /// # Errors
    /// Returns an error if the file cannot be read.
    pub fn delivered(
        &mut self,
        inputs: &[InputId],
        delivered: &[Position],
        after: u64,
    ) -> io::Result<Vec<KnownLines>> {
        self.index()?;
        let rows = inputs.iter().filter_map(|input| self.index.get(input));
        let mut rows: Vec<KnownLines> = rows.flatten().copied().collect();
        // A row follows those with the lines before its own in the file.
        rows.sort_by_key(|row| row.at);
        // The last delivered line of each row.
        let mut last = vec![LineEnd::default(); rows.len()];
        let positions = delivered.iter().filter(|position| position.offset > after);
        for position in positions.filter(|position| !position.open) {
            let end = LineEnd::of(position);
            if let Some((nth, _)) = self.row_with(&rows, &end)? {
                last[nth] = std::cmp::max_by_key(end, last[nth], |end| end.offset);
            }
        }
        for nth in (0..rows.len()).rev() {
            let before = rows[nth].after;
            if last[nth].offset > 0
                && before.offset > after
                && let Some((nth, _)) = self.row_with(&rows[..nth], &before)?
            {
                last[nth] = std::cmp::max_by_key(before, last[nth], |end| end.offset);
            }
        }
        let rows = rows.into_iter().zip(last);
        let rows = rows.filter(|(_, last)| last.offset > after);
        Ok(rows.map(|(row, last)| KnownLines { last, ..row }).collect())
    }

    /// Returns whether the line before a position is a delivered line of an input. The line may lack its newline.
    pub fn have(&mut self, input: InputId, delivered: &[Position], position: &Position) -> bool {
        let end = LineEnd::of(position);
        // The hash of a line without its newline is not known. The caller has compared the line.
        let with_newline = end.offset + 1..=end.offset + 2;
        let is_end = |known: &LineEnd| match position.open {
            true => with_newline.contains(&known.offset),
            false => *known == end,
        };
        let rows = self.delivered(&[input], delivered, end.offset.saturating_sub(1));
        let mut rows = rows.unwrap_or_default().into_iter();
        rows.any(|row| self.ends(&row).is_ok_and(|ends| ends.iter().any(is_end)))
    }

    /// Returns the ends of the lines in a row, up to its last line.
    ///
    /// # Errors
    /// Returns an error if the file cannot be read.
    pub fn ends(&self, row: &KnownLines) -> io::Result<Vec<LineEnd>> {
        let mut text = vec![0; row.length];
        let mut file = self.file.as_deref().ok_or(io::ErrorKind::NotFound)?;
        file.seek(SeekFrom::Start(row.at))?;
        file.read_exact(&mut text)?;
        let mut ends = decode(row.after, &text).ok_or(io::ErrorKind::InvalidData)?;
        ends.truncate(ends.partition_point(|end| end.offset <= row.last.offset));
        Ok(ends)
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
            if let Ok(row) = serde_json::from_slice::<LinesRow<'_>>(line)
                && let Some(known) = row.known_lines(end)
            {
                index.entry(row.input).or_default().push(known);
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

//! Finds how many lines an input shares with a longer log that is already delivered. So no line of a copy is delivered
//! again, wherever the copy ends.

use std::io::{self, BufRead, Write};

use super::line_hashes::{KnownLines, LineHash, hash_of};
use super::state_directory::StateDirectory;
use crate::input::{Position, PositionTracker};

/// The delivered lines of a known log, with which the lines of an input are compared.
pub struct KnownLog<'d> {
    directory: &'d StateDirectory,
    /// The number of the last line that is known to be the same.
    line: u64,
    /// The lines that are not compared yet, in the order of their first lines.
    later: std::iter::Peekable<std::vec::IntoIter<KnownLines>>,
    /// The lines of which one has the number of the next line of the input.
    current: Vec<(KnownLines, Vec<LineHash>)>,
    /// The position after the last line that both have.
    pub reached: Option<Position>,
    /// Whether a line was different, or all lines of the known log are compared.
    pub is_over: bool,
    /// Whether every line of the input up to the first different line was compared, or up to the end of the input.
    pub is_certain: bool,
}

impl<'d> KnownLog<'d> {
    /// Returns the log with these lines, which are compared with the lines of the input after `line`.
    pub fn new(directory: &'d StateDirectory, line: u64, mut lines: Vec<KnownLines>) -> Self {
        lines.sort_by_key(|lines| lines.first);
        Self {
            directory,
            line,
            is_over: lines.is_empty(),
            is_certain: !lines.is_empty(),
            later: lines.into_iter().peekable(),
            current: Vec::new(),
            reached: None,
        }
    }

    /// Returns whether the known log has the line that ends at a position. Returns `None` if its hash is not known.
    fn has(&mut self, end: &Position) -> io::Result<Option<bool>> {
        while let Some(lines) = self.later.next_if(|lines| lines.first <= end.line) {
            let hashes = self.directory.memory().lines.hashes(&lines)?;
            self.current.push((lines, hashes));
        }
        self.current.retain(|(lines, _)| end.line <= lines.last);
        let hash = hash_of(end);
        let mut hashes = self.current.iter().map(|(lines, hashes)| {
            let nth = usize::try_from(end.line - lines.first).unwrap_or(usize::MAX);
            hashes.get(nth) == Some(&hash)
        });
        Ok((!self.current.is_empty()).then(|| hashes.any(|is_same| is_same)))
    }

    /// Compares the next line of the input, which ends at a position.
    fn compare(&mut self, end: Position) -> io::Result<()> {
        if end.line <= self.line {
            return Ok(());
        }
        match self.has(&end)? {
            Some(true) => self.reached = Some(end),
            Some(false) => self.is_over = true,
            None => {
                self.is_certain = false;
                self.is_over = self.later.peek().is_none();
            }
        }
        Ok(())
    }
}

/// Compares the lines of an input after a position with known logs, up to the end of the input. The last line of the
/// input may lack its newline.
///
/// # Errors
/// Returns an error if the input or the hashes of the lines cannot be read.
pub fn compare(
    reader: &mut impl BufRead,
    mut tracker: PositionTracker,
    logs: &mut [KnownLog<'_>],
) -> io::Result<()> {
    tracker.open = false;
    let mut is_in_line = false;
    while logs.iter().any(|log| !log.is_over) {
        let text = reader.fill_buf()?;
        if text.is_empty() {
            break;
        }
        let newline = memchr::memchr(b'\n', text);
        let length = newline.map_or(text.len(), |newline| newline + 1);
        tracker.write_all(&text[..length])?;
        reader.consume(length);
        is_in_line = newline.is_none();
        if newline.is_some() {
            tracker.line += 1;
            let end = tracker.position();
            for log in logs.iter_mut().filter(|log| !log.is_over) {
                log.compare(end)?;
            }
        }
    }
    if !is_in_line {
        return Ok(());
    }
    tracker.open = true;
    let open = tracker.position();
    let closed = ["\n", "\r\n"].map(|newline| {
        let mut closed = tracker.clone();
        closed.hash.update(newline.as_bytes());
        (closed.line, closed.open) = (tracker.line + 1, false);
        closed.position()
    });
    for log in logs.iter_mut().filter(|log| !log.is_over) {
        // Otherwise the line may be a part of the known line that has a whole event.
        log.is_certain = false;
        for closed in &closed {
            if log.has(closed)? == Some(true) {
                log.reached = Some(open);
                log.is_certain = true;
            }
        }
    }
    Ok(())
}

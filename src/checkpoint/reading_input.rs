//! Inputs that were opened, and what is remembered of them while they are read.

use std::cell::Cell;
use std::sync::Arc;

use super::entry::InputId;
use super::line_hashes::ReadLines;
use super::read_files::ReadFile;
use super::sequencer::SequencedInput;
use super::state_directory::StateDirectory;
use crate::input::{FileStamp, LineBatch, Position, ReadEnd, Shape, StampedFile, WatchedFile};
use crate::pipeline::InputGuard;

/// An input that was opened and is not yet delivered to its end.
pub struct ReadingInput {
    pub sequenced: SequencedInput,
    pub directory: Arc<StateDirectory>,
    /// The input in the journal. `None` for a rejects file, which the journal does not mention.
    pub input: Option<InputId>,
    pub shape: Shape,
    pub may_grow: bool,
    pub file: Option<WatchedFile>,
    /// The file, if all changes since it was opened can be noticed. Later runs know whether it was read to its end.
    pub stamped: Option<StampedFile>,
    /// The position up to which the input has the same lines as a longer log, if it is a copy.
    pub copied: Option<Position>,
    /// The position up to which the input is read.
    pub position: Cell<Position>,
    /// The input in the journal whose progress says which lines are delivered. Before the first line is read, this is
    /// `Resumed::recorded_as`.
    pub recorded_as: Cell<InputId>,
}

impl InputGuard for ReadingInput {
    fn start<T>(&self, start: impl FnOnce() -> T) -> T {
        self.sequenced.start(start)
    }

    fn has_read(&self, batch: &LineBatch) {
        if let Some(input) = self.input {
            let lines = ReadLines {
                shape: self.shape,
                before: self.position.get(),
                positions: &batch.positions,
            };
            self.directory.has_read(input, lines, self.may_grow);
            if let Some(last) = batch.positions.last() {
                self.position.set(*last);
                self.recorded_as.set(input);
            }
        }
    }

    /// Leaves the rest of the input to the next run if another program is writing it. Notes a file that was read to its
    /// end.
    fn end(&self, end: ReadEnd) -> ReadEnd {
        let error = end.result.as_ref().err();
        let reason =
            error.and_then(|error| self.file.as_ref()?.held_back(error, &self.position.get()));
        if reason.is_some() {
            return ReadEnd {
                result: Ok(()),
                rest: reason,
                ..end
            };
        }
        let whole = self.stamped.as_ref().filter(|_| end.is_whole());
        let unchanged = whole.and_then(StampedFile::unchanged_stamp);
        if let Some(stamp) = unchanged.or_else(|| self.identity()) {
            self.directory.has_read_file(ReadFile {
                input: self.recorded_as.get(),
                end: self.position.get(),
                packed: !self.may_grow,
                is_copy: self.copied == Some(self.position.get()),
                stamp,
            });
        }
        end
    }
}

impl ReadingInput {
    /// Returns the identity of a plain file, unless the journal has it. Its time of change is 0, so that the file never
    /// counts as unchanged.
    fn identity(&self) -> Option<FileStamp> {
        let stamp = self.file.as_ref().filter(|_| self.may_grow)?.stamp()?;
        let input = self.input?;
        let is_known = self.directory.input_of_file(&stamp) == Some(input);
        let changed = 0;
        (!is_known).then_some(FileStamp { changed, ..stamp })
    }
}

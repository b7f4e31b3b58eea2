//! The input that a file has, by the identity of the file. So the contents of a log that vanished before it was opened are
//! recognized elsewhere.

use super::entry::InputId;
use super::history::History;
use super::known::EMPTY_INPUT;
use super::state_directory::StateDirectory;
use crate::input::{FileStamp, Shape};

impl StateDirectory {
    /// Returns the input that a plain file had when a run last read it to its end, if the file can only have grown since. A
    /// new file may get the inode of a deleted file, so its size and time are compared, too.
    pub fn input_of_file(&self, stamp: &FileStamp) -> Option<InputId> {
        let memory = self.memory();
        let known = memory.contents.file(stamp)?;
        let may_be_same = known.input != EMPTY_INPUT
            && !known.packed
            && known.stamp.size <= stamp.size
            && known.stamp.modified <= stamp.modified;
        may_be_same.then_some(known.input)
    }

    /// Returns whether this or earlier runs have read the first `bytes` bytes of an input.
    pub fn has_read_until(&self, input: InputId, bytes: u64) -> bool {
        let memory = self.memory();
        let read = memory.read.get(&(input, Shape::Log)).into_iter();
        let mut read = read.flat_map(History::positions);
        let known = memory.contents.inputs.get(&input).into_iter();
        let mut delivered = known.flat_map(|known| known.delivered.values());
        read.any(|position| position.offset >= bytes)
            || delivered.any(|progress| progress.position.offset >= bytes)
    }
}

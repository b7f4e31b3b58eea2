//! Opens inputs where earlier runs stopped.

use std::io;
use std::sync::Arc;

use super::entry::InputId;
use super::resume::{Destinations, Resumed};
use super::sequencer::{InputSequencer, SequencedInput};
use super::state_directory::StateDirectory;
use crate::input::{BytesRead, LineBatch, Opened, Shape, Source};
use crate::pipeline::{InputGuard, InputOpener};

/// Opens each input at the position up to which earlier runs delivered it.
pub struct ResumingOpener {
    directory: Arc<StateDirectory>,
    destinations: Destinations,
    sequencer: Arc<InputSequencer>,
}

/// An input that was opened and is not yet delivered to its end.
pub struct ReadingInput {
    sequenced: SequencedInput,
    directory: Arc<StateDirectory>,
    input: InputId,
    shape: Shape,
}

impl ResumingOpener {
    pub fn new(directory: Arc<StateDirectory>, destinations: Destinations) -> Self {
        Self {
            directory,
            destinations,
            sequencer: Arc::default(),
        }
    }

    pub fn directory(&self) -> &Arc<StateDirectory> {
        &self.directory
    }
}

impl InputOpener for ResumingOpener {
    type Start = Resumed;
    type Guard = ReadingInput;

    fn open(
        &self,
        input: usize,
        source: &Source,
        bytes_read: &BytesRead,
    ) -> io::Result<(Opened, Resumed, ReadingInput)> {
        let sequenced = InputSequencer::input(&self.sequencer, input);
        let (resumed, opened) =
            self.directory
                .resume(&sequenced, source, &self.destinations, bytes_read)?;
        let guard = ReadingInput {
            sequenced,
            directory: Arc::clone(&self.directory),
            input: resumed.input,
            shape: source.shape,
        };
        Ok((opened, resumed, guard))
    }
}

impl InputGuard for ReadingInput {
    fn start<T>(&self, start: impl FnOnce() -> T) -> T {
        self.sequenced.start(start)
    }

    fn has_read(&self, batch: &LineBatch) {
        self.directory
            .has_read(self.input, self.shape, &batch.positions);
    }
}

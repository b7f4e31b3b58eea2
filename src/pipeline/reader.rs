//! The reading threads: batches from inputs, each with a place where its result will be.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use rayon::ThreadPool;

use super::budget::Budget;
use super::queues::{Message, Queues};
use super::{PipelineOptions, What};
use crate::buffers::Buffers;
use crate::checkpoint::{Resumed, Turn, Turns};
use crate::input::{self, Batch, BatchReader, BytesRead, Shape, Source};

/// What the reading threads share.
pub struct Reading<C> {
    pub sources: Arc<[Source]>,
    pub options: PipelineOptions,
    pub pool: ThreadPool,
    pub convert: C,
    pub budget: Arc<Budget>,
    pub buffers: Buffers,
    /// Of which nothing more is wanted.
    pub unwanted: Vec<AtomicBool>,
}

/// Nobody wants more.
struct Unwanted;

impl<C: Send + Sync + 'static> Reading<C> {
    /// Reads one input after the other, as long as there are more.
    pub fn read_all<T>(self: &Arc<Self>, queues: &Queues<T>)
    where
        T: Send + 'static,
        C: Fn(&Source, Batch) -> T,
    {
        while let Some((input, queue)) = queues.next_input(self.sources.len()) {
            if self.read(input, &queue).is_err() {
                return;
            }
        }
    }

    fn read<T>(
        self: &Arc<Self>,
        input: usize,
        queue: &SyncSender<Message<T>>,
    ) -> Result<(), Unwanted>
    where
        T: Send + 'static,
        C: Fn(&Source, Batch) -> T,
    {
        let put = |what, turn| {
            if self.options.interrupted.is_set() {
                return Err(Unwanted);
            }
            let message = Message { input, what, turn };
            queue.send(message).map_err(|_| Unwanted)
        };
        let tell = |what| put(what, None);
        let source = &self.sources[input];
        let bytes_read = self.options.bytes_read.of_input();
        let state = self.options.state.as_ref();
        let turn = state.map(|state| Turns::of(&state.turns, input));
        let (resumed, mut reader) = match self.options.open(turn.as_ref(), source, &bytes_read) {
            Ok((resumed, reader)) => (resumed, reader.sharing(&self.buffers)),
            Err(error) => return tell(What::Unopened(error)),
        };
        let known_as = resumed.as_ref().map(|resumed| resumed.input);
        let start = || tell(What::Start(resumed));
        match &turn {
            Some(turn) => turn.start(start)?,
            None => start()?,
        }
        while !self.unwanted[input].load(Ordering::Relaxed) {
            let Some(batch) = next_batch(&mut reader, source.shape) else {
                break;
            };
            if let Some((state, known_as)) = state.zip(known_as) {
                state
                    .directory
                    .has_read(known_as, source.shape, &batch.places);
            }
            let in_flight = Budget::take(&self.budget, input, batch.bytes());
            tell(What::Batch((self.convert(input, batch), in_flight)))?;
        }
        put(What::End(reader.finish(), bytes_read.here()), turn)
    }

    /// Has a batch converted. Gives the place where the result will be.
    fn convert<T>(self: &Arc<Self>, input: usize, batch: Batch) -> Receiver<thread::Result<T>>
    where
        T: Send + 'static,
        C: Fn(&Source, Batch) -> T,
    {
        let (result, place) = sync_channel(1);
        let reading = Arc::clone(self);
        self.pool.spawn(move || {
            let convert = || (reading.convert)(&reading.sources[input], batch);
            let converted = catch_unwind(AssertUnwindSafe(convert));
            // Nobody waits for it any more when the delivery has stopped.
            let _ = result.send(converted);
        });
        place
    }
}

impl PipelineOptions {
    /// Opens an input where it is to be gone on with.
    fn open(
        &self,
        turn: Option<&Turn>,
        source: &Source,
        bytes_read: &BytesRead,
    ) -> io::Result<(Option<Resumed>, Reader)> {
        let Some((state, turn)) = self.state.as_ref().zip(turn) else {
            let opened = input::open(source, bytes_read)?;
            return Ok((None, BatchReader::new(opened.reader, self.max_line_bytes)));
        };
        let (resumed, opened) =
            state
                .directory
                .resume(turn, source, &state.destinations, bytes_read)?;
        let mut reader = BatchReader::new(opened.reader, self.max_line_bytes);
        if let Some(start) = opened.start {
            reader = reader.following(start, opened.may_grow);
        }
        Ok((Some(resumed), reader))
    }
}

type Reader = BatchReader<Box<dyn io::Read + Send>>;

fn next_batch(reader: &mut BatchReader<impl io::Read>, shape: Shape) -> Option<Batch> {
    match shape {
        Shape::Log => reader.next_batch(),
        Shape::Document => reader.whole(),
    }
}

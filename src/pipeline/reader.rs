//! The reading threads.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use rayon::ThreadPool;

use super::budget::{Budget, InFlight};
use super::event::InputEvent;
use super::opener::{InputGuard, InputOpener, OpenedInput};
use super::options::PipelineOptions;
use super::queues::Queues;
use crate::buffers::Buffers;
use crate::input::{BatchReader, LineBatch, Shape, Source};

/// Converts the first lines of a batch, and returns the remaining lines if a large output should be delivered first.
pub type Convert<T> = dyn Fn(&Source, LineBatch) -> (T, Option<LineBatch>) + Send + Sync;

/// The state that the reading threads share.
pub struct InputReader<O, T> {
    pub sources: Arc<[Source]>,
    pub options: PipelineOptions,
    pub opener: O,
    pub pool: ThreadPool,
    pub convert: Box<Convert<T>>,
    pub budget: Arc<Budget>,
    pub buffers: Buffers,
    /// For each input, whether its remaining lines can be skipped.
    pub skipped: Vec<AtomicBool>,
}

/// A message to the delivery.
pub struct Message<O: InputOpener, T> {
    /// The number of the input.
    pub input: usize,
    pub event: InputEvent<O::Start, (Slot<T>, InFlight)>,
    /// The guard of the input, with its end.
    pub guard: Option<O::Guard>,
}

/// Receives the result of a conversion, or its panic.
pub type Slot<T> = Receiver<thread::Result<(T, Option<LineBatch>)>>;

/// The run has ended, so that no message is received any more.
struct RunEnded;

impl<O: InputOpener, T: Send + 'static> InputReader<O, T> {
    /// Reads one input after the other, until all are read or the run has ended.
    pub fn read_all(self: &Arc<Self>, queues: &Queues<Message<O, T>>) {
        while let Some((input, queue)) = queues.next_input(self.sources.len()) {
            if self.read(input, &queue).is_err() {
                return;
            }
        }
    }

    fn read(
        self: &Arc<Self>,
        input: usize,
        queue: &SyncSender<Message<O, T>>,
    ) -> Result<(), RunEnded> {
        let send = |event, guard| {
            if self.options.interrupted.is_set() {
                return Err(RunEnded);
            }
            let message = Message {
                input,
                event,
                guard,
            };
            queue.send(message).map_err(|_| RunEnded)
        };
        let source = &self.sources[input];
        let bytes_read = self.options.bytes_read.for_input();
        let OpenedInput {
            opened,
            start,
            guard,
        } = match self.opener.open(input, source, &bytes_read) {
            Ok(opened) => opened,
            Err(error) => return send(InputEvent::Unopened(error), None),
        };
        let mut reader = BatchReader::new(opened.reader, self.options.max_line_bytes)
            .with_buffers(&self.buffers);
        if let Some(start) = opened.start {
            reader = reader.tracking(start, opened.may_grow);
        }
        guard.in_order(|| send(InputEvent::Start(start), None))?;
        while !self.skipped[input].load(Ordering::Relaxed) {
            let batch = match source.shape {
                Shape::Log => reader.next_batch(),
                Shape::Document => reader.next_document(),
            };
            let Some(batch) = batch else { break };
            guard.has_read(&batch);
            let in_flight = Budget::take(&self.budget, input, batch.bytes());
            send(
                InputEvent::Batch((self.convert(input, batch), in_flight)),
                None,
            )?;
        }
        let end = InputEvent::End(reader.finish(), bytes_read.of_input());
        send(end, Some(guard))
    }

    /// Starts the conversion of a batch, and returns the slot for its result.
    fn convert(self: &Arc<Self>, input: usize, batch: LineBatch) -> Slot<T> {
        let (result, slot) = sync_channel(1);
        let reader = Arc::clone(self);
        self.pool.spawn(move || {
            let convert = || (reader.convert)(&reader.sources[input], batch);
            let converted = catch_unwind(AssertUnwindSafe(convert));
            // The receiver is gone if the run has ended.
            let _ = result.send(converted);
        });
        slot
    }
}

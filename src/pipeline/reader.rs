//! The reading threads.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use rayon::ThreadPool;

use super::budget::{Budget, InFlight};
use super::interface::{InputEvent, InputGuard, InputOpener, Opening, PipelineOptions};
use super::queues::Queues;
use crate::buffers::Buffers;
use crate::input::{self, BatchReader, Framing, LineBatch, ReadAhead, ReadEnd, Shape, Source};

/// Converts a batch of lines. If the output grows large, converts only the first lines, and also returns the remaining
/// lines, which are converted after the output is delivered.
pub type Convert<T> = dyn Fn(&Source, LineBatch) -> (T, Option<LineBatch>) + Send + Sync;

/// The state that the reading threads share.
pub struct InputReader<O, T> {
    pub sources: Arc<[Source]>,
    pub options: PipelineOptions,
    /// The opener. Without an opener, each input is read from its first line.
    pub opener: Option<O>,
    pub pool: ThreadPool,
    pub convert: Box<Convert<T>>,
    pub budget: Arc<Budget>,
    pub buffers: Buffers,
    /// A flag for each input, which is set when the remaining lines of the input need not be read.
    pub skipped: Vec<AtomicBool>,
    pub ahead: ReadAhead,
}

/// A message to the delivering thread.
pub struct Message<O: InputOpener, T> {
    /// The number of the input.
    pub input: usize,
    pub event: InputEvent<O::Start, (Slot<T>, InFlight)>,
    /// The guard of the input, if the message is the end of the input.
    pub guard: Option<O::Guard>,
}

/// Receives the result of a conversion, or its panic.
pub type Slot<T> = Receiver<thread::Result<(T, Option<LineBatch>)>>;

impl<O: InputOpener, T: Send + 'static> InputReader<O, T> {
    /// Reads one input after the other, until all inputs are read or the run has ended.
    pub fn read_all(self: &Arc<Self>, queues: &Queues<Message<O, T>>) {
        while let Some((input, queue)) = queues.next_input(self.sources.len()) {
            if self.read(input, &queue).is_none() {
                return;
            }
        }
    }

    /// Reads an input. Returns `None` if a message cannot be sent, because the run has ended.
    fn read(self: &Arc<Self>, input: usize, queue: &SyncSender<Message<O, T>>) -> Option<()> {
        let send = |event, guard| {
            if self.options.interrupted.is_set() {
                return None;
            }
            let message = Message {
                input,
                event,
                guard,
            };
            queue.send(message).ok()
        };
        let source = &self.sources[input];
        self.ahead.before_opening(&self.sources, input);
        let bytes_read = self.options.bytes_read.for_input();
        let opened = match &self.opener {
            Some(opener) => match opener.open(input, source, &bytes_read) {
                Ok(Opening::Open(opened, start, guard)) => Ok((opened, Some(start), Some(guard))),
                Ok(Opening::HeldBack(reason)) => return send(InputEvent::HeldBack(reason), None),
                Err(error) => Err(error),
            },
            None => input::open(source, &bytes_read).map(|opened| (opened, None, None)),
        };
        let (opened, start, guard) = match opened {
            Ok(opened) => opened,
            Err(error) => return send(InputEvent::Unopened(error), None),
        };
        let is_written = opened.is_recent();
        let mut reader = BatchReader::new(opened.reader, source.shape, self.options.max_line_bytes)
            .with_buffers(&self.buffers)
            .marked(opened.is_marked)
            .splitting_lines(self.options.framing != Framing::Lines);
        let is_json = match self.options.framing {
            Framing::Auto => opened.is_json,
            Framing::Lines => false,
            Framing::Json => source.shape == Shape::Log,
        };
        let are_rejects = opened.is_rejects || source.is_own_rejects;
        let joins_pieces = self.options.joins_pieces;
        // Pieces are joined only if they are lines.
        let has_pieces = joins_pieces.is_some() && opened.is_of_log_driver;
        if is_json && !are_rejects && !has_pieces {
            reader = reader.as_json();
        } else if let Some(with_docker) = joins_pieces
            && source.shape == Shape::Log
            && !are_rejects
        {
            reader = reader.joining(with_docker, is_written);
        }
        if let Some(start) = opened.start {
            reader = reader.tracking(start, opened.may_grow);
        }
        let start = || send(InputEvent::Start(start), None);
        match &guard {
            Some(guard) => guard.start(start)?,
            None => start()?,
        }
        let mut unpacked = None;
        while !self.skipped[input].load(Ordering::Relaxed) {
            let Some(mut batch) = reader.next_batch() else {
                break;
            };
            batch.bytes_read = bytes_read.of_input();
            // Lines that were too long lie between the batches.
            let end = batch.offset + batch.text.len() as u64;
            bytes_read.add_unpacked(end - unpacked.unwrap_or(batch.offset).min(end));
            unpacked = Some(end);
            if let Some(guard) = &guard {
                guard.has_read(&batch);
            }
            let in_flight = Budget::take(&self.budget, input, batch.bytes());
            send(
                InputEvent::Batch((self.convert(input, batch), in_flight)),
                None,
            )?;
        }
        let mut end = ReadEnd {
            compression: opened.compression,
            ..reader.finish()
        };
        // An input whose remaining lines are skipped was not read to its end.
        let is_skipped = self.skipped[input].load(Ordering::Relaxed);
        if let Some(guard) = guard.as_ref().filter(|_| !is_skipped) {
            end = guard.end(end);
        }
        send(InputEvent::End(end, bytes_read.of_input()), guard)
    }

    /// Starts the conversion of a batch, and returns the slot for its result.
    fn convert(self: &Arc<Self>, input: usize, batch: LineBatch) -> Slot<T> {
        let (result, slot) = sync_channel(1);
        let reader = Arc::clone(self);
        self.pool.spawn(move || {
            let convert = || (reader.convert)(&reader.sources[input], batch);
            let converted = catch_unwind(AssertUnwindSafe(convert));
            // The result cannot be sent if the run has ended and the slot was dropped.
            let _ = result.send(converted);
        });
        slot
    }
}

//! A run: starts the threads, and delivers events and results.

use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

use anyhow::{Context, Result};

use super::budget::Budget;
use super::interface::{ControlFlow, Delivery, InputEvent, InputOpener, PipelineOptions};
use super::queues::{Messages, Queues, queues, receive};
use super::reader::{InputReader, Message};
use crate::buffers::Buffers;
use crate::input::{self, LineBatch, ReadAhead, Source};

/// The limit on the bytes of inputs that are read ahead of the current input, in batches of full size. In measurements,
/// a larger limit did not make runs faster, whatever the number of threads.
const AHEAD_BATCHES: usize = 16;

type Deliver<'d, S, T> = dyn FnMut(Delivery<'_, S, T>) -> ControlFlow + 'd;

/// Converts the batches of all inputs on a thread pool, and calls `deliver` with each result. The results of one input
/// are delivered in order. The inputs are delivered one after the other, unless the options allow several at a time.
///
/// `convert` returns a result. If the result covers only the first lines of the batch, `convert` also returns the
/// remaining lines, which are converted after the result is delivered.
///
/// # Errors
/// Returns an error if a thread cannot be started.
///
/// # Panics
/// Panics if `convert` does.
pub fn run<O, T, C, D>(
    sources: &Arc<[Source]>,
    options: &PipelineOptions,
    opener: Option<O>,
    convert: C,
    mut deliver: D,
) -> Result<()>
where
    O: InputOpener,
    T: Send + 'static,
    C: Fn(&Source, LineBatch) -> (T, Option<LineBatch>) + Send + Sync + 'static,
    D: FnMut(Delivery<'_, O::Start, T>) -> ControlFlow,
{
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(options.threads)
        .thread_name(|nth| format!("convert-{nth}"))
        .build()
        .context("failed to start the converting threads, whose number `--threads` sets")?;
    let threads = options.threads.min(sources.len()).max(1);
    // Two batches for each thread keep the thread busy while its last result waits for earlier results to be delivered.
    let batches = 2 * options.threads + 2;
    let bytes = batches * input::BATCH_BYTES;
    let ahead = bytes.min(AHEAD_BATCHES * input::BATCH_BYTES);
    let ahead = (!options.side_by_side).then_some(ahead);
    let (queues, messages) = queues(batches, threads, options.side_by_side);
    let reader = Arc::new(InputReader {
        sources: Arc::clone(sources),
        options: options.clone(),
        opener,
        pool,
        convert: Box::new(convert),
        budget: Arc::new(Budget::new(bytes, ahead)),
        buffers: Buffers::default(),
        skipped: sources.iter().map(|_| AtomicBool::new(false)).collect(),
        ahead: ReadAhead::default(),
    });
    let threads = start_readers(&reader, queues, threads)?;
    if deliver_all(&reader, messages, &mut deliver) {
        for thread in threads {
            thread.join().unwrap_or_else(|panic| resume_unwind(panic));
        }
    }
    Ok(())
}

/// Starts the reading threads. Only these threads own the queues, so the queues are closed when the last thread ends.
fn start_readers<O: InputOpener, T: Send + 'static>(
    reader: &Arc<InputReader<O, T>>,
    queues: Queues<Message<O, T>>,
    threads: usize,
) -> Result<Vec<JoinHandle<()>>> {
    let queues = Arc::new(queues);
    let start = |nth| {
        let (reader, queues) = (Arc::clone(reader), Arc::clone(&queues));
        thread::Builder::new()
            .name(format!("read-{nth}"))
            .spawn(move || reader.read_all(&queues))
            .context("failed to start the reading threads, whose number `--threads` sets")
    };
    (0..threads).map(start).collect()
}

/// Delivers all messages. Returns whether the caller can wait for the reading threads to end. After an interruption or
/// a stop, it cannot, because the threads may be blocked.
fn deliver_all<O: InputOpener, T: Send + 'static>(
    reader: &InputReader<O, T>,
    mut messages: Messages<Message<O, T>>,
    deliver: &mut Deliver<'_, O::Start, T>,
) -> bool {
    let interrupted = &reader.options.interrupted;
    while !interrupted.is_set()
        && let Some(message) = messages.next(interrupted)
    {
        reader.budget.delivers(message.input);
        let input = message.input;
        match deliver_message(reader, message, deliver) {
            ControlFlow::Continue => {}
            ControlFlow::EndInput => reader.skipped[input].store(true, Ordering::Relaxed),
            ControlFlow::Stop => return false,
        }
    }
    !interrupted.is_set()
}

/// Delivers one message, and drops the guard of its input if the message is the end of the input.
fn deliver_message<O: InputOpener, T: Send + 'static>(
    reader: &InputReader<O, T>,
    message: Message<O, T>,
    deliver: &mut Deliver<'_, O::Start, T>,
) -> ControlFlow {
    let Message {
        input,
        event,
        guard: _guard,
    } = message;
    let interrupted = &reader.options.interrupted;
    let source = &reader.sources[input];
    let mut deliver = |event| {
        deliver(Delivery {
            input,
            source,
            event,
        })
    };
    let (converted, mut rest) = match event {
        InputEvent::Unopened(error) => return deliver(InputEvent::Unopened(error)),
        InputEvent::HeldBack(reason) => return deliver(InputEvent::HeldBack(reason)),
        InputEvent::Start(start) => return deliver(InputEvent::Start(start)),
        InputEvent::End(end, bytes) => return deliver(InputEvent::End(end, bytes)),
        // When the result has arrived, `_in_flight` is dropped, and the bytes of the batch are free for other batches.
        InputEvent::Batch((slot, _in_flight)) => match receive(&slot, interrupted) {
            Some(Ok(result)) => result,
            Some(Err(panic)) => resume_unwind(panic),
            None => {
                // The converting threads end before they send a result only if the run is interrupted: they send panics, too.
                assert!(interrupted.is_set(), "a converting thread sends a result");
                return ControlFlow::Stop;
            }
        },
    };
    let mut flow = deliver(InputEvent::Batch(converted));
    while flow == ControlFlow::Continue
        && !interrupted.is_set()
        && let Some(batch) = rest
    {
        let converted;
        (converted, rest) = (reader.convert)(source, batch);
        flow = deliver(InputEvent::Batch(converted));
    }
    flow
}

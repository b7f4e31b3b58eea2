//! Read, convert in parallel, deliver in order. The only file that names rayon.
//!
//! One thread reads batches and hands each to the pool together with a place in a queue; the calling thread takes the
//! places in order and waits for each to be filled. The queue is bounded, so a slow delivery slows the reading down and
//! memory does not grow with the input.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, sync_channel};

use anyhow::{Context, Result};

use crate::input::{self, Batch, BatchReader, BytesRead, Shape, Source};

/// How a run is carried out. None of it can be seen in the output.
#[derive(Clone, Debug)]
pub struct PipelineOptions {
    /// How many threads convert.
    pub threads: usize,
    /// Longer lines are not read.
    pub max_line_bytes: usize,
    pub bytes_read: BytesRead,
}

/// What the delivery is told, for each input in order: start, batches, end.
pub enum Delivery<'s, T> {
    Start(&'s Source),
    Batch(T),
    /// How reading ended. An input that could not be opened has no start.
    End(&'s Source, io::Result<()>),
}

/// What the delivery answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    GoOn,
    /// Nothing more of this input is wanted.
    NextInput,
    /// Nothing more is wanted.
    Stop,
}

enum Message<T> {
    Start(usize),
    Batch(Receiver<T>),
    End(usize, io::Result<()>),
}

/// Converts the batches of all inputs on a pool of threads and delivers the results in input order.
///
/// # Errors
/// The threads cannot be started.
pub fn run<T, C, D>(
    sources: &[Source],
    options: &PipelineOptions,
    convert: C,
    mut deliver: D,
) -> Result<()>
where
    T: Send + 'static,
    C: Fn(&Source, Batch) -> T + Send + Sync + 'static,
    D: FnMut(Delivery<'_, T>) -> Flow,
{
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(options.threads)
        .thread_name(|nth| format!("convert-{nth}"))
        .build()
        .context("failed to start the converting threads")?;
    let convert = Arc::new(convert);
    // Two batches for each thread keep it busy while a result waits for its turn.
    let (queue, places) = sync_channel(2 * options.threads + 2);
    // Inputs before this one are not wanted any more.
    let wanted_from = AtomicUsize::new(0);

    std::thread::scope(|scope| {
        let (pool, wanted_from) = (&pool, &wanted_from);
        scope.spawn(move || {
            for (nth, source) in sources.iter().enumerate() {
                let ended = read(
                    source,
                    options,
                    || queue.send(Message::Start(nth)).is_ok(),
                    |batch| {
                        let (result, place) = sync_channel(1);
                        let (convert, source) = (Arc::clone(&convert), source.clone());
                        pool.spawn(move || {
                            // Nobody waits for it any more when the delivery has stopped.
                            let _ = result.send(convert(&source, batch));
                        });
                        queue.send(Message::Batch(place)).is_ok()
                            && wanted_from.load(Ordering::Relaxed) <= nth
                    },
                );
                if queue.send(Message::End(nth, ended)).is_err() {
                    return;
                }
            }
        });

        let mut current = 0;
        for message in places {
            let delivery = match message {
                Message::Start(nth) => {
                    current = nth;
                    Delivery::Start(&sources[nth])
                }
                Message::Batch(place) => match place.recv() {
                    Ok(result) => Delivery::Batch(result),
                    Err(_) => break,
                },
                Message::End(nth, ended) => Delivery::End(&sources[nth], ended),
            };
            match deliver(delivery) {
                Flow::GoOn => {}
                Flow::NextInput => wanted_from.store(current + 1, Ordering::Relaxed),
                Flow::Stop => break,
            }
        }
    });
    Ok(())
}

/// Reads one input as long as its batches are wanted.
fn read(
    source: &Source,
    options: &PipelineOptions,
    start: impl FnOnce() -> bool,
    mut take: impl FnMut(Batch) -> bool,
) -> io::Result<()> {
    let reader = input::open(source, Arc::clone(&options.bytes_read))?;
    let mut reader = BatchReader::new(reader, options.max_line_bytes);
    if !start() {
        return Ok(());
    }
    match source.shape {
        Shape::Document => {
            reader.whole().map(take);
        }
        Shape::Log => while reader.next_batch().is_some_and(&mut take) {},
    }
    reader.finish()
}

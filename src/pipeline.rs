//! Read, convert in parallel, deliver in order. The only file that names rayon.
//!
//! One thread reads batches and hands each to the pool together with a place in a queue; the calling thread takes the
//! places in order and waits for each to be filled. What is in flight is bounded in batches and in bytes, so a slow
//! delivery slows the reading down, and memory does not grow with the input.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use anyhow::{Context, Result};

use crate::checkpoint::{Resumed, StateDirectory};
use crate::input::{self, Batch, BatchReader, BytesRead, Shape, Source};
use crate::interrupt::Interrupted;

/// How a run is carried out. None of it can be seen in the output.
#[derive(Clone, Debug)]
pub struct PipelineOptions {
    /// How many threads convert.
    pub threads: usize,
    /// Longer lines are not read.
    pub max_line_bytes: usize,
    /// Where reading counts.
    pub bytes_read: BytesRead,
    /// What earlier runs delivered, if that is remembered.
    pub state: Option<StateOf>,
    /// When it is set, nothing more is read.
    pub interrupted: Interrupted,
}

/// What earlier runs delivered to the destinations of this one.
#[derive(Clone, Debug)]
pub struct StateOf {
    pub directory: Arc<StateDirectory>,
    pub destinations: Vec<String>,
}

/// What the delivery is told, in input order: of each input that could be opened the start, its batches, the end.
pub enum Delivery<'s, T> {
    Unopened(&'s Source, io::Error),
    Start(&'s Source, Option<Resumed>),
    Batch(T),
    /// How reading ended, and after how many bytes, as stored.
    End(&'s Source, io::Result<()>, u64),
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
    Unopened(usize, io::Error),
    Start(usize, Option<Resumed>),
    Batch(Receiver<T>, InFlight),
    End(usize, io::Result<()>, u64),
}

/// Converts the batches of all inputs on a pool of threads and delivers the results in input order.
///
/// # Errors
/// The threads cannot be started.
///
/// # Panics
/// When `convert` does.
pub fn run<T, C, D>(
    sources: &[Source],
    options: &PipelineOptions,
    convert: C,
    mut deliver: D,
) -> Result<()>
where
    T: Send,
    C: Fn(&Source, Batch) -> T + Sync,
    D: FnMut(Delivery<'_, T>) -> Flow,
{
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(options.threads)
        .thread_name(|nth| format!("convert-{nth}"))
        .build()
        .context("failed to start the converting threads")?;
    // Two batches for each thread keep it busy while a result waits for its turn.
    let batches = 2 * options.threads + 2;
    let (queue, places) = sync_channel(batches);
    let budget = Arc::new(Budget::new(batches * input::BATCH_BYTES));
    // Inputs before this one are not wanted any more.
    let wanted_from = AtomicUsize::new(0);

    std::thread::scope(|threads| {
        let (convert, wanted_from) = (&convert, &wanted_from);
        // In a scope of the pool, so that a conversion that panics ends the run as it should.
        threads.spawn(move || {
            pool.in_place_scope(move |scope| {
                for (nth, source) in sources.iter().enumerate() {
                    // Nothing else reads meanwhile.
                    let before = options.bytes_read.load(Ordering::Relaxed);
                    let (resumed, mut reader) = match options.open(source) {
                        Ok(opened) => opened,
                        Err(error) => {
                            if queue.send(Message::Unopened(nth, error)).is_err() {
                                return;
                            }
                            continue;
                        }
                    };
                    let input = resumed.as_ref().map(|resumed| resumed.input);
                    let mut wanted = queue.send(Message::Start(nth, resumed)).is_ok();
                    while wanted && !options.interrupted.is_set() {
                        let Some(batch) = next_batch(&mut reader, source.shape) else {
                            break;
                        };
                        if let (Some(state), Some(input), Some(end)) =
                            (&options.state, input, batch.places.last())
                        {
                            state.directory.has_read(input, *end);
                        }
                        let in_flight = Budget::take(&budget, batch.bytes());
                        let (result, place) = sync_channel(1);
                        scope.spawn(move |_| {
                            // Nobody waits for it any more when the delivery has stopped.
                            let _ = result.send(convert(source, batch));
                        });
                        wanted = queue.send(Message::Batch(place, in_flight)).is_ok()
                            && wanted_from.load(Ordering::Relaxed) <= nth;
                    }
                    let bytes = options.bytes_read.load(Ordering::Relaxed) - before;
                    let end = Message::End(nth, reader.finish(), bytes);
                    if options.interrupted.is_set() || queue.send(end).is_err() {
                        return;
                    }
                }
            })
        });

        let mut current = 0;
        for message in places {
            if options.interrupted.is_set() {
                break;
            }
            let flow = match message {
                Message::Unopened(nth, error) => deliver(Delivery::Unopened(&sources[nth], error)),
                Message::Start(nth, resumed) => {
                    current = nth;
                    deliver(Delivery::Start(&sources[nth], resumed))
                }
                Message::Batch(place, _in_flight) => match place.recv() {
                    Ok(result) => deliver(Delivery::Batch(result)),
                    // Its conversion panicked, and so will this thread when it joins the other.
                    Err(_) => Flow::Stop,
                },
                Message::End(nth, ended, bytes) => {
                    deliver(Delivery::End(&sources[nth], ended, bytes))
                }
            };
            match flow {
                Flow::GoOn => {}
                Flow::NextInput => wanted_from.store(current + 1, Ordering::Relaxed),
                Flow::Stop => break,
            }
        }
    });
    Ok(())
}

impl PipelineOptions {
    /// Opens an input where it is to be gone on with.
    fn open(&self, source: &Source) -> io::Result<(Option<Resumed>, Reader)> {
        let Some(StateOf {
            directory,
            destinations,
        }) = &self.state
        else {
            let opened = input::open(source, Arc::clone(&self.bytes_read))?;
            return Ok((None, BatchReader::new(opened.reader, self.max_line_bytes)));
        };
        let (resumed, opened) = directory.resume(source, destinations, &self.bytes_read)?;
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

/// How many bytes of input may be in flight.
struct Budget {
    free: Mutex<usize>,
    freed: Condvar,
    all: usize,
}

/// A share of the budget, given back when it is dropped.
struct InFlight {
    budget: Arc<Budget>,
    bytes: usize,
}

impl Budget {
    fn new(all: usize) -> Self {
        Self {
            free: Mutex::new(all),
            freed: Condvar::new(),
            all,
        }
    }

    /// Waits until so many bytes are free. A batch larger than the whole budget waits until nothing else is in flight.
    fn take(budget: &Arc<Self>, bytes: usize) -> InFlight {
        let bytes = bytes.min(budget.all);
        let free = budget.free.lock().unwrap_or_else(PoisonError::into_inner);
        let wait = budget.freed.wait_while(free, |free| *free < bytes);
        *wait.unwrap_or_else(PoisonError::into_inner) -= bytes;
        InFlight {
            budget: Arc::clone(budget),
            bytes,
        }
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        *self
            .budget
            .free
            .lock()
            .unwrap_or_else(PoisonError::into_inner) += self.bytes;
        self.budget.freed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::input::Origin;

    fn source(path: PathBuf) -> Source {
        Source {
            name: String::new(),
            relative: PathBuf::new(),
            shape: Shape::Log,
            size: None,
            origin: Origin::File(path),
        }
    }

    fn options(threads: usize) -> PipelineOptions {
        PipelineOptions {
            threads,
            max_line_bytes: 64 << 20,
            bytes_read: BytesRead::default(),
            state: None,
            interrupted: Interrupted::default(),
        }
    }

    #[test]
    fn results_come_in_input_order_whichever_is_ready_first() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "some line of a log\n".repeat(600_000)).unwrap();
        let sources = [
            source(file.path().to_owned()),
            source("no such file".into()),
            source(file.path().to_owned()),
        ];
        let mut seen = Vec::new();
        let convert = |_: &Source, batch: Batch| {
            // The earlier the batch, the longer it takes.
            std::thread::sleep(std::time::Duration::from_millis(if batch.first_line == 1 {
                50
            } else {
                1
            }));
            batch.first_line
        };
        run(&sources, &options(4), convert, |delivery| {
            seen.push(match delivery {
                Delivery::Unopened(..) => "unopened".to_owned(),
                Delivery::Start(..) => "start".to_owned(),
                Delivery::Batch(first_line) => first_line.to_string(),
                Delivery::End(_, ended, bytes) => format!("end {} {bytes}", ended.is_ok()),
            });
            Flow::GoOn
        })
        .unwrap();
        let batches: Vec<u64> = seen.iter().filter_map(|seen| seen.parse().ok()).collect();
        let (first, second) = batches.split_at(batches.len() / 2);
        assert!(
            first.len() > 8 && first.is_sorted() && first == second,
            "{seen:?}"
        );
        let others = seen
            .iter()
            .filter(|seen| seen.parse::<u64>().is_err())
            .map(String::as_str);
        assert_eq!(
            others.collect::<Vec<_>>(),
            [
                "start",
                "end true 11400000",
                "unopened",
                "start",
                "end true 11400000"
            ]
        );
    }

    #[test]
    fn what_is_not_wanted_is_not_read_to_its_end() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "some line of a log\n".repeat(3_000_000)).unwrap();
        let sources = [
            source(file.path().to_owned()),
            source(file.path().to_owned()),
        ];
        for (answer, ends) in [(Flow::NextInput, 2), (Flow::Stop, 0)] {
            let options = options(2);
            let mut seen_ends = 0;
            run(
                &sources,
                &options,
                |_, _| (),
                |delivery| match delivery {
                    Delivery::Batch(()) => answer,
                    Delivery::End(..) => {
                        seen_ends += 1;
                        Flow::GoOn
                    }
                    _ => Flow::GoOn,
                },
            )
            .unwrap();
            assert_eq!(seen_ends, ends);
            assert!(options.bytes_read.load(Ordering::Relaxed) < 50_000_000);
        }
    }

    #[test]
    #[should_panic(expected = "a scoped thread panicked")]
    fn a_conversion_that_panics_ends_the_run() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "a\n").unwrap();
        let _ = run(
            &[source(file.path().to_owned())],
            &options(2),
            |_, _| panic!("as it should"),
            |_: Delivery<'_, ()>| Flow::GoOn,
        );
    }

    #[test]
    fn what_is_in_flight_stays_within_the_budget() {
        let budget = Arc::new(Budget::new(10));
        let (first, second) = (Budget::take(&budget, 4), Budget::take(&budget, 6));
        let waiting = std::thread::spawn({
            let budget = Arc::clone(&budget);
            move || drop(Budget::take(&budget, 1000))
        });
        drop(first);
        std::thread::sleep(std::time::Duration::from_millis(50));
        assert!(!waiting.is_finished());
        drop(second);
        waiting.join().unwrap();
        assert_eq!(*budget.free.lock().unwrap(), 10);
    }
}

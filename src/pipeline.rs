//! Read, convert in parallel, deliver in order. The only file that names rayon.
//!
//! One thread reads batches and hands each to the pool together with a place in a queue; the calling thread takes the
//! places in order and waits for each to be filled. What is in flight is bounded in batches and in bytes, so a slow
//! delivery slows the reading down, and memory does not grow with the input. A run that is to end does not wait for a
//! reader that waits itself, for a pipe or a disk that hangs.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rayon::ThreadPool;

use crate::checkpoint::{Resumed, StateDirectory};
use crate::input::{self, Batch, BatchReader, BytesRead, ReadEnd, Shape, Source};
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
    End(&'s Source, ReadEnd, u64),
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
    Batch(Receiver<thread::Result<T>>, InFlight),
    End(usize, ReadEnd, u64),
}

/// So often it is asked whether the run is to end.
const LOOK_UP_EVERY: Duration = Duration::from_millis(100);

/// Converts the batches of all inputs on a pool of threads and delivers the results in input order.
///
/// # Errors
/// The threads cannot be started.
///
/// # Panics
/// When `convert` does.
pub fn run<T, C, D>(
    sources: &Arc<[Source]>,
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
    // Two batches for each thread keep it busy while a result waits for its turn.
    let batches = 2 * options.threads + 2;
    let (queue, places) = sync_channel(batches);
    // Inputs before this one are not wanted any more.
    let wanted_from = Arc::new(AtomicUsize::new(0));
    let reading = Reading {
        sources: Arc::clone(sources),
        options: options.clone(),
        pool,
        convert: Arc::new(convert),
        queue,
        budget: Arc::new(Budget::new(batches * input::BATCH_BYTES)),
        wanted_from: Arc::clone(&wanted_from),
    };
    let reader = thread::Builder::new()
        .name("read".to_owned())
        .spawn(move || reading.read_all())
        .context("failed to start the reading thread")?;

    let mut current = 0;
    while !options.interrupted.is_set() {
        let message = match next(&places, &options.interrupted) {
            Next::Is(message) => message,
            Next::Interrupted => return Ok(()),
            Next::None => break,
        };
        let flow = match message {
            Message::Unopened(nth, error) => deliver(Delivery::Unopened(&sources[nth], error)),
            Message::Start(nth, resumed) => {
                current = nth;
                deliver(Delivery::Start(&sources[nth], resumed))
            }
            Message::Batch(place, _in_flight) => match next(&place, &options.interrupted) {
                Next::Is(Ok(result)) => deliver(Delivery::Batch(result)),
                Next::Is(Err(panic)) => resume_unwind(panic),
                Next::Interrupted => return Ok(()),
                Next::None => bail!("a converting thread went away"),
            },
            Message::End(nth, ended, bytes) => deliver(Delivery::End(&sources[nth], ended, bytes)),
        };
        match flow {
            Flow::GoOn => {}
            Flow::NextInput => wanted_from.store(current + 1, Ordering::Relaxed),
            // Perhaps it waits for more input that nobody wants.
            Flow::Stop => return Ok(()),
        }
    }
    if !options.interrupted.is_set()
        && let Err(panic) = reader.join()
    {
        resume_unwind(panic);
    }
    Ok(())
}

enum Next<M> {
    Is(M),
    /// The sender is gone.
    None,
    Interrupted,
}

/// Waits for what comes next, or for the run to end.
fn next<M>(receiver: &Receiver<M>, interrupted: &Interrupted) -> Next<M> {
    loop {
        match receiver.recv_timeout(LOOK_UP_EVERY) {
            Ok(message) => return Next::Is(message),
            Err(RecvTimeoutError::Disconnected) => return Next::None,
            Err(RecvTimeoutError::Timeout) if interrupted.is_set() => return Next::Interrupted,
            Err(RecvTimeoutError::Timeout) => {}
        }
    }
}

/// What the reading thread works with.
struct Reading<T, C> {
    sources: Arc<[Source]>,
    options: PipelineOptions,
    pool: ThreadPool,
    convert: Arc<C>,
    queue: SyncSender<Message<T>>,
    budget: Arc<Budget>,
    wanted_from: Arc<AtomicUsize>,
}

/// Nobody wants more.
struct Unwanted;

impl<T, C> Reading<T, C>
where
    T: Send + 'static,
    C: Fn(&Source, Batch) -> T + Send + Sync + 'static,
{
    fn read_all(self) {
        for nth in 0..self.sources.len() {
            if self.read(nth).is_err() {
                return;
            }
        }
    }

    fn read(&self, nth: usize) -> Result<(), Unwanted> {
        let source = &self.sources[nth];
        let bytes_read = || self.options.bytes_read.load(Ordering::Relaxed);
        // Nothing else reads meanwhile.
        let before = bytes_read();
        let (resumed, mut reader) = match self.options.open(source) {
            Ok(opened) => opened,
            Err(error) => return self.tell(Message::Unopened(nth, error)),
        };
        let input = resumed.as_ref().map(|resumed| resumed.input);
        self.tell(Message::Start(nth, resumed))?;
        while self.wanted_from.load(Ordering::Relaxed) <= nth {
            let Some(batch) = next_batch(&mut reader, source.shape) else {
                break;
            };
            if let (Some(state), Some(input), Some(end)) =
                (&self.options.state, input, batch.places.last())
            {
                state.directory.has_read(input, *end);
            }
            let in_flight = Budget::take(&self.budget, batch.bytes());
            self.tell(Message::Batch(self.convert(nth, batch), in_flight))?;
        }
        self.tell(Message::End(nth, reader.finish(), bytes_read() - before))
    }

    /// Has a batch converted. Gives the place where the result will be.
    fn convert(&self, nth: usize, batch: Batch) -> Receiver<thread::Result<T>> {
        let (result, place) = sync_channel(1);
        let (sources, convert) = (Arc::clone(&self.sources), Arc::clone(&self.convert));
        self.pool.spawn(move || {
            let converted = catch_unwind(AssertUnwindSafe(|| convert(&sources[nth], batch)));
            // Nobody waits for it any more when the delivery has stopped.
            let _ = result.send(converted);
        });
        place
    }

    fn tell(&self, message: Message<T>) -> Result<(), Unwanted> {
        if self.options.interrupted.is_set() {
            return Err(Unwanted);
        }
        self.queue.send(message).map_err(|_| Unwanted)
    }
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
    use std::path::{Path, PathBuf};

    use super::*;
    use crate::input::Origin;

    fn sources<const N: usize>(paths: [&Path; N]) -> Arc<[Source]> {
        paths.map(|path| source(path.to_owned())).into()
    }

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
        let sources = sources([file.path(), Path::new("no such file"), file.path()]);
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
                Delivery::End(_, ended, bytes) => format!("end {} {bytes}", ended.result.is_ok()),
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
        let sources = sources([file.path(), file.path()]);
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
    #[should_panic(expected = "as it should")]
    fn a_conversion_that_panics_ends_the_run() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "a\n").unwrap();
        let _ = run(
            &sources([file.path()]),
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

//! Read, convert in parallel, deliver in order. The only room that names rayon.
//!
//! Several threads read, since unpacking one input is the work of one thread. Each takes one input after the other, hands
//! each batch to the pool and puts a place for the result into a queue; the calling thread takes the places in order and
//! waits for each to be filled. Inputs have one queue where their outputs are apart, so that they are delivered side by
//! side; else each has its own, and what is read ahead waits there for its turn. What is in flight is bounded in batches
//! and in bytes, so a slow delivery slows the reading down, and memory does not grow with the input. A run that is to end
//! does not wait for a reader that waits itself, for a pipe or a disk that hangs.
//!
//! | file | what it knows |
//! |---|---|
//! | `reader` | the reading threads |
//! | `queues` | what they tell the delivery, and in which order it comes |
//! | `budget` | how much may be in flight |

mod budget;
mod queues;
mod reader;

use std::io;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use anyhow::{Context, Result};

use self::budget::Budget;
use self::queues::{Message, Next};
use self::reader::Reading;
use crate::buffers::Buffers;
use crate::checkpoint::{Destinations, Resumed, StateDirectory, Turns};
use crate::input::{self, Batch, BytesRead, ReadEnd, Source};
use crate::interrupt::Interrupted;

/// How a run is carried out. None of it can be seen in the output.
#[derive(Clone, Debug)]
pub struct PipelineOptions {
    /// How many threads convert, and how many read, an input each.
    pub threads: usize,
    /// Whether several inputs may be delivered at a time, and not only one after the other.
    pub side_by_side: bool,
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
    pub destinations: Destinations,
    /// Which input of the run waits for which.
    pub turns: Arc<Turns>,
}

/// Something of an input. Each that could be opened has a start, its batches in order, and an end.
pub struct Delivery<'s, T> {
    /// The number of the input in the run, from 0.
    pub input: usize,
    pub source: &'s Source,
    pub what: What<T>,
}

/// What the delivery is told of an input.
pub enum What<T> {
    Unopened(io::Error),
    Start(Option<Resumed>),
    Batch(T),
    /// How reading ended, and after how many bytes, as stored.
    End(ReadEnd, u64),
}

/// What the delivery answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    GoOn,
    /// Nothing more of this input is wanted.
    EndInput,
    /// Nothing more is wanted.
    Stop,
}

/// So much may wait for the inputs before it, however many threads there are: nothing goes faster for it.
const AHEAD_BATCHES: usize = 16;

/// Converts the batches of all inputs on a pool of threads and delivers the results: those of an input in order, and one
/// input after the other unless they may be side by side.
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
    let readers = options.threads.min(sources.len()).max(1);
    // Two batches for each thread keep it busy while a result waits for its turn.
    let batches = 2 * options.threads + 2;
    let bytes = batches * input::BATCH_BYTES;
    let (budget, (queues, mut messages)) = if options.side_by_side {
        (Budget::side_by_side(bytes), queues::side_by_side(batches))
    } else {
        let ahead = bytes.min(AHEAD_BATCHES * input::BATCH_BYTES);
        (
            Budget::in_order(bytes, ahead),
            queues::in_order(batches, readers),
        )
    };
    let reading = Arc::new(Reading {
        sources: Arc::clone(sources),
        options: options.clone(),
        pool,
        convert,
        budget: Arc::new(budget),
        buffers: Buffers::default(),
        unwanted: sources.iter().map(|_| AtomicBool::new(false)).collect(),
    });
    // The readers alone have the queues, so that these end with them.
    let queues = Arc::new(queues);
    let start = |nth| {
        let (reading, queues) = (Arc::clone(&reading), Arc::clone(&queues));
        thread::Builder::new()
            .name(format!("read-{nth}"))
            .spawn(move || reading.read_all(&queues))
            .context("failed to start the reading threads")
    };
    let readers: Vec<_> = (0..readers).map(start).collect::<Result<_>>()?;
    drop(queues);

    while !options.interrupted.is_set() {
        let Message { input, what, turn } = match messages.next(&options.interrupted) {
            Next::Is(message) => message,
            Next::Interrupted => return Ok(()),
            Next::None => break,
        };
        reading.budget.delivers(input);
        let what = match what {
            What::Unopened(error) => What::Unopened(error),
            What::Start(resumed) => What::Start(resumed),
            What::End(ended, bytes) => What::End(ended, bytes),
            // What it takes of the budget is given back when its turn has come.
            What::Batch((place, _in_flight)) => match queues::next(&place, &options.interrupted) {
                Next::Is(Ok(result)) => What::Batch(result),
                Next::Is(Err(panic)) => resume_unwind(panic),
                Next::Interrupted => return Ok(()),
                Next::None => resume_unwind(Box::new("a converting thread went away")),
            },
        };
        let source = &sources[input];
        match deliver(Delivery {
            input,
            source,
            what,
        }) {
            Flow::GoOn => {}
            Flow::EndInput => reading.unwanted[input].store(true, Ordering::Relaxed),
            // Perhaps a reader waits for more that nobody wants.
            Flow::Stop => return Ok(()),
        }
        // Those that wait for it find all of it settled.
        drop(turn);
    }
    if !options.interrupted.is_set() {
        for reader in readers {
            if let Err(panic) = reader.join() {
                resume_unwind(panic);
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};
    use std::time::{Duration, Instant};

    use super::*;
    use crate::input::{Origin, Shape};

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
            side_by_side: false,
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
            std::thread::sleep(Duration::from_millis(if batch.first_line == 1 {
                50
            } else {
                1
            }));
            batch.first_line
        };
        run(&sources, &options(4), convert, |delivery| {
            seen.push(match delivery.what {
                What::Unopened(_) => "unopened".to_owned(),
                What::Start(_) => "start".to_owned(),
                What::Batch(first_line) => first_line.to_string(),
                What::End(ended, bytes) => format!("end {} {bytes}", ended.result.is_ok()),
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
        for (answer, ends) in [(Flow::EndInput, 2), (Flow::Stop, 0)] {
            let options = options(2);
            let mut seen_ends = 0;
            run(
                &sources,
                &options,
                |_, _| (),
                |delivery| match delivery.what {
                    What::Batch(()) => answer,
                    What::End(..) => {
                        seen_ends += 1;
                        Flow::GoOn
                    }
                    _ => Flow::GoOn,
                },
            )
            .unwrap();
            assert_eq!(seen_ends, ends);
            assert!(options.bytes_read.in_all() < 50_000_000);
        }
    }

    #[test]
    fn inputs_are_read_ahead_within_bounds_while_they_wait_for_their_turn() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "some line of a log\n".repeat(600_000)).unwrap();
        let sources = sources([file.path(); 4]);
        let options = options(2);
        let (mut read, batch) = (0, input::BATCH_BYTES as u64);
        let first_line = |_: &Source, batch: Batch| batch.first_line;
        run(&sources, &options, first_line, |delivery| {
            if delivery.input == 0 && matches!(delivery.what, What::Batch(1)) {
                let started = Instant::now();
                while read < 10 * batch && started.elapsed() < Duration::from_secs(20) {
                    thread::sleep(Duration::from_millis(50));
                    read = options.bytes_read.in_all();
                }
            }
            Flow::GoOn
        })
        .unwrap();
        // Six batches of each of two, and what is at hand in the reading.
        assert!((10 * batch..=16 * batch).contains(&read), "{read}");
        assert_eq!(options.bytes_read.in_all(), 4 * 19 * 600_000);
    }

    #[test]
    fn several_readers_read_several_inputs_at_a_time_each_in_order() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "some line of a log\n".repeat(600_000)).unwrap();
        let sources = sources([file.path(); 5]);
        let options = PipelineOptions {
            side_by_side: true,
            ..options(3)
        };
        let mut seen: Vec<Vec<u64>> = vec![Vec::new(); 5];
        let (mut begun, mut most) = (0, 0);
        // More than what may be in flight of one input, and slowly.
        let first_line = |_: &Source, batch: Batch| {
            thread::sleep(Duration::from_millis(1));
            batch.first_line
        };
        run(&sources, &options, first_line, |delivery| {
            match delivery.what {
                What::Start(_) => begun += 1,
                What::End(_, bytes) => {
                    assert_eq!(bytes, 19 * 600_000);
                    begun -= 1;
                }
                What::Batch(first_line) => seen[delivery.input].push(first_line),
                What::Unopened(error) => panic!("{error}"),
            }
            most = most.max(begun);
            Flow::GoOn
        })
        .unwrap();
        assert!(most > 1);
        assert!(seen[0].len() > 4 && seen[0].is_sorted(), "{seen:?}");
        assert!(seen.iter().all(|batches| *batches == seen[0]), "{seen:?}");
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
}

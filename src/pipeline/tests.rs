use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::{Duration, Instant};

use super::*;
use crate::input::{self, BytesRead, Framing, LineBatch, Origin, ReadEnd, Shape, Source};
use crate::interrupt::Interrupted;

/// A type of opener for tests without an opener: `run` gets `None` of this type, and reads each input from its first
/// line.
enum NoOpener {}

impl InputOpener for NoOpener {
    type Start = ();
    type Guard = NoOpener;

    fn open(&self, _: usize, _: &Source, _: &BytesRead) -> io::Result<Opening<(), NoOpener>> {
        match *self {}
    }
}

impl InputGuard for NoOpener {
    fn start<T>(&self, _: impl FnOnce() -> T) -> T {
        match *self {}
    }

    fn has_read(&self, _: &LineBatch) {}

    fn end(&self, end: ReadEnd) -> ReadEnd {
        end
    }
}

const AT_START: Option<NoOpener> = None;

/// Opens inputs, and lets the first one wait after its start until the second has started.
struct WaitForSecond(Arc<(AtomicUsize, Barrier)>);

impl InputOpener for WaitForSecond {
    type Start = ();
    type Guard = WaitForSecond;

    fn open(
        &self,
        _: usize,
        source: &Source,
        bytes_read: &BytesRead,
    ) -> io::Result<Opening<(), WaitForSecond>> {
        let opened = input::open(source, bytes_read)?;
        Ok(Opening::Open(
            opened,
            (),
            WaitForSecond(Arc::clone(&self.0)),
        ))
    }
}

impl InputGuard for WaitForSecond {
    fn start<T>(&self, start: impl FnOnce() -> T) -> T {
        let started = start();
        let (inputs, both) = &*self.0;
        if inputs.fetch_add(1, Ordering::Relaxed) < 2 {
            both.wait();
        }
        started
    }

    fn has_read(&self, _: &LineBatch) {}

    fn end(&self, end: ReadEnd) -> ReadEnd {
        end
    }
}

fn sources<const N: usize>(paths: [&Path; N]) -> Arc<[Source]> {
    paths.map(|path| source(path.to_owned())).into()
}

fn source(path: PathBuf) -> Source {
    Source {
        name: String::new(),
        relative: PathBuf::new(),
        shape: Shape::Log,
        size: None,
        stamp: None,
        is_own_rejects: false,
        origin: Origin::File(path),
    }
}

fn log(lines: usize) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "some line of a log\n".repeat(lines)).unwrap();
    file
}

fn options(threads: usize) -> PipelineOptions {
    PipelineOptions {
        framing: Framing::Auto,
        joins_pieces: None,
        threads,
        side_by_side: false,
        max_line_bytes: 64 << 20,
        bytes_read: BytesRead::default(),
        interrupted: Interrupted::default(),
    }
}

/// Converts all lines of a batch to the number of its first line.
fn first_line(_: &Source, batch: LineBatch) -> (u64, Option<LineBatch>) {
    (batch.first_line, None)
}

#[test]
fn results_arrive_in_input_order_whichever_is_ready_first() {
    let file = log(600_000);
    let sources = sources([file.path(), Path::new("no such file"), file.path()]);
    let mut seen = Vec::new();
    let convert = |source: &Source, batch: LineBatch| {
        let is_first = batch.first_line == 1;
        thread::sleep(Duration::from_millis(if is_first { 50 } else { 1 }));
        first_line(source, batch)
    };
    run(&sources, &options(4), AT_START, convert, |delivery| {
        seen.push(match delivery.event {
            InputEvent::Unopened(_) => "unopened".to_owned(),
            InputEvent::HeldBack(reason) => reason.to_string(),
            InputEvent::Start(_) => "start".to_owned(),
            InputEvent::Batch(first_line) => first_line.to_string(),
            InputEvent::End(ended, bytes) => format!("end {} {bytes}", ended.result.is_ok()),
        });
        ControlFlow::Continue
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
fn skipped_inputs_are_not_read_to_their_end() {
    let file = log(3_000_000);
    let sources = sources([file.path(), file.path()]);
    for (answer, ends) in [(ControlFlow::EndInput, 2), (ControlFlow::Stop, 0)] {
        let options = options(2);
        let mut seen_ends = 0;
        run(&sources, &options, AT_START, first_line, |delivery| {
            match delivery.event {
                InputEvent::Batch(_) => return answer,
                InputEvent::End(..) => seen_ends += 1,
                _ => {}
            }
            ControlFlow::Continue
        })
        .unwrap();
        assert_eq!(seen_ends, ends);
        assert!(options.bytes_read.total() < 50_000_000);
    }
}

#[test]
fn inputs_are_read_ahead_within_bounds_while_an_earlier_one_is_delivered() {
    let file = log(600_000);
    let sources = sources([file.path(); 4]);
    let options = options(2);
    let (mut read, batch) = (0, input::BATCH_BYTES as u64);
    run(&sources, &options, AT_START, first_line, |delivery| {
        if delivery.input == 0 && matches!(delivery.event, InputEvent::Batch(1)) {
            let started = Instant::now();
            while read < 10 * batch && started.elapsed() < Duration::from_secs(20) {
                thread::sleep(Duration::from_millis(50));
                read = options.bytes_read.total();
            }
        }
        ControlFlow::Continue
    })
    .unwrap();
    // Six batches of the current input are in flight, and six of the input that is read ahead. The reading threads may
    // have read a little more, which waits for free bytes.
    assert!((10 * batch..=16 * batch).contains(&read), "{read}");
    assert_eq!(options.bytes_read.total(), 4 * 19 * 600_000);
}

#[test]
fn several_inputs_are_read_at_a_time_each_in_order() {
    let file = log(600_000);
    let sources = sources([file.path(); 5]);
    let options = PipelineOptions {
        side_by_side: true,
        ..options(3)
    };
    let mut seen: Vec<Vec<u64>> = vec![Vec::new(); 5];
    let (mut open, mut most) = (0, 0);
    // Conversion is slow, and each input has more batches than may be in flight.
    let convert = |source: &Source, batch: LineBatch| {
        thread::sleep(Duration::from_millis(1));
        first_line(source, batch)
    };
    let opener = WaitForSecond(Arc::new((AtomicUsize::new(0), Barrier::new(2))));
    run(&sources, &options, Some(opener), convert, |delivery| {
        match delivery.event {
            InputEvent::Start(_) => open += 1,
            InputEvent::End(_, bytes) => {
                assert_eq!(bytes, 19 * 600_000);
                open -= 1;
            }
            InputEvent::Batch(first_line) => seen[delivery.input].push(first_line),
            InputEvent::Unopened(error) => panic!("{error}"),
            InputEvent::HeldBack(reason) => panic!("{reason}"),
        }
        most = most.max(open);
        ControlFlow::Continue
    })
    .unwrap();
    assert!(most > 1);
    assert!(seen[0].len() > 4 && seen[0].is_sorted(), "{seen:?}");
    assert!(seen.iter().all(|batches| *batches == seen[0]), "{seen:?}");
}

/// Converts one line at a time.
fn one_line(_: &Source, mut batch: LineBatch) -> (u64, Option<LineBatch>) {
    let rest = batch.split_after(0);
    (
        batch.first_line,
        Some(rest).filter(|rest| !rest.text.is_empty()),
    )
}

#[test]
fn the_rest_of_a_batch_is_converted_until_the_delivery_ends_the_input() {
    let file = log(5);
    let sources = sources([file.path(), file.path()]);
    let mut seen = Vec::new();
    run(&sources, &options(2), AT_START, one_line, |delivery| {
        let InputEvent::Batch(line) = delivery.event else {
            return ControlFlow::Continue;
        };
        seen.push((delivery.input, line));
        if seen.len() == 2 {
            ControlFlow::EndInput
        } else {
            ControlFlow::Continue
        }
    })
    .unwrap();
    assert_eq!(
        seen,
        [(0, 1), (0, 2), (1, 1), (1, 2), (1, 3), (1, 4), (1, 5)]
    );
}

#[test]
#[should_panic(expected = "as it should")]
fn a_conversion_that_panics_ends_the_run() {
    let file = log(1);
    let convert = |_: &Source, _: LineBatch| -> ((), Option<LineBatch>) { panic!("as it should") };
    let sources = sources([file.path()]);
    let _ = run(&sources, &options(2), AT_START, convert, |_| {
        ControlFlow::Continue
    });
}

//! Logs of Docker and of container runtimes whose lines are cut at random.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use serde_json::json;

use super::super::batch_reader::BatchReader;
use super::super::line_batch::LineContent;
use super::super::position::{Position, PositionTracker};
use super::super::source::Shape;

/// The limit on the length of a line, and on the sum of the lengths of its pieces.
const MOST: usize = 3000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Driver {
    Docker,
    Cri,
}

/// A line of a container.
#[derive(Clone, Debug)]
struct Record {
    driver: Driver,
    is_stderr: bool,
    text: String,
    /// The lengths of the pieces before the last one.
    cuts: Vec<usize>,
    lacks_last: bool,
    /// Whether the newline of a whole line of Docker was removed.
    is_trimmed: bool,
}

fn event(nth: usize, padding: usize) -> String {
    let text = format!("\\\"{{ }}é \\n{}", "x".repeat(padding));
    json!({"name": format!("event {nth}"), "event_type": "a", "event": {"text": text}, "context": {}}).to_string()
}

fn text() -> impl Strategy<Value = String> {
    let short = (0..1000_usize, 0..200_usize).prop_map(|(nth, padding)| event(nth, padding));
    let long = (0..1000_usize).prop_map(|nth| event(nth, MOST));
    let prefixed = short
        .clone()
        .prop_map(|event| format!("INFO [tracking] - {event}"));
    let other = prop_oneof![
        Just("GET / HTTP/1.1".to_owned()),
        Just("Traceback".to_owned()),
        Just("wrote C:\\temp\\n".to_owned()),
        Just("{\"level\":\"info\"}".to_owned()),
    ];
    prop_oneof![4 => short, 2 => prefixed, 3 => other, 1 => long]
}

fn record() -> impl Strategy<Value = Record> {
    let parts = (any::<bool>(), text(), vec(20..90_usize, 0..5));
    (parts, prop::bool::weighted(0.2), prop::bool::weighted(0.3)).prop_map(
        |((is_stderr, text, cuts), lacks_last, is_trimmed)| Record {
            driver: Driver::Docker,
            is_stderr,
            text,
            cuts,
            lacks_last,
            is_trimmed,
        },
    )
}

impl Record {
    fn texts(&self) -> Vec<&str> {
        let (mut texts, mut rest) = (Vec::new(), &*self.text);
        // Only events are cut. Other texts are short.
        let is_event = self.text.contains("\"event\"");
        let cuts = match self.text.len() {
            MOST.. => 50,
            _ => 1,
        };
        let cuts = self.cuts.iter().cycle().take(self.cuts.len() * cuts);
        for &cut in cuts.filter(|_| is_event) {
            // The brace of an object is in its first piece.
            let cut = if texts.is_empty() { cut.max(30) } else { cut };
            let cut = (cut..).find(|&cut| rest.is_char_boundary(cut.min(rest.len())));
            let (text, later) = rest.split_at(cut.unwrap_or(0).min(rest.len()));
            if later.is_empty() {
                break;
            }
            texts.push(text);
            rest = later;
        }
        texts.push(rest);
        texts
    }

    fn lines(&self) -> Vec<String> {
        let texts = self.texts();
        let last = texts.len() - 1;
        let lines = texts.iter().enumerate().map(|(nth, text)| {
            let stream = if self.is_stderr { "stderr" } else { "stdout" };
            let tag = if nth == last { "F" } else { "P" };
            let has_newline = nth == last && !(last == 0 && self.is_trimmed);
            match self.driver {
                Driver::Cri => format!("2024-03-05T08:00:46.8Z {stream} {tag} {text}\n"),
                Driver::Docker => {
                    let newline = if has_newline { "\n" } else { "" };
                    let log = format!("{text}{newline}");
                    format!("{}\n", json!({"log": log, "stream": stream, "time": "x"}))
                }
            }
        });
        lines
            .take(if self.lacks_last && last > 0 {
                last
            } else {
                last + 1
            })
            .collect()
    }

    /// Returns what becomes of the line, apart from its number.
    fn expected(&self) -> String {
        let lines = self.lines();
        let length: usize = lines.iter().map(String::len).sum();
        let texts = self.texts();
        if let [line] = &*lines
            && texts.len() == 1
        {
            let line = line.trim_end_matches('\n');
            return match line.len() > MOST {
                true => "too long".to_owned(),
                false => format!("line {line}"),
            };
        }
        let text = texts[..lines.len()].concat();
        match (length > MOST, lines.len() < texts.len()) {
            (true, _) => "too long".to_owned(),
            (_, true) => format!("truncated {text}"),
            (_, false) => format!("joined {text}"),
        }
    }
}

/// Returns the records as lines of one driver. Makes each record after a record without its last piece one that no driver could
/// write as the rest of that record.
fn told_apart(records: Vec<Record>, driver: Driver) -> Vec<Record> {
    let mut lacking = [false; 2];
    let told = records.into_iter().enumerate().map(|(nth, record)| {
        let lacks = &mut lacking[usize::from(record.is_stderr)];
        let record = match *lacks {
            true => Record {
                text: event(nth, 0),
                is_trimmed: false,
                lacks_last: false,
                driver,
                ..record
            },
            false => Record { driver, ..record },
        };
        *lacks = record.lines().len() < record.texts().len();
        record
    });
    told.collect()
}

/// Puts the lines of the records of both streams between one another. No line that is too long comes between two pieces.
fn log(records: &[Record], choices: &[bool]) -> String {
    let mut queues: [Vec<String>; 2] = Default::default();
    let mut log = String::new();
    let mut choices = choices.iter().cycle();
    for record in records {
        let lines = record.lines();
        if lines.iter().any(|line| line.len() > MOST) {
            queues
                .iter_mut()
                .for_each(|queue| log.extend(queue.drain(..)));
        }
        let [own, other] = match record.is_stderr {
            true => [1, 0],
            false => [0, 1],
        };
        for line in lines {
            queues[own].push(line);
            while *choices.next().unwrap() && !queues[other].is_empty() {
                log += &queues[other].remove(0);
            }
        }
        while queues[own].len() > 3 {
            log += &queues[own].remove(0);
        }
        if record.text.len() > MOST {
            queues
                .iter_mut()
                .for_each(|queue| log.extend(queue.drain(..)));
        }
    }
    log + &queues.concat().concat()
}

/// Returns what becomes of each line after a position, and the positions with the number of lines before each.
fn read(
    log: &str,
    from: Position,
    batch_bytes: usize,
    is_written: bool,
) -> (Vec<String>, Vec<(Position, usize)>) {
    let text_of = |text: &[u8]| {
        String::from_utf8_lossy(text)
            .trim_end_matches('\n')
            .to_owned()
    };
    let rest = &log.as_bytes()[usize::try_from(from.offset).unwrap()..];
    let mut start = PositionTracker::default();
    std::io::Write::write_all(&mut start, &log.as_bytes()[..log.len() - rest.len()]).unwrap();
    start.line = from.line;
    let reader = BatchReader::new(rest, Shape::Log, MOST).joining(true, is_written);
    let mut reader = reader.tracking(start, is_written);
    reader.batch_bytes = batch_bytes;
    let (mut found, mut positions) = (Vec::new(), Vec::new());
    while let Some(batch) = reader.next_batch() {
        let before = found.len();
        let mut counts = vec![0; batch.positions.len() + 1];
        for line in batch.lines(Shape::Log, MOST) {
            found.push(match (line.content, line.is_joined) {
                (LineContent::Whole(text), false) => {
                    format!("line {}", text_of(text))
                }
                (LineContent::Whole(text), true) => {
                    format!("joined {}", text_of(text))
                }
                (LineContent::Truncated(text), true) => {
                    format!("truncated {}", text_of(text))
                }
                (LineContent::TooLong { .. }, _) => "too long".to_owned(),
                (content, joined) => format!("{content:?} {joined}"),
            });
            counts[usize::try_from(line.nth).unwrap()] += 1;
        }
        let mut sum = before;
        for (position, count) in batch.positions.iter().zip(counts) {
            sum += count;
            positions.push((*position, sum));
        }
    }
    (found, positions)
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 150,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(20_240_305),
        ..ProptestConfig::default()
    })]

    #[test]
    fn each_line_of_a_container_has_one_outcome_in_any_batches_and_after_any_position(
        records in vec(record(), 1..12),
        driver in prop_oneof![Just(Driver::Docker), Just(Driver::Cri)],
        choices in vec(any::<bool>(), 7),
        batch_bytes in 100..4000_usize,
    ) {
        let records = told_apart(records, driver);
        let log = log(&records, &choices);
        let mut expected: Vec<String> = records.iter().map(Record::expected).collect();
        let (found, positions) = read(&log, Position::START, batch_bytes, false);
        let mut sorted = found.clone();
        expected.sort();
        sorted.sort();
        prop_assert_eq!(&sorted, &expected, "{}", log);
        prop_assert_eq!(positions.last().map(|last| last.0.offset), Some(log.len() as u64));
        for (position, before) in positions {
            let (after, _) = read(&log, position, batch_bytes, false);
            let resumed = [&found[..before], &after].concat();
            prop_assert_eq!(&resumed, &found, "{:?} {}", position, log);
        }
    }

    #[test]
    fn a_log_that_grows_has_the_same_outcomes_as_the_whole_log(
        records in vec(record(), 1..12),
        driver in prop_oneof![Just(Driver::Docker), Just(Driver::Cri)],
        choices in vec(any::<bool>(), 7),
        lines in vec(0..40_usize, 1..4),
    ) {
        let records = told_apart(records, driver);
        let log = log(&records, &choices);
        let (whole, _) = read(&log, Position::START, 1000, false);
        let ends: Vec<usize> = log.match_indices('\n').map(|(at, _)| at + 1).collect();
        let (mut found, mut position) = (Vec::new(), Position::START);
        let mut lines: Vec<usize> = lines.iter().map(|nth| nth % ends.len()).collect();
        lines.sort_unstable();
        for nth in lines {
            let (more, positions) = read(&log[..ends[nth]], position, 1000, true);
            found.extend(more);
            position = positions.last().map_or(position, |last| last.0);
        }
        let (more, _) = read(&log, position, 1000, false);
        found.extend(more);
        found.sort();
        let mut whole = whole;
        whole.sort();
        // The pieces that follow while a line is too long are lines of their own in another run.
        if !whole.iter().any(|line| line == "too long") {
            prop_assert_eq!(found, whole, "{}", log);
        }
    }
}

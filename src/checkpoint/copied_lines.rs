//! Finds how many lines an input shares with a longer log that is already delivered. So no line of a copy is delivered
//! again, wherever the copy ends.

use std::io::{self, BufRead, BufReader, Read, Write};

use super::candidate::Candidate;
use super::entry::InputId;
use super::fingerprint::{HEAD_BYTES, Head, track_log};
use super::first_bytes::{BUFFER_BYTES, as_long_as};
use super::heads::Beginning;
use super::known_log::{KnownLog, Rest};
use super::state_directory::StateDirectory;
use super::tracked::Tracked;
use crate::input::{BytesRead, Opened, Position, PositionTracker};

/// A known log, with its candidate and the destination to which its lines are delivered.
struct Comparison<'d> {
    log: KnownLog<'d>,
    candidate: usize,
    to: usize,
}

/// Compares the lines after the last recorded position in an input with the lines of the candidates that go on after this
/// position. Adds the positions up to which the lines are the same to the candidates. The returned input has no reader if
/// it was read again.
///
/// # Errors
/// Returns an error if the input cannot be read again.
pub fn compare(
    directory: &StateDirectory,
    opened: Opened,
    head: &Head,
    candidates: &mut [Candidate],
    tracked: &mut Tracked,
    bytes_read: &BytesRead,
) -> io::Result<Opened> {
    let (start, mut comparisons) = comparisons(directory, &opened, candidates, tracked);
    let may_go_on = comparisons.iter().any(|comparison| !comparison.log.is_over);
    let Some(start) = start.filter(|_| may_go_on && !tracked.is_broken()) else {
        return Ok(opened);
    };
    tracked.is_read_again = true;
    let mut opened = as_long_as(head, opened.rewind(bytes_read)?)?;
    let reader = std::mem::replace(&mut opened.reader, Box::new(io::empty()));
    let reader = reader.take(tracked.end().unwrap_or(u64::MAX));
    let mut reader = BufReader::with_capacity(BUFFER_BYTES, reader);
    let is_start = start == Position::START;
    let found = is_start.then(PositionTracker::default);
    let found = found.or_else(|| track_log(&mut reader, &[start]).0.pop());
    let Some(found) = found else {
        return Ok(opened);
    };
    // An error is reported when the input is read.
    let rest = compare_lines(&mut reader, found, &mut comparisons).ok();
    for comparison in &comparisons {
        let passed = &mut candidates[comparison.candidate].passed[comparison.to];
        passed.extend(comparison.log.reached);
    }
    let is_certain = |comparison: &Comparison<'_>| {
        let rest = rest.as_ref();
        candidates[comparison.candidate].beginning == Beginning::FirstLines
            || rest.is_some_and(|rest| {
                let has_pieces = opened.is_of_log_driver;
                comparison.log.is_certain(rest, opened.may_grow, has_pieces)
            })
    };
    let are_certain = comparisons.iter().all(is_certain);
    let reached = comparisons.iter().filter_map(|other| other.log.reached);
    tracked.add_copied(reached, are_certain);
    Ok(opened)
}

/// Returns the known logs with which an input is compared, and the earliest position after which the lines are compared.
fn comparisons<'d>(
    directory: &'d StateDirectory,
    opened: &Opened,
    candidates: &[Candidate],
    tracked: &Tracked,
) -> (Option<Position>, Vec<Comparison<'d>>) {
    let inputs: Vec<InputId> = candidates.iter().map(|other| other.input).collect();
    let mut comparisons = Vec::new();
    let mut start: Option<Position> = None;
    // The lines before an incomplete line have positions of their own. The end of a packed copy may be a part of this line.
    let end = tracked.end().filter(|_| !opened.may_grow);
    let may_hold_lines =
        |position: &Position| !position.open || end.is_some_and(|end| position.offset > end);
    for (nth, candidate) in candidates.iter().enumerate() {
        for (to, passed) in candidate.passed.iter().enumerate() {
            let last = last_found(candidates, candidate, to, tracked);
            let mut later = passed.iter().filter(|passed| may_hold_lines(passed));
            if later.all(|position| position.offset <= last.offset)
                || candidate.beginning == Beginning::FirstLines && last.offset >= HEAD_BYTES as u64
            {
                continue;
            }
            let mut memory = directory.memory();
            let rows = memory.lines.delivered(&inputs, passed, last.offset);
            // Without the hashes, the journal has enough positions to recognize most lines.
            let rows = rows.unwrap_or_default();
            comparisons.push(Comparison {
                log: KnownLog::new(directory, last.offset, rows),
                candidate: nth,
                to,
            });
            let earlier = start.filter(|start| start.offset <= last.offset);
            start = earlier.or(Some(last));
        }
    }
    (start, comparisons)
}

/// Returns the last position of a candidate that the input has. A candidate that only has the same first lines goes on in
/// another way, so positions of all candidates count.
fn last_found(
    candidates: &[Candidate],
    candidate: &Candidate,
    to: usize,
    tracked: &Tracked,
) -> Position {
    let candidates = match candidate.beginning {
        Beginning::FirstLines => candidates,
        _ => std::slice::from_ref(candidate),
    };
    let passed = candidates.iter().flat_map(|other| &other.passed[to]);
    let found = passed.filter(|position| tracked.is_found(position));
    let last = found.max_by_key(|position| position.offset);
    last.copied().unwrap_or(Position::START)
}

/// Compares the lines of an input after a position with known logs, up to the end of the input. The last line of the
/// input may lack its newline. Returns the rest of the input after the last line that a log has.
///
/// # Errors
/// Returns an error if the input or the hashes of the lines cannot be read.
fn compare_lines(
    reader: &mut impl BufRead,
    mut tracker: PositionTracker,
    comparisons: &mut [Comparison<'_>],
) -> io::Result<Rest> {
    let mut rest = Rest::default();
    tracker.open = false;
    loop {
        let next = going_on(comparisons).filter_map(KnownLog::next_offset);
        let Some(next) = next.min() else {
            return Ok(rest);
        };
        while tracker.offset < next {
            let bytes = reader.fill_buf()?;
            if bytes.is_empty() {
                going_on(comparisons).for_each(|log| log.compare_open(&tracker));
                return Ok(rest);
            }
            let wanted = usize::try_from(next - tracker.offset).unwrap_or(usize::MAX);
            let bytes = &bytes[..wanted.min(bytes.len())];
            tracker.write_all(bytes)?;
            rest.add(bytes);
            let length = bytes.len();
            reader.consume(length);
        }
        let position = tracker.position();
        for log in going_on(comparisons) {
            if log.compare(&position)? {
                rest = Rest::default();
            }
        }
    }
}

/// Returns the logs of which more lines may be the same.
fn going_on<'c, 'd>(
    comparisons: &'c mut [Comparison<'d>],
) -> impl Iterator<Item = &'c mut KnownLog<'d>> {
    let logs = comparisons.iter_mut().map(|comparison| &mut comparison.log);
    logs.filter(|log| !log.is_over)
}

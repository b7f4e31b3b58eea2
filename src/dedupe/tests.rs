#![allow(clippy::print_stderr)]

use proptest::prelude::*;
#[cfg(target_os = "linux")]
use xxhash_rust::xxh3::xxh3_128;

use super::*;
use crate::routing::RouterSet;

/// An event for tests. Its line has `records` records, and `id` is the id of the first record.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Event {
    id: u8,
    content: u8,
    records: u8,
    routers: RouterSet,
}

fn event(id: u8, content: u8) -> Event {
    Event {
        id,
        content,
        records: 1,
        routers: RouterSet::ALL,
    }
}

impl Event {
    fn write(&self, line: u64, batch: &mut ConvertedBatch) {
        for nth in 0..self.records {
            // Only the last record contains `content`.
            let is_last = nth + 1 == self.records;
            let content = if is_last { self.content } else { 0 };
            let text = "-".repeat(usize::from(self.id));
            batch.bytes.extend(format!("{text}{content}\n").bytes());
            batch.records.push(ConvertedRecord {
                id: Uuid::from_u128(u128::from(self.id) << 8 | u128::from(nth)),
                end: batch.bytes.len(),
                line,
                byte: 0,
                nth: 0,
                event: u32::try_from(line).unwrap(),
                routers: self.routers,
            });
        }
    }
}

/// Returns a batch with the events on every second line.
fn batch(first_line: u64, events: &[Event]) -> ConvertedBatch {
    let mut batch = ConvertedBatch::default();
    for (nth, event) in (0..).zip(events) {
        event.write(first_line + 2 * nth, &mut batch);
    }
    batch
}

/// The numbers of duplicates, rejected lines and dropped records, and both lines of each collision.
type Summary = (u64, u64, u64, Vec<(u64, String)>);

fn summary(deduped: &Deduped) -> Summary {
    let Deduped { counts, collisions } = deduped;
    assert_eq!(counts.collisions, collisions.len() as u64);
    let lines = |collision: &Collision| (collision.record.line, collision.first.clone());
    (
        counts.duplicates,
        counts.rejected,
        counts.records,
        collisions.iter().map(lines).collect(),
    )
}

fn records(batch: &ConvertedBatch) -> Vec<(u64, Uuid, String)> {
    let records = batch.records_with_text().map(|(record, text)| {
        let text = String::from_utf8_lossy(text).into_owned();
        (record.line, record.id, text)
    });
    records.collect()
}

#[test]
fn duplicates_are_dropped_and_collisions_are_reported() {
    for (on_collision, kept) in [
        (OnCollision::Keep, vec![11, 13]),
        (OnCollision::Reject, vec![13]),
    ] {
        let mut dedupe = Dedupe::new(on_collision, Scope::Run);
        dedupe.start_input("a.log");
        let mut first = batch(1, &[event(1, 1), event(2, 1), event(2, 1)]);
        assert_eq!(summary(&dedupe.dedupe(&mut first)), (1, 0, 1, vec![]));
        assert_eq!(
            records(&first),
            records(&batch(1, &[event(1, 1), event(2, 1)]))
        );

        dedupe.start_input("b.log");
        let lines = [
            event(2, 1),
            event(1, 2),
            event(3, 1),
            event(1, 2),
            event(1, 1),
        ];
        let mut second = batch(9, &lines);
        let deduped = dedupe.dedupe(&mut second);
        let collision = |line| (line, "a.log:1".to_owned());
        let expected = match on_collision {
            OnCollision::Keep => (3, 0, 3, vec![collision(11)]),
            // A rejected event is not remembered, so its copy on line 15 is a collision too, and no duplicate.
            OnCollision::Reject => (2, 2, 4, vec![collision(11), collision(15)]),
        };
        assert_eq!(summary(&deduped), expected);
        let lines = second.records.iter().map(|record| record.line);
        assert_eq!(lines.collect::<Vec<_>>(), kept);
        assert_eq!(second.bytes.len(), second.records.last().unwrap().end);
    }
}

#[test]
fn events_of_failed_inputs_have_no_duplicates() {
    let mut dedupe = Dedupe::new(OnCollision::Keep, Scope::Run);
    let mut run = |file, failed, events: &[Event]| {
        dedupe.start_input(file);
        let deduped = dedupe.dedupe(&mut batch(1, events));
        if failed {
            dedupe.input_failed();
        }
        summary(&deduped)
    };
    let events = [event(1, 1), event(1, 2), event(2, 1)];
    let collision = |file| vec![(3, format!("{file}:1"))];
    assert_eq!(run("a", true, &events), (0, 0, 0, collision("a")));
    assert_eq!(run("b", true, &events), (0, 0, 0, collision("b")));
    assert_eq!(run("c", false, &events), (0, 0, 0, collision("c")));
    assert_eq!(run("d", true, &events), (3, 0, 3, vec![]));
    assert_eq!(run("e", false, &events), (3, 0, 3, vec![]));
}

#[test]
fn the_content_of_a_line_comprises_all_its_records() {
    let several = |content| Event {
        records: 3,
        ..event(1, content)
    };
    let mut dedupe = Dedupe::new(OnCollision::Keep, Scope::Run);
    dedupe.start_input("a");
    let mut unchanged = batch(1, &[several(1), several(2)]);
    let before = unchanged.bytes.as_ptr();
    let deduped = dedupe.dedupe(&mut unchanged);
    assert_eq!(summary(&deduped), (0, 0, 0, vec![(3, "a:1".to_owned())]));
    assert_eq!(
        records(&unchanged),
        records(&batch(1, &[several(1), several(2)]))
    );
    assert_eq!(unchanged.bytes.as_ptr(), before);
    let deduped = dedupe.dedupe(&mut batch(5, &[several(2), several(1)]));
    assert_eq!(summary(&deduped), (2, 0, 6, vec![]));
}

#[test]
fn the_records_of_a_document_are_dropped_together() {
    let mut dedupe = Dedupe::new(OnCollision::Keep, Scope::Run);
    let text = b"[\n  {},\n  {}\n]\n";
    let document = |line| {
        let mut batch = batch(line, &[event(1, 1), event(1, 1)]);
        batch.bytes = text.to_vec().into();
        for record in &mut batch.records {
            (record.end, record.line, record.event) = (text.len(), line, 0);
        }
        batch
    };
    let mut first = document(1);
    assert_eq!(summary(&dedupe.dedupe(&mut first)), (0, 0, 0, vec![]));
    assert_eq!(*first.bytes, text);
    let mut second = document(2);
    assert_eq!(summary(&dedupe.dedupe(&mut second)), (1, 0, 2, vec![]));
    assert!(second.bytes.is_empty() && second.records.is_empty());
}

#[test]
fn equal_events_for_other_routers_are_duplicates_only_within_a_run() {
    let to_none = Event {
        routers: RouterSet::NONE,
        ..event(1, 1)
    };
    for (scope, duplicates) in [(Scope::Run, 1), (Scope::Routers, 0)] {
        let mut dedupe = Dedupe::new(OnCollision::Keep, scope);
        let deduped = dedupe.dedupe(&mut batch(1, &[event(1, 1), to_none.clone()]));
        assert_eq!(deduped.counts.duplicates, duplicates);
    }
}

/// Returns the batch that remains of an input's events, and the summary. This simple model compares each event with all
/// events that were emitted before.
fn compare_with_all(
    emitted: &mut Vec<(Event, String)>,
    on_collision: OnCollision,
    file: &str,
    events: &[Event],
) -> (ConvertedBatch, Summary) {
    let mut kept = ConvertedBatch::default();
    let (mut duplicates, mut rejected, mut dropped, mut collisions) = (0, 0, 0, Vec::new());
    for (nth, event) in (0..).zip(events) {
        let line = 1 + 2 * nth;
        let count = u64::from(event.records);
        if emitted.iter().any(|(other, _)| other == event) {
            (duplicates, dropped) = (duplicates + 1, dropped + count);
            continue;
        }
        if let Some((_, first)) = emitted.iter().find(|(other, _)| other.id == event.id) {
            collisions.push((line, first.clone()));
            if on_collision == OnCollision::Reject {
                (rejected, dropped) = (rejected + 1, dropped + count);
                continue;
            }
        }
        event.write(line, &mut kept);
        emitted.push((event.clone(), format!("{file}:{line}")));
    }
    (kept, (duplicates, rejected, dropped, collisions))
}

proptest! {
    #[test]
    fn duplicates_are_those_found_by_comparing_with_all_events(
        inputs in prop::collection::vec(
            (prop::collection::vec((0..6_u8, 0..3_u8, 1..3_u8), 0..12), any::<bool>(), 0..12_usize),
            0..8,
        ),
        rejects in any::<bool>(),
    ) {
        let on_collision = if rejects { OnCollision::Reject } else { OnCollision::Keep };
        let mut dedupe = Dedupe::new(on_collision, Scope::Run);
        let mut emitted = Vec::new();
        for (nth, (events, fails, cut)) in inputs.into_iter().enumerate() {
            let file = nth.to_string();
            let events: Vec<_> = events
                .into_iter()
                .map(|(id, content, records)| Event { records, ..event(id, content) })
                .collect();
            let before = emitted.len();
            let (expected, found) = compare_with_all(&mut emitted, on_collision, &file, &events);
            if fails {
                emitted.truncate(before);
            }

            dedupe.start_input(&file);
            // The events of an input come in two batches.
            let cut = cut.min(events.len());
            let mut batches = [
                batch(1, &events[..cut]),
                batch(1 + 2 * cut as u64, &events[cut..]),
            ];
            let mut sum = (0, 0, 0, vec![]);
            for batch in &mut batches {
                let (duplicates, rejected, dropped, collisions) = summary(&dedupe.dedupe(batch));
                sum.0 += duplicates;
                sum.1 += rejected;
                sum.2 += dropped;
                sum.3.extend(collisions);
            }
            if fails {
                dedupe.input_failed();
            }
            prop_assert_eq!(sum, found);
            let kept: Vec<_> = batches.iter().flat_map(records).collect();
            prop_assert_eq!(kept, records(&expected));
        }
    }
}

/// Returns the peak memory of this process in bytes.
#[cfg(target_os = "linux")]
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes: u64 = peak
        .unwrap()
        .trim()
        .trim_end_matches(" kB")
        .parse()
        .unwrap();
    kilobytes * 1024
}

/// Run with `cargo test --release --lib ten_million -- --ignored --nocapture`.
#[cfg(target_os = "linux")]
#[test]
#[ignore = "takes seconds, and would measure the memory of other tests"]
fn ten_million_events_stay_below_half_a_gigabyte() {
    let mut dedupe = Dedupe::new(OnCollision::Keep, Scope::Run);
    dedupe.start_input("a.log");
    let before = peak();
    let mut elapsed = std::time::Duration::ZERO;
    for nth in 0..10_000 {
        let mut batch = ConvertedBatch::default();
        for line in nth * 1000..(nth + 1) * 1000_u64 {
            let id = uuid::Builder::from_sha1_bytes(xxh3_128(&line.to_be_bytes()).to_be_bytes());
            // A typical statement has about 1000 bytes.
            batch.bytes.extend([line as u8; 1000]);
            batch.records.push(ConvertedRecord {
                id: id.into_uuid(),
                end: batch.bytes.len(),
                line: line + 1,
                byte: 0,
                nth: 0,
                event: u32::try_from(line % 1000).unwrap(),
                routers: RouterSet::ALL,
            });
        }
        let started = std::time::Instant::now();
        let deduped = dedupe.dedupe(&mut batch);
        elapsed += started.elapsed();
        assert_eq!(deduped.counts.duplicates, 0);
        if nth % 1000 == 999 {
            let millions = (nth + 1) / 1000;
            let (bytes, events) = (peak() - before, millions * 1_000_000);
            eprintln!(
                "{millions:>2} million: at most {:>3} MB, {} bytes and {} ns an event",
                bytes / 1_000_000,
                bytes / events,
                elapsed.as_nanos() as u64 / events
            );
        }
    }
    assert!(peak() < 500_000_000, "{}", peak());
}

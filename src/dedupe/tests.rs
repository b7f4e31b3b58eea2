use proptest::prelude::*;

use super::*;
use crate::routing::RouterSet;

/// A line with so many values, the first with this id.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Event {
    id: u8,
    content: u8,
    values: u8,
    routers: RouterSet,
}

fn event(id: u8, content: u8) -> Event {
    Event {
        id,
        content,
        values: 1,
        routers: RouterSet::ALL,
    }
}

impl Event {
    fn write(&self, line: u64, output: &mut ConvertedBatch) {
        for nth in 0..self.values {
            // What varies is in the last value alone.
            let is_last = nth + 1 == self.values;
            let content = if is_last { self.content } else { 0 };
            let text = "-".repeat(usize::from(self.id));
            output.bytes.extend(format!("{text}{content}\n").bytes());
            output.records.push(ConvertedRecord {
                id: Uuid::from_u128(u128::from(self.id) << 8 | u128::from(nth)),
                end: output.bytes.len(),
                line,
                routers: self.routers,
            });
        }
    }
}

/// The events on every second line from this one.
fn output(first_line: u64, events: &[Event]) -> ConvertedBatch {
    let mut output = ConvertedBatch::default();
    for (nth, event) in (0..).zip(events) {
        event.write(first_line + 2 * nth, &mut output);
    }
    output
}

/// Duplicates, rejected lines, dropped values, and each collision by its line and the place of the other.
type Summary = (u64, u64, u64, Vec<(u64, String)>);

fn summary(sifted: &Sifted) -> Summary {
    let collisions = sifted.collisions.iter();
    (
        sifted.duplicates,
        sifted.rejected,
        sifted.dropped_values,
        collisions
            .map(|collision| (collision.line, collision.first.to_string()))
            .collect(),
    )
}

fn values(output: &ConvertedBatch) -> Vec<(u64, Uuid, String)> {
    let values = output.records_with_text().map(|(value, text)| {
        let text = String::from_utf8_lossy(text).into_owned();
        (value.line, value.id, text)
    });
    values.collect()
}

#[test]
fn what_is_the_same_is_dropped_and_what_is_not_is_told() {
    for (on_collision, kept) in [
        (OnCollision::Keep, vec![11, 13]),
        (OnCollision::Reject, vec![13]),
    ] {
        let mut dedupe = Dedupe::new(on_collision, Scope::Run);
        dedupe.start_input("a.log");
        let mut first = output(1, &[event(1, 1), event(2, 1), event(2, 1)]);
        assert_eq!(summary(&dedupe.sift(&mut first)), (1, 0, 1, vec![]));
        assert_eq!(
            values(&first),
            values(&output(1, &[event(1, 1), event(2, 1)]))
        );

        dedupe.start_input("b.log");
        let lines = [
            event(2, 1),
            event(1, 2),
            event(3, 1),
            event(1, 2),
            event(1, 1),
        ];
        let mut second = output(9, &lines);
        let sifted = dedupe.sift(&mut second);
        let collision = |line| (line, "a.log:1".to_owned());
        let expected = match on_collision {
            OnCollision::Keep => (3, 0, 3, vec![collision(11)]),
            // What was rejected is not there for a later one to be the same.
            OnCollision::Reject => (2, 2, 4, vec![collision(11), collision(15)]),
        };
        assert_eq!(summary(&sifted), expected);
        let lines = second.records.iter().map(|value| value.line);
        assert_eq!(lines.collect::<Vec<_>>(), kept);
        assert_eq!(second.bytes.len(), second.records.last().unwrap().end);
    }
}

#[test]
fn a_duplicate_of_what_was_not_delivered_is_none() {
    let mut dedupe = Dedupe::new(OnCollision::Keep, Scope::Run);
    let mut run = |file, failed, events: &[Event]| {
        dedupe.start_input(file);
        let sifted = dedupe.sift(&mut output(1, events));
        if failed {
            dedupe.input_failed();
        }
        summary(&sifted)
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
fn all_values_of_a_line_are_its_content_and_none_is_moved_without_need() {
    let several = |content| Event {
        values: 3,
        ..event(1, content)
    };
    let mut dedupe = Dedupe::new(OnCollision::Keep, Scope::Run);
    dedupe.start_input("a");
    let mut unchanged = output(1, &[several(1), several(2)]);
    let before = unchanged.bytes.as_ptr();
    let sifted = dedupe.sift(&mut unchanged);
    assert_eq!(summary(&sifted), (0, 0, 0, vec![(3, "a:1".to_owned())]));
    assert_eq!(
        values(&unchanged),
        values(&output(1, &[several(1), several(2)]))
    );
    assert_eq!(unchanged.bytes.as_ptr(), before);
    let sifted = dedupe.sift(&mut output(5, &[several(2), several(1)]));
    assert_eq!(summary(&sifted), (2, 0, 6, vec![]));
}

#[test]
fn the_values_of_a_document_end_together() {
    let mut dedupe = Dedupe::new(OnCollision::Keep, Scope::Run);
    let text = b"[\n  {},\n  {}\n]\n";
    let document = |line| {
        let mut output = output(line, &[event(1, 1), event(1, 1)]);
        output.bytes = text.to_vec().into();
        for value in &mut output.records {
            (value.end, value.line) = (text.len(), line);
        }
        output
    };
    let mut first = document(1);
    assert_eq!(summary(&dedupe.sift(&mut first)), (0, 0, 0, vec![]));
    assert_eq!(*first.bytes, text);
    let mut second = document(2);
    assert_eq!(summary(&dedupe.sift(&mut second)), (1, 0, 2, vec![]));
    assert!(second.bytes.is_empty() && second.records.is_empty());
}

#[test]
fn what_goes_to_other_routers_is_no_duplicate_where_that_counts() {
    let to_none = Event {
        routers: RouterSet::NONE,
        ..event(1, 1)
    };
    for (scope, duplicates) in [(Scope::Run, 1), (Scope::Routers, 0)] {
        let mut dedupe = Dedupe::new(OnCollision::Keep, scope);
        let sifted = dedupe.sift(&mut output(1, &[event(1, 1), to_none.clone()]));
        assert_eq!(sifted.duplicates, duplicates);
    }
}

/// What is emitted of an input and what is found, by looking at all that was ever emitted.
fn plain(
    emitted: &mut Vec<(Event, String)>,
    on_collision: OnCollision,
    file: &str,
    events: &[Event],
) -> (ConvertedBatch, Summary) {
    let mut kept = ConvertedBatch::default();
    let (mut duplicates, mut rejected, mut dropped, mut collisions) = (0, 0, 0, Vec::new());
    for (nth, event) in (0..).zip(events) {
        let line = 1 + 2 * nth;
        let values = u64::from(event.values);
        if emitted.iter().any(|(other, _)| other == event) {
            (duplicates, dropped) = (duplicates + 1, dropped + values);
            continue;
        }
        if let Some((_, place)) = emitted.iter().find(|(other, _)| other.id == event.id) {
            collisions.push((line, place.clone()));
            if on_collision == OnCollision::Reject {
                (rejected, dropped) = (rejected + 1, dropped + values);
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
    fn it_finds_what_a_look_at_everything_finds(
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
                .map(|(id, content, values)| Event { values, ..event(id, content) })
                .collect();
            let before = emitted.len();
            let (expected, found) = plain(&mut emitted, on_collision, &file, &events);
            if fails {
                emitted.truncate(before);
            }

            dedupe.start_input(&file);
            // In two batches.
            let cut = cut.min(events.len());
            let mut batches = [
                output(1, &events[..cut]),
                output(1 + 2 * cut as u64, &events[cut..]),
            ];
            let mut sum = (0, 0, 0, vec![]);
            for batch in &mut batches {
                let (duplicates, rejected, dropped, collisions) = summary(&dedupe.sift(batch));
                sum.0 += duplicates;
                sum.1 += rejected;
                sum.2 += dropped;
                sum.3.extend(collisions);
            }
            if fails {
                dedupe.input_failed();
            }
            prop_assert_eq!(sum, found);
            let kept: Vec<_> = batches.iter().flat_map(values).collect();
            prop_assert_eq!(kept, values(&expected));
        }
    }
}

/// The most memory that this process ever had, in bytes.
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

/// `cargo test --release --lib ten_million -- --ignored --nocapture`
#[cfg(target_os = "linux")]
#[test]
#[ignore = "it takes seconds, and other tests would count"]
fn ten_million_events_stay_below_half_a_gigabyte() {
    let mut dedupe = Dedupe::new(OnCollision::Keep, Scope::Run);
    dedupe.start_input("a.log");
    let before = peak();
    let mut elapsed = std::time::Duration::ZERO;
    for batch in 0..10_000 {
        let mut output = ConvertedBatch::default();
        for line in batch * 1000..(batch + 1) * 1000_u64 {
            let id = uuid::Builder::from_sha1_bytes(xxh3_128(&line.to_be_bytes()).to_be_bytes());
            // As long as many a statement.
            output.bytes.extend([line as u8; 1000]);
            output.records.push(ConvertedRecord {
                id: id.into_uuid(),
                end: output.bytes.len(),
                line: line + 1,
                routers: RouterSet::ALL,
            });
        }
        let started = std::time::Instant::now();
        let sifted = dedupe.sift(&mut output);
        elapsed += started.elapsed();
        assert_eq!(sifted.duplicates, 0);
        if batch % 1000 == 999 {
            let millions = (batch + 1) / 1000;
            let (bytes, events) = (peak() - before, millions * 1_000_000);
            eprintln!(
                "{millions:>2} million: {:>3} MB at the most, {} bytes and {} ns an event",
                bytes / 1_000_000,
                bytes / events,
                elapsed.as_nanos() as u64 / events
            );
        }
    }
    assert!(peak() < 500_000_000, "{}", peak());
}

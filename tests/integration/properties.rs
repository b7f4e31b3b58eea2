//! Any bytes can be converted, and each line has exactly one outcome.

use std::fs;
use std::io::Cursor;
use std::sync::OnceLock;
use std::sync::atomic::AtomicBool;

use bumpalo::Bump;
use event_routing_backends::caliper::CaliperSettings;
use event_routing_backends::convert::{
    ConvertedBatch, ConvertedLine, FormatSettings, Layout, LineConverter, StatementForm,
    select_events,
};
use event_routing_backends::filter::EventFilter;
use event_routing_backends::format::{Conformance, Format};
use event_routing_backends::input::{BatchReader, Line, LineContent, Shape};
use event_routing_backends::lms::{IdentityColumn, IdentityDerivation, Lms, RowSet, Unknown};
use event_routing_backends::outcome::{Reason, RepairSet, Tally};
use event_routing_backends::selection::EventSelection;
use event_routing_backends::tracking::LineWrapper;
use event_routing_backends::xapi::{ActorKind, XapiSettings};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use crate::harness::fixture;

fn formats(conformance: Conformance) -> [LineConverter; 2] {
    let xapi = XapiSettings {
        actor: ActorKind::ExternalId,
        conformance,
        transformer_version: "x".into(),
    };
    let caliper = CaliperSettings {
        conformance,
        transformer_version: "x".into(),
    };
    let select = |format| select_events(format, &["all".into()]).unwrap();
    [
        converter(
            FormatSettings::Xapi(xapi, StatementForm::Statement),
            select(Format::Xapi),
        ),
        converter(
            FormatSettings::Caliper(caliper, None),
            select(Format::Caliper),
        ),
    ]
}

fn converter(format: FormatSettings, selection: EventSelection) -> LineConverter {
    LineConverter {
        splits_lines: false,
        wrapper: LineWrapper::None,
        format,
        selection,
        filter: EventFilter::default(),
        routers: None,
        lms: OnceLock::from(Lms {
            root_url: "https://x.example".into(),
            identity: IdentityColumn::Email,
            users: None,
            courses: None,
            unknown_user: Unknown::Reject,
            unknown_course: Unknown::Reject,
            missing_external_id: Unknown::Reject,
            derived_users: RowSet::default(),
            derives_unknown: AtomicBool::default(),
            names_courses_by_id: AtomicBool::default(),
            derivation: IdentityDerivation::new("https://x.example", None),
        }),
        repairs: RepairSet::ALL,
    }
}

/// Converts a log to each format and checks the invariants. Returns the tally of xAPI.
fn convert(log: &[u8], max_line_bytes: usize) -> Tally {
    for converter in formats(Conformance::Spec) {
        convert_to(&converter, log, max_line_bytes);
    }
    let [xapi, caliper] = formats(Conformance::Reference);
    convert_to(&caliper, log, max_line_bytes);
    convert_to(&xapi, log, max_line_bytes)
}

fn convert_to(converter: &LineConverter, log: &[u8], max_line_bytes: usize) -> Tally {
    let mut reader = BatchReader::new(Cursor::new(log), Shape::Log, max_line_bytes);
    let (mut tally, mut out, mut lines) = (Tally::default(), ConvertedBatch::default(), 0);
    while let Some(batch) = reader.next_batch() {
        for line in batch.lines(Shape::Log, max_line_bytes) {
            lines += 1;
            assert_eq!(line.number, lines);
            let before = out.bytes.len();
            let arena = Bump::new();
            let conversion = converter.convert(line, Layout::Lines, &arena, &mut out);
            let document = converter.convert(
                line,
                Layout::Document,
                &arena,
                &mut ConvertedBatch::default(),
            );
            let word = |conversion: &Option<ConvertedLine<'_>>| {
                conversion
                    .as_ref()
                    .map(|conversion| conversion.outcome.word())
            };
            assert_eq!(word(&conversion), word(&document));
            if let Some(conversion) = conversion {
                tally.count(&conversion.outcome, conversion.records);
                assert_eq!(conversion.records > 0, out.bytes.len() > before);
                assert_eq!(
                    conversion.outcome.word() == "emitted",
                    conversion.records > 0
                );
            }
        }
    }
    assert!(reader.finish().result.is_ok());
    let split: Vec<&[u8]> = log.split(|&byte| byte == b'\n').collect();
    let expected = if log.ends_with(b"\n") || log.is_empty() {
        split.len() - 1
    } else {
        split.len()
    };
    assert_eq!(lines, expected as u64);
    let blank = |line: &&&[u8]| {
        line.len() <= max_line_bytes
            && std::str::from_utf8(line).is_ok_and(|line| {
                let is_space = |c: char| c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c);
                line.trim_start_matches('\u{feff}').chars().all(is_space)
            })
    };
    assert_eq!(
        tally.lines(),
        (split.len() - split.iter().filter(blank).count()) as u64
    );
    for statement in out
        .bytes
        .split(|&byte| byte == b'\n')
        .filter(|line| !line.is_empty())
    {
        assert!(serde_json::from_slice::<serde_json::Value>(statement).is_ok());
    }
    tally
}

/// All event fixtures, one on each line.
fn real_lines() -> Vec<Vec<u8>> {
    let events = walkdir::WalkDir::new(fixture("events"))
        .into_iter()
        .flatten();
    let events = events.filter(|entry| entry.file_type().is_file());
    let compact = events.map(|entry| {
        let event: serde_json::Value =
            serde_json::from_slice(&fs::read(entry.path()).unwrap()).unwrap();
        event.to_string().into_bytes()
    });
    compact.collect()
}

#[derive(Clone, Debug)]
enum Damage {
    Cut(prop::sample::Index),
    Delete(prop::sample::Index),
    Insert(prop::sample::Index, u8),
    Repeat(prop::sample::Index, prop::sample::Index),
}

fn damage() -> impl Strategy<Value = Damage> {
    let index = any::<prop::sample::Index>;
    prop_oneof![
        index().prop_map(Damage::Cut),
        index().prop_map(Damage::Delete),
        (index(), any::<u8>()).prop_map(|(at, byte)| Damage::Insert(at, byte)),
        (index(), index()).prop_map(|(from, to)| Damage::Repeat(from, to)),
    ]
}

fn damaged(mut line: Vec<u8>, damages: &[Damage]) -> Vec<u8> {
    for damage in damages {
        if line.is_empty() {
            break;
        }
        match damage {
            Damage::Cut(at) => line.truncate(at.index(line.len())),
            Damage::Delete(at) => drop(line.remove(at.index(line.len()))),
            Damage::Insert(at, byte) => line.insert(at.index(line.len()), *byte),
            Damage::Repeat(from, to) => {
                let (from, to) = (from.index(line.len()), to.index(line.len()));
                let piece = line[from.min(to)..from.max(to)].to_vec();
                line.splice(from..from, piece);
            }
        }
    }
    line
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 300,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(20_240_305),
        ..ProptestConfig::default()
    })]

    #[test]
    fn arbitrary_bytes_have_one_outcome_a_line(log in vec(any::<u8>(), 0..3000), max_line_bytes in 1_usize..200) {
        convert(&log, max_line_bytes);
    }

    #[test]
    fn lines_similar_to_json_have_one_outcome_each(log in r#"([ {}\[\]",:\\a-e0-9.\n-]|"event":|"data":|NaN|null|\u{feff}){0,200}"#) {
        convert(log.as_bytes(), 1000);
    }

    #[test]
    fn damaged_events_have_one_outcome_each(picks in vec((any::<prop::sample::Index>(), vec(damage(), 0..4)), 1..20)) {
        thread_local!(static LINES: Vec<Vec<u8>> = real_lines());
        let lines: Vec<_> = LINES.with(|lines| {
            let damaged = picks.iter().map(|(pick, damages)| damaged(pick.get(lines).clone(), damages));
            damaged.collect()
        });
        convert(&lines.join(&b"\n"[..]), 1 << 20);
        convert_wrapped(&lines);
        convert_by_specification(&lines);
    }
}

/// Checks that each line has the same output plain and wrapped.
fn convert_wrapped(lines: &[Vec<u8>]) {
    for mut converter in formats(Conformance::Reference) {
        // A JSON string can only contain UTF-8.
        for line in lines.iter().flat_map(|line| std::str::from_utf8(line)) {
            let arena = Bump::new();
            let mut convert = |wrapper, line: &[u8]| {
                converter.wrapper = wrapper;
                let mut out = ConvertedBatch::default();
                let line = first_line(line);
                let conversion = converter.convert(line, Layout::Lines, &arena, &mut out);
                let outcome = conversion.map(|conversion| {
                    let reason = conversion.outcome.fault().map(|(reason, _)| reason);
                    (conversion.outcome.word(), reason)
                });
                (outcome, out.bytes.to_vec())
            };
            let wrapped = serde_json::json!({"message": {"log": line}}).to_string();
            let wrapper = LineWrapper::json("message.log").unwrap();
            let plain = convert(LineWrapper::None, line.as_bytes());
            assert_eq!(plain, convert(wrapper, wrapped.as_bytes()), "{line}");
        }
    }
}

/// Checks that the records by the specifications have the ids of those by the reference, and that only events whose objects
/// have no id are rejected besides.
fn convert_by_specification(lines: &[Vec<u8>]) {
    for (reference, spec) in formats(Conformance::Reference)
        .iter()
        .zip(&formats(Conformance::Spec))
    {
        for line in lines {
            let (reason, expected) = ids(reference, line);
            let (reason_by_spec, ids) = ids(spec, line);
            match reason_by_spec {
                Some(Reason::NoObjectId | Reason::NotRepresentable) => {
                    assert!(ids.is_empty(), "{ids:?}")
                }
                _ => assert_eq!((reason_by_spec, ids), (reason, expected)),
            }
        }
    }
}

/// Returns a line as it is read at the start of a log.
fn first_line(line: &[u8]) -> Line<'_> {
    Line {
        byte: 0,
        is_joined: false,
        nth: 0,
        number: 1,
        offset: 0,
        content: LineContent::Whole(line),
        is_marked: false,
    }
}

fn ids(converter: &LineConverter, line: &[u8]) -> (Option<Reason>, Vec<String>) {
    let (arena, mut out) = (Bump::new(), ConvertedBatch::default());
    let line = first_line(line);
    let conversion = converter.convert(line, Layout::Lines, &arena, &mut out);
    let fault = conversion
        .as_ref()
        .and_then(|conversion| conversion.outcome.fault());
    let records = out
        .bytes
        .split(|&byte| byte == b'\n')
        .filter(|line| !line.is_empty());
    let id = |record| {
        let record: serde_json::Value = serde_json::from_slice(record).unwrap();
        record["id"].to_string()
    };
    (fault.map(|(reason, _)| reason), records.map(id).collect())
}

#[test]
fn undamaged_events_are_emitted() {
    let tally = convert(&real_lines().join(&b"\n"[..]), 1 << 20);
    assert!(tally.emitted > 100, "{tally:?}");
}

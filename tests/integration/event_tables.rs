//! The tables of events are complete and true: each listed name has a mapping, and events become only what their mapping
//! declares.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Read;
use std::path::Path;

use event_routing_backends::convert::{KnownEvent, Support, default_and_other_events};
use event_routing_backends::format::Format;
use event_routing_backends::{Converter, ConverterBuilder, caliper, xapi};
use flate2::read::MultiGzDecoder;
use serde_json::Value;

use crate::harness::fixture;

/// The terms that tell one kind of record from another: a verb and an object type, or an event type, an action and an
/// object type.
type Kind = Vec<String>;

const SOURCES: [(Format, &str); 2] = [
    (Format::Xapi, include_str!("../../src/xapi/mod.rs")),
    (Format::Caliper, include_str!("../../src/caliper/mod.rs")),
];

fn names_of(format: Format) -> &'static [&'static str] {
    match format {
        Format::Xapi => xapi::EVENTS,
        Format::Caliper => caliper::EVENTS,
    }
}

fn declared(format: Format, name: &str) -> BTreeSet<Kind> {
    let texts = |terms: &[&str]| terms.iter().map(|&term| term.to_owned()).collect();
    match format {
        Format::Xapi => {
            let mapping = xapi::mapping(name).unwrap();
            let kinds = mapping.kinds().iter();
            kinds
                .map(|kind| texts(&[kind.verb(), kind.object_type()]))
                .collect()
        }
        Format::Caliper => {
            let mapping = caliper::mapping(name).unwrap();
            let kinds = mapping.kinds().iter();
            kinds
                .map(|kind| texts(&[kind.event_type, kind.action, kind.object_type]))
                .collect()
        }
    }
}

fn kind_of(format: Format, record: &Value) -> Kind {
    let pointers: &[&str] = match format {
        Format::Xapi => &["/verb/id", "/object/definition/type"],
        Format::Caliper => &["/type", "/action", "/object/type"],
    };
    let text = |pointer: &&str| record.pointer(pointer).unwrap().as_str().unwrap();
    pointers
        .iter()
        .map(|pointer| text(pointer).to_owned())
        .collect()
}

fn converter(format: Format) -> Converter {
    let root = "https://courses.example.org";
    let builder: ConverterBuilder = match format {
        Format::Xapi => Converter::xapi(root),
        Format::Caliper => Converter::caliper(root),
    };
    let builder = builder.events(["all"]).users(fixture("users.csv"));
    builder.courses(fixture("courses.csv")).build().unwrap()
}

/// Every event of the fixtures, and the lines of the sample log.
fn lines() -> Vec<Vec<u8>> {
    let files = walkdir::WalkDir::new(fixture("events")).into_iter();
    let files = files
        .map(Result::unwrap)
        .filter(|file| file.file_type().is_file());
    let mut lines: Vec<Vec<u8>> = files.map(|file| fs::read(file.path()).unwrap()).collect();
    let mut sample = Vec::new();
    let packed = fs::File::open(fixture("sample/tracking.log.gz")).unwrap();
    MultiGzDecoder::new(packed)
        .read_to_end(&mut sample)
        .unwrap();
    lines.extend(sample.split(|&byte| byte == b'\n').map(<[u8]>::to_vec));
    lines
}

#[test]
fn events_become_what_their_mapping_declares_and_all_of_it() {
    for format in Format::ALL {
        let converter = converter(format);
        let mut seen: BTreeMap<String, BTreeSet<Kind>> = BTreeMap::new();
        for line in lines() {
            let Some(conversion) = converter.convert(&line) else {
                continue;
            };
            for record in &conversion.records {
                let record = serde_json::from_str(&record.json).unwrap();
                let name = conversion.name.clone().unwrap();
                let kinds = seen.entry(name).or_default();
                kinds.insert(kind_of(format, &record));
            }
        }
        let names: Vec<&str> = seen.keys().map(String::as_str).collect();
        assert_eq!(names, names_of(format), "events with a record");
        for (name, kinds) in seen {
            assert_eq!(kinds, declared(format, &name), "{format:?}: {name}");
        }
    }
}

#[test]
fn the_list_of_names_and_the_table_have_the_same_names() {
    for (format, source) in SOURCES {
        let names = names_of(format);
        assert!(names.is_sorted_by(|a, b| a < b), "{format:?}");
        for name in names {
            let event = KnownEvent::find(name).unwrap();
            assert_ne!(event.support(format), Support::No, "{format:?}: {name}");
        }
        let (_, table) = source.split_once("Some(match name {").unwrap();
        let (table, _) = table.split_once("_ => return None").unwrap();
        let mut of_table: Vec<&str> = table.split('"').skip(1).step_by(2).collect();
        of_table.sort_unstable();
        assert_eq!(of_table, names, "{format:?}");
    }
}

/// The default lists of the reference's settings, without the names that the reference cannot transform, are all names
/// but these.
#[test]
fn all_events_but_a_few_are_in_the_default_list() {
    let captions = ["closed_captions.hidden", "closed_captions.shown"];
    let transcripts = ["transcript.hidden", "transcript.shown"];
    let of_apps = [captions, transcripts].concat();
    let of_apps = of_apps.iter().map(|name| format!("edx.video.{name}"));
    let problems = ["edx.grades.problem.submitted", "edx.problem.completed"];
    let problems = problems.map(str::to_owned);
    let of_browsers = [
        "hide_transcript",
        "show_transcript",
        "speed_change_video",
        "video_hide_cc_menu",
        "video_show_cc_menu",
    ];
    let of_browsers = of_browsers.map(str::to_owned);
    let on_request = |format| default_and_other_events(format).1;
    assert_eq!(on_request(Format::Xapi), problems);
    let of_caliper: Vec<String> = problems
        .into_iter()
        .chain(of_apps)
        .chain(of_browsers)
        .collect();
    assert_eq!(on_request(Format::Caliper), of_caliper);
}

#[test]
fn both_formats_have_an_event_in_the_same_family_which_has_a_folder_of_fixtures() {
    for event in KnownEvent::all() {
        if let (Some(xapi), Some(caliper)) = (event.xapi, event.caliper) {
            assert_eq!(xapi.family, caliper.family, "{}", event.name);
        }
        let path = format!("events/{}/{}.json", event.family.name(), event.name);
        assert!(Path::new(&fixture(&path)).exists(), "{path}");
    }
}

//! Measurements within this process: reading, parsing with the library, and parsing with serde_json for comparison.

use std::borrow::Cow;
use std::hint::black_box;
use std::path::{Path, PathBuf};

use bumpalo::Bump;
use event_routing_backends::input::{
    self, BatchReader, BytesRead, LineContent, Origin, Shape, Source,
};
use event_routing_backends::tracking;
use serde::Deserialize;
use serde_json::value::RawValue;

/// The program's default for `--max-line-bytes`.
const MAX_LINE_BYTES: usize = 32 << 20;

/// Reads a log to its end, in batches of whole lines.
pub fn read(log: &Path) {
    each_batch(log, |batch| {
        black_box(batch);
    });
}

/// Reads a log and parses each line into a tree.
pub fn parse(log: &Path) {
    let mut arena = Bump::new();
    each_line(log, |line| {
        arena.reset();
        let event = tracking::parse_line(line, &arena);
        assert!(event.is_ok());
        black_box(&event);
    });
}

/// Reads a log and deserializes each line into a [`LogEvent`].
pub fn deserialize(log: &Path) {
    each_line(log, |line| {
        let start = memchr::memchr(b'{', line).expect("an event is an object");
        let event: LogEvent<'_> =
            serde_json::from_slice(&line[start..]).expect("the line is an event");
        black_box(&event);
    });
}

fn each_batch(log: &Path, mut take: impl FnMut(input::LineBatch)) {
    let source = Source {
        origin: Origin::File(log.to_owned()),
        name: String::new(),
        relative: PathBuf::new(),
        shape: Shape::Log,
        size: None,
        stamp: None,
        is_own_rejects: false,
    };
    let opened = input::open(&source, &BytesRead::default()).expect("the log can be opened");
    let mut reader = BatchReader::new(opened.reader, source.shape, MAX_LINE_BYTES);
    while let Some(batch) = reader.next_batch() {
        take(batch);
    }
    reader
        .finish()
        .result
        .expect("the log can be read to its end");
}

fn each_line(log: &Path, mut take: impl FnMut(&[u8])) {
    each_batch(log, |batch| {
        for line in batch.lines(Shape::Log, MAX_LINE_BYTES) {
            let LineContent::Whole(line) = line.content else {
                panic!("line {} is not whole", line.number);
            };
            take(line);
        }
    });
}

/// The least that a program with the same purpose could do with a line: find its fields, checked and unescaped, and
/// leave `event` for later.
#[derive(Deserialize)]
#[expect(dead_code, reason = "only deserializing is measured")]
struct LogEvent<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(borrow)]
    context: LogContext<'a>,
    #[serde(borrow)]
    username: Cow<'a, str>,
    #[serde(borrow)]
    session: Cow<'a, str>,
    #[serde(borrow)]
    ip: Cow<'a, str>,
    #[serde(borrow)]
    agent: Cow<'a, str>,
    #[serde(borrow)]
    host: Cow<'a, str>,
    #[serde(borrow)]
    referer: Cow<'a, str>,
    #[serde(borrow)]
    accept_language: Cow<'a, str>,
    #[serde(borrow)]
    event: &'a RawValue,
    #[serde(borrow)]
    time: Cow<'a, str>,
    #[serde(borrow)]
    event_type: Cow<'a, str>,
    #[serde(borrow)]
    event_source: Cow<'a, str>,
    #[serde(borrow)]
    page: Option<BorrowedText<'a>>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "only deserializing is measured")]
struct LogContext<'a> {
    #[serde(borrow)]
    course_id: Cow<'a, str>,
    #[serde(borrow)]
    org_id: Cow<'a, str>,
    user_id: Option<u64>,
    #[serde(borrow)]
    path: Option<BorrowedText<'a>>,
    #[serde(borrow)]
    module: Option<&'a RawValue>,
}

/// A text within an `Option`, where serde would copy a plain `Cow`.
#[derive(Deserialize)]
#[expect(dead_code, reason = "only deserializing is measured")]
struct BorrowedText<'a>(#[serde(borrow)] Cow<'a, str>);

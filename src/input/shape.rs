//! Distinguishes logs from documents, files of one event, by their first bytes.

use std::io::Read;

use bumpalo::Bump;

use super::bytes_read::BytesRead;
use super::first_record::{FirstRecord, first_record};
use super::open::open;
use super::source::{Shape, Source};
use crate::tracking::{LineWrapper, RejectsRow};

/// Returns the form of a file whose name ends in `.json`.
pub fn shape_of(source: &Source, wrapper: &LineWrapper) -> Shape {
    let document = Source {
        shape: Shape::Document,
        ..source.clone()
    };
    match holds_several(&document, wrapper) {
        true => Shape::Log,
        false => Shape::Document,
    }
}

/// Returns whether a file contains several events. This is so if the file as a whole is not an event, but one of its
/// first lines is an event or a row of a rejects file, or if the file begins with an array or with several objects.
fn holds_several(source: &Source, wrapper: &LineWrapper) -> bool {
    /// The number of bytes to examine at the start of the file. If no line in these bytes is an event, the file is
    /// taken for a document ([`Shape::Document`]).
    const EXAMINED_BYTES: u64 = 1 << 20;

    let mut start = Vec::new();
    let read = open(source, &BytesRead::default())
        .map(|opened| opened.reader)
        .and_then(|reader| reader.take(EXAMINED_BYTES).read_to_end(&mut start));
    let is_event =
        |text: &[u8]| matches!(wrapper.parse_line(text, &Bump::new(), false), Ok(Some(_)));
    let mut lines = start.split(|&byte| byte == b'\n');
    let is_line = |text: &[u8]| is_event(text) || RejectsRow::read(text, &Bump::new()).is_some();
    let are_joined = || first_record(&start) == FirstRecord::OfSeveral;
    read.is_ok() && !is_event(&start) && (lines.any(is_line) || are_joined())
}

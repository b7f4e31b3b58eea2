//! The likely causes why an input has no event, and their remedies.

use std::borrow::Cow;

use super::flaws::{cause_of_flaw, likely_flaw};
use super::remedy::Remedy::{self, Other};
use super::remedy::{LEAVE_OUT, options, pipe};
use crate::convert::Suspects;
use crate::outcome::Flaw;
use crate::tracking::LineKind;

/// Returns the kind that most likely explains why an input has no event: the most frequent kind of its first lines. Lines
/// that may hold an event come first, since containers also log other lines, and tables have a header.
pub fn likely_kind(suspects: &Suspects) -> &LineKind {
    let (with_keys, all): (Vec<_>, Vec<_>) =
        (suspects.with_keys().collect(), suspects.samples().collect());
    let samples = if with_keys.is_empty() { all } else { with_keys };
    let is_near = |kind: &LineKind| matches!(kind, LineKind::Damaged | LineKind::Csv);
    let count = |kind: &LineKind| samples.iter().filter(|other| other.kind == *kind).count();
    // `max_by_key` returns the last of equal maxima, so the samples are reversed to find the first.
    let kinds = samples.iter().rev().map(|sample| &sample.kind);
    let first_most_frequent = kinds.max_by_key(|kind| (is_near(kind), count(kind)));
    first_most_frequent.unwrap_or(&LineKind::OtherText)
}

/// Returns the cause why an input with lines of this kind has no event, and the remedy. Lines that hold an event have
/// causes of their own.
pub fn cause_of(kind: &LineKind, suspects: &Suspects) -> (Cow<'static, str>, Remedy) {
    let of_flaw = match kind {
        LineKind::Csv => cause_of_flaw(Flaw::Csv),
        LineKind::Encoded(flaw) => cause_of_flaw(*flaw),
        LineKind::Damaged => likely_flaw(suspects),
        _ => None,
    };
    if let Some((cause, remedy)) = of_flaw {
        return (cause.into(), remedy);
    }
    let (cause, remedy) = match kind {
        LineKind::Damaged => return damaged(suspects),
        LineKind::PieceOfJson => return pieces(suspects),
        LineKind::CarriageReturns => (
            "its lines end with carriage returns",
            pipe(r"tr '\r' '\n' <"),
        ),
        LineKind::NotUtf8 => (
            "it is not UTF-8",
            pipe("iconv -f ENCODING -t UTF-8").on_condition("it is text in another encoding"),
        ),
        LineKind::Record => ("its lines are the output of a conversion", LEAVE_OUT),
        LineKind::NullMessage => (
            "its lines are entries of journald whose `MESSAGE` is null",
            Other("export them with `journalctl --all -o json`, which writes long messages, too"),
        ),
        LineKind::Request => ("it is the log of a web server", LEAVE_OUT),
        LineKind::Markup => ("it is HTML or XML", LEAVE_OUT),
        LineKind::Nuls => (
            "it has only NUL bytes, as after a log was truncated in place",
            LEAVE_OUT,
        ),
        LineKind::Binary => (
            "it is binary data",
            Other("leave it out, or read it with the program that made it"),
        ),
        LineKind::TooLong => (
            "its lines are too long",
            options("raise `--max-line-bytes`"),
        ),
        LineKind::OtherText | LineKind::Csv | LineKind::Encoded(_) => (
            "its lines are not JSON",
            Other("leave it out, or see with `explain` what is wrong"),
        ),
        LineKind::Event => (
            "its lines have neither `event` nor `data`",
            Other("`explain` shows what is wrong with each line"),
        ),
        LineKind::OtherObject | LineKind::WrappedAt(_) | LineKind::FoundByJq(_) => {
            return other_objects(suspects);
        }
    };
    (cause.into(), remedy)
}

/// Returns the cause why an input of JSON objects of another kind has no event, and the remedy. A mistyped key of
/// `--unwrap` is named.
fn other_objects(suspects: &Suspects) -> (Cow<'static, str>, Remedy) {
    let mut objects = suspects
        .samples()
        .filter(|sample| sample.kind == LineKind::OtherObject);
    let lacks_key = objects
        .next()
        .and_then(|sample| sample.line.detail.strip_prefix("the line has no key "));
    let remedy = options("read these with `--unwrap KEY`");
    match lacks_key {
        Some(key) if objects.all(|sample| sample.line.detail.ends_with(key)) => (
            format!("its lines are JSON objects and have no key {key}").into(),
            remedy.on_condition("they hold log lines at another key"),
        ),
        _ => (
            "its lines are JSON objects of another kind".into(),
            remedy.on_condition("they hold log lines at a key"),
        ),
    }
}

fn damaged(suspects: &Suspects) -> (Cow<'static, str>, Remedy) {
    let mut samples = suspects.samples();
    let first = samples.find(|sample| sample.kind == LineKind::Damaged);
    let first = first.map_or_else(String::new, |sample| {
        format!(": in {}, {}", sample.line.position(), sample.line.detail)
    });
    let cause = format!("its lines are damaged or are not JSON{first}");
    let remedy = Other("`explain` shows what is wrong with each line");
    (cause.into(), remedy)
}

fn pieces(suspects: &Suspects) -> (Cow<'static, str>, Remedy) {
    let position = match (array_start(suspects), suspects.pieces.second) {
        (Some(array), _) => format!(": {array}"),
        (None, Some(second)) => format!(": a second object begins{second}"),
        (None, None) => String::new(),
    };
    let cause = format!("its objects are laid out over several lines{position}");
    (cause.into(), options("read it with `--framing json`"))
}

/// Returns the position of the bracket of an array, if a line has only this bracket.
pub fn array_start(suspects: &Suspects) -> Option<String> {
    let bracket = suspects.flawed.get(&Flaw::ArrayBracket)?;
    let line = bracket.first.number;
    Some(format!("a JSON array begins in line {line}"))
}

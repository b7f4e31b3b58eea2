//! Warnings about inputs without an event, and inputs whose lines are lost because of their framing. They name the most
//! likely cause and a remedy.

use crate::console::Console;
use crate::convert::{Framed, Suspects};
use crate::input::{Shape, Source};
use crate::outcome::{Framing, Tally};
use crate::text::plural;
use crate::tracking::LineKind;

/// The number of inputs whose warnings are shown. The others are only counted.
const SHOWN_INPUTS: u64 = 20;

/// Shows the warnings of the inputs of a run, also if the console is quiet: each of them means that events are lost.
#[derive(Default)]
pub struct InputWarnings {
    inputs: u64,
}

impl InputWarnings {
    /// Shows the warnings about one input.
    pub fn show(&mut self, warnings: &[String], console: &Console) {
        self.inputs += u64::from(!warnings.is_empty());
        if self.inputs <= SHOWN_INPUTS {
            warnings.iter().for_each(|warning| console.alert(warning));
        }
    }

    /// Reports the number of inputs whose warnings were not shown.
    pub fn close(&self, console: &Console) {
        if self.inputs > SHOWN_INPUTS {
            let more = self.inputs - SHOWN_INPUTS;
            let plural = plural(more);
            console.alert(&format!(
                "{more} more input{plural} without an event or with lost lines; `--report FILE` lists the warnings about all inputs"
            ));
        }
    }
}

/// Returns the warnings about an input that was read from its first line to its end.
pub fn warnings(source: &Source, suspects: &Suspects, tally: &Tally) -> Vec<String> {
    let lines = tally.lines();
    let is_without_event = lines > 0 && suspects.has_no_event();
    let likely = is_without_event.then(|| likely_kind(suspects));
    let framings = [Framing::RunTogether, Framing::Array];
    let framed = framings.into_iter().filter_map(|framing| {
        let framed = suspects.framed.get(&framing)?;
        Some(of_framing(source, framing, framed, lines))
    });
    let framed: Vec<String> = framed.collect();
    match likely {
        Some(kind) if explains_framing(kind) || framed.is_empty() => {
            vec![without_event(source, suspects, lines, kind)]
        }
        _ => framed,
    }
}

/// Returns the kind that most likely explains why an input has no event: the most frequent kind of its first lines. Lines
/// that hold an event at a key come first, since containers also log other lines.
fn likely_kind(suspects: &Suspects) -> &LineKind {
    let kinds = &suspects.kinds;
    let count = |kind: &LineKind| kinds.iter().filter(|other| *other == kind).count();
    // If several kinds are equally frequent, `max_by_key` returns the last. Reversed, it returns the first.
    let first_most_frequent = kinds.iter().rev().max_by_key(|kind| {
        let has_event = matches!(kind, LineKind::WrappedAt(_) | LineKind::FoundByJq(_));
        (has_event, count(kind))
    });
    first_most_frequent.unwrap_or(&LineKind::OtherText)
}

/// Returns whether this kind of lines explains better than the framing of single lines why an input has no event.
fn explains_framing(kind: &LineKind) -> bool {
    matches!(
        kind,
        LineKind::WrappedAt(_) | LineKind::FoundByJq(_) | LineKind::PieceOfJson
    )
}

fn of_framing(source: &Source, framing: Framing, framed: &Framed, lines: u64) -> String {
    let Framed {
        lines: lost,
        first_line,
        detail,
    } = framed;
    let name = &source.name;
    let is_document = source.shape == Shape::Document;
    let (cause, remedy) = match framing {
        Framing::RunTogether if is_document => ("holds several objects", piped(source, "jq -c .")),
        Framing::RunTogether => (
            "holds several objects",
            "put each object on a line of its own".to_owned(),
        ),
        _ if is_document => ("is a JSON array", piped(source, "jq -c '.[]'")),
        _ => ("is a part of a JSON array", piped(source, "jq -c '.[]'")),
    };
    if is_document {
        return format!("nothing of `{name}` was read because it {cause}: {detail}; {remedy}");
    }
    let each = if *lost == 1 {
        "was not read because it"
    } else {
        "were not read because each"
    };
    format!(
        "{lost} of {lines} lines of `{name}` {each} {cause}: in line {first_line}, {detail}; {remedy}"
    )
}

fn without_event(source: &Source, suspects: &Suspects, lines: u64, kind: &LineKind) -> String {
    let name = &source.name;
    let cause = match kind {
        LineKind::WrappedAt(key) => {
            format!("the events are at the key `{key}`; read them with `--unwrap {key}`")
        }
        LineKind::FoundByJq(filter) => {
            let command = piped(source, &format!("jq -cr '{filter}'"));
            format!("the events are at `{filter}`; {command}")
        }
        LineKind::Event => "its lines are not wrapped; remove `--unwrap`".to_owned(),
        LineKind::PieceOfJson => {
            let is_array = suspects.framed.contains_key(&Framing::ArrayBracket);
            let command = piped(source, if is_array { "jq -c '.[]'" } else { "jq -c ." });
            format!("its objects are laid out over several lines; {command}")
        }
        LineKind::NotUtf8 => {
            let command = piped(source, "iconv -f ENCODING -t UTF-8");
            format!("it is not UTF-8; if it is text in another encoding, {command}")
        }
        LineKind::Record => "its lines are the output of a conversion; leave it out".to_owned(),
        LineKind::OtherObject => {
            "its lines are JSON objects of another kind; if they hold log lines at a key, read these with `--unwrap KEY`"
                .to_owned()
        }
        LineKind::Request => "it is the log of a web server; leave it out".to_owned(),
        LineKind::Markup => "it is HTML or XML; leave it out".to_owned(),
        LineKind::Nuls => "it has only NUL bytes, as after a log was truncated in place; leave it out".to_owned(),
        LineKind::Binary => "it is binary data; leave it out, or read it with the program that made it".to_owned(),
        LineKind::TooLong => "its lines are too long; raise `--max-line-bytes`".to_owned(),
        LineKind::OtherText => {
            "its lines are not JSON; leave it out, or see with `event-router explain` what is wrong".to_owned()
        }
    };
    match source.shape {
        Shape::Document => format!("the document `{name}` is no event: {cause}"),
        Shape::Log => {
            let plural = plural(lines);
            format!("no line of `{name}` is an event ({lines} line{plural}): {cause}")
        }
    }
}

/// Returns advice to read an input through a command.
fn piped(source: &Source, command: &str) -> String {
    let pipe = match source.name.as_str() {
        "-" => format!("… | {command}"),
        name if name.ends_with(".gz") => format!("gzip -dc FILE | {command}"),
        _ => format!("{command} FILE"),
    };
    format!("read it with `{pipe} | event-router … -`")
}

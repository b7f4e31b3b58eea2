//! Warnings about inputs without an event, and inputs whose lines are lost because of their framing. They name the most
//! likely cause and a remedy.

use std::borrow::Cow;

use crate::console::Console;
use crate::convert::{Framed, Suspects};
use crate::input::{Shape, Source};
use crate::outcome::{Framing, Reason, Tally};
use crate::report::Reread;
use crate::text::{plural, shell_word};
use crate::tracking::{LineKind, WITHOUT_PREFIX};

/// The number of inputs whose warnings are shown. The others are only counted.
const SHOWN_INPUTS: u64 = 20;

/// Shows the warnings of the inputs of a run, also if the console is quiet: each of them means that events are lost.
#[derive(Default)]
pub struct InputWarnings {
    inputs: u64,
    /// How the lines of the run are read again.
    pub reread: Reread,
    /// Whether the lines of the run are unwrapped.
    pub unwraps: bool,
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

/// An input that was read to its end.
pub struct ReadInput<'a> {
    pub source: &'a Source,
    pub suspects: &'a Suspects,
    pub tally: &'a Tally,
    /// How the lines of the run are read again.
    pub reread: &'a Reread,
    pub is_gzip: bool,
    /// Whether the input was read from its first line. The rest of an input whose first lines are skipped may have no
    /// event.
    pub is_whole: bool,
    /// Whether the lines are unwrapped.
    pub unwraps: bool,
}

/// Advice how to read the events of an input.
enum Remedy {
    /// A command that reads a file and writes events, without the name of the file.
    Pipe(String),
    /// A change of the options.
    Options(String),
    /// Anything else.
    Other(&'static str),
}

use Remedy::{Options, Other, Pipe};

const LEAVE_OUT: Remedy = Other("leave it out");

impl ReadInput<'_> {
    /// Returns the warnings about the input.
    pub fn warnings(&self) -> Vec<String> {
        let suspects = self.suspects;
        let is_without_event = self.is_whole && self.tally.lines() > 0 && suspects.has_no_event();
        let likely = is_without_event.then(|| likely_kind(suspects));
        let framings = [
            Framing::RunTogether,
            Framing::Array,
            Framing::DoubledBackslashes,
        ];
        let framed = framings.into_iter().filter_map(|framing| {
            let framed = suspects.framed.get(&framing)?;
            Some(self.of_framing(framing, framed))
        });
        let framed: Vec<String> = framed.chain(self.of_pieces()).collect();
        match likely {
            Some(kind) if explains_framing(kind) || framed.is_empty() => {
                vec![self.without_event(kind)]
            }
            _ => framed,
        }
    }

    fn of_framing(&self, framing: Framing, framed: &Framed) -> String {
        let Framed { lines: lost, first } = framed;
        let (name, detail) = (&self.source.name, &first.detail);
        let is_document = self.source.shape == Shape::Document;
        let (cause, remedy) = match framing {
            Framing::RunTogether if is_document => ("holds several objects", pipe("jq -c .")),
            Framing::RunTogether => (
                "holds several objects",
                Other("put each object on a line of its own"),
            ),
            Framing::DoubledBackslashes => ("has doubled backslashes", pipe(r"sed 's/\\\\/\\/g'")),
            _ if is_document => ("is a JSON array", pipe("jq -c '.[]'")),
            _ => ("is a part of a JSON array", pipe("jq -c '.[]'")),
        };
        let mut remedy = self.advice(remedy);
        if framing == Framing::DoubledBackslashes {
            remedy = format!("export it with `mysql --raw` or `FORMAT TSVRaw`, or {remedy}");
        }
        if is_document {
            return format!("nothing of `{name}` was read because it {cause}: {detail}; {remedy}");
        }
        let each = if *lost == 1 {
            "was not read because it"
        } else {
            "were not read because each"
        };
        let (lines, number) = (self.tally.lines(), first.number);
        format!(
            "{lost} of {lines} lines of `{name}` {each} {cause}: in line {number}, {detail}; {remedy}"
        )
    }

    /// Returns a warning about events that are laid out over several lines.
    fn of_pieces(&self) -> Option<String> {
        let pieces = &self.suspects.pieces;
        if !pieces.has_event() {
            return None;
        }
        let (lost, lines, name) = (pieces.lines, self.tally.lines(), &self.source.name);
        let first = match self.array_start() {
            Some(array) => array,
            None => format!("an event begins{}", pieces.first?),
        };
        let another = match pieces.second {
            Some(second) => format!(", and another{second}"),
            None => String::new(),
        };
        Some(format!(
            "{lost} of {lines} lines of `{name}` were not read because they are pieces of events that are laid out over several lines: {first}{another}; put each event on a line of its own, as `jq -c .` does if the file has only JSON"
        ))
    }

    /// Returns the position of the bracket of an array, if a line has only this bracket.
    fn array_start(&self) -> Option<String> {
        let bracket = self.suspects.framed.get(&Framing::ArrayBracket)?;
        Some(format!(
            "a JSON array begins in line {}",
            bracket.first.number
        ))
    }

    fn without_event(&self, kind: &LineKind) -> String {
        let (cause, remedy) = self.cause(kind);
        let (name, mut remedy) = (&self.source.name, self.advice(remedy));
        if self.unwraps && matches!(kind, LineKind::FoundByJq(_)) {
            remedy.push_str("; remove `--unwrap`");
        }
        let link = if cause.contains("; if ") { "," } else { ";" };
        match self.source.shape {
            Shape::Document => format!("the document `{name}` is no event: {cause}{link} {remedy}"),
            Shape::Log => {
                let lines = self.tally.lines();
                let plural = plural(lines);
                format!(
                    "no line of `{name}` is an event ({lines} line{plural}): {cause}{link} {remedy}"
                )
            }
        }
    }

    /// Returns the cause why the input has no event, and the remedy.
    fn cause(&self, kind: &LineKind) -> (Cow<'static, str>, Remedy) {
        let suspects = self.suspects;
        let (cause, remedy) = match kind {
            LineKind::WrappedAt(key) => {
                let option = format!("read them with `--unwrap {}`", shell_word(key));
                return (
                    format!("the events are at the key `{key}`").into(),
                    Options(option),
                );
            }
            LineKind::FoundByJq(filter) if filter == "." => {
                ("its lines are events as JSON texts", pipe("jq -r ."))
            }
            LineKind::FoundByJq(filter) => {
                return (
                    format!("the events are at `{filter}`").into(),
                    self.by_jq(filter),
                );
            }
            LineKind::Damaged => {
                let first = suspects.damaged.as_ref();
                let first =
                    first.map(|first| format!(": in line {}, {}", first.number, first.detail));
                let cause = format!(
                    "its lines are damaged or are not JSON{}",
                    first.unwrap_or_default()
                );
                return (
                    cause.into(),
                    Other("`event-router explain` shows what is wrong with each line"),
                );
            }
            LineKind::Event => (
                "its lines are not wrapped",
                Options("remove `--unwrap`".to_owned()),
            ),
            LineKind::PieceOfJson => {
                let (position, command) = match (self.array_start(), suspects.pieces.second) {
                    (Some(array), _) => (format!(": {array}"), "jq -c '.[]'"),
                    (None, Some(second)) => {
                        (format!(": a second object begins{second}"), "jq -c .")
                    }
                    (None, None) => (String::new(), "jq -c ."),
                };
                let cause = format!("its objects are laid out over several lines{position}");
                return (cause.into(), pipe(command));
            }
            LineKind::CarriageReturns => (
                "its lines end with carriage returns",
                pipe(r"tr '\r' '\n' <"),
            ),
            LineKind::Csv => (
                "its lines are CSV",
                Other("write the column with the events to a file, one event a line"),
            ),
            LineKind::NotUtf8 => (
                "it is not UTF-8; if it is text in another encoding",
                pipe("iconv -f ENCODING -t UTF-8"),
            ),
            LineKind::Record => ("its lines are the output of a conversion", LEAVE_OUT),
            LineKind::OtherObject => (
                "its lines are JSON objects of another kind; if they hold log lines at a key",
                Options("read these with `--unwrap KEY`".to_owned()),
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
                Options("raise `--max-line-bytes`".to_owned()),
            ),
            LineKind::OtherText => (
                "its lines are not JSON",
                Other("leave it out, or see with `event-router explain` what is wrong"),
            ),
        };
        (cause.into(), remedy)
    }

    /// Returns the remedy for events that this filter of jq finds.
    fn by_jq(&self, filter: &str) -> Remedy {
        // By itself, jq stops at the first line that is not JSON, and containers log such lines, too.
        let is_mixed = self.suspects.kinds.iter().any(|kind| !kind.is_json());
        let (options, filter) = match filter.strip_prefix(WITHOUT_PREFIX) {
            Some(_) => ("-cRr", filter.replacen("fromjson", "fromjson?", 1)),
            None if is_mixed && self.source.shape == Shape::Log => {
                ("-cRr", format!("fromjson? | {filter}"))
            }
            None => ("-cr", filter.to_owned()),
        };
        Pipe(format!("jq {options} {}", shell_word(&filter)))
    }

    /// Returns a remedy as the end of a message.
    fn advice(&self, remedy: Remedy) -> String {
        let command = match remedy {
            Other(advice) => return advice.to_owned(),
            Options(advice) => {
                // A line that is too long is not in the rejects file.
                let are_rejected = self.tally.unparsable == self.tally.lines()
                    && !self.tally.reasons.contains_key(&Reason::TooLong);
                let again = match are_rejected {
                    true => self.reread.of_rejected(),
                    false => self.reread.of_others().to_owned(),
                };
                return advice + &again;
            }
            Pipe(command) => command,
        };
        let of_pipe = command.trim_end_matches(" <");
        let pipe = match (self.source.name.as_str(), self.is_gzip) {
            ("-", false) => format!("… | {of_pipe}"),
            ("-", true) => format!("… | gzip -dc | {of_pipe}"),
            (_, false) => format!("{command} FILE"),
            (_, true) => format!("gzip -dc FILE | {of_pipe}"),
        };
        let without = if self.reread.has_state {
            ", without `--state`, which reads only files"
        } else {
            ""
        };
        format!("read it with `{pipe} | event-router … -`{without}")
    }
}

fn pipe(command: &str) -> Remedy {
    Pipe(command.to_owned())
}

/// Returns the kind that most likely explains why an input has no event: the most frequent kind of its first lines. Lines
/// that hold an event, or seem to, come first, since containers also log other lines, and tables have a header.
fn likely_kind(suspects: &Suspects) -> &LineKind {
    let kinds = &suspects.kinds;
    let rank = |kind: &LineKind| match kind {
        LineKind::Damaged | LineKind::Csv => 1,
        kind => 2 * u8::from(kind.is_wrapped()),
    };
    let count = |kind: &LineKind| kinds.iter().filter(|other| *other == kind).count();
    // If several kinds are equally frequent, `max_by_key` returns the last. Reversed, it returns the first.
    let first_most_frequent = kinds
        .iter()
        .rev()
        .max_by_key(|kind| (rank(kind), count(kind)));
    first_most_frequent.unwrap_or(&LineKind::OtherText)
}

/// Returns whether this kind of lines explains better than the framing of single lines why an input has no event.
fn explains_framing(kind: &LineKind) -> bool {
    kind.is_wrapped() || matches!(kind, LineKind::PieceOfJson | LineKind::CarriageReturns)
}

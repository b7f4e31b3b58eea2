//! Warnings about inputs without an event, and inputs whose lines are lost because of their framing. They name the most
//! likely cause and a remedy.

use std::borrow::Cow;

pub use self::flaws::remedy_of_flaw;
use causes::{array_start, cause_of, likely_kind};
use remedy::Remedy::{self, If, Options, Other, Pipe};
use remedy::{options, pipe};
use wrapped::Wrapped;

use crate::compression::Compression;
use crate::console::{Console, MessageCount};
use crate::convert::{Flawed, Suspects};
use crate::input::{Shape, Source};
use crate::outcome::{Flaw, Reason, Tally};
use crate::report::Reread;
use crate::text::{counted, grouped, shell_word};
use crate::tracking::LineKind;

mod causes;
mod flaws;
mod remedy;
mod wrapped;

/// Shows the warnings of the inputs of a run, also if the console is quiet: each of them means that events are lost.
#[derive(Default)]
pub struct InputWarnings {
    /// The inputs with warnings.
    inputs: MessageCount,
    /// How the lines of the run are read again.
    pub reread: Reread,
    /// The key of `--unwrap`, if it is given.
    pub unwraps: Option<String>,
    /// How the pieces of lines are joined ([`LineWrapper::joins_pieces`](crate::tracking::LineWrapper::joins_pieces)).
    pub joins_pieces: Option<bool>,
}

impl InputWarnings {
    /// Shows the warnings about one input.
    pub fn show(&mut self, warnings: &[String], console: &Console) {
        if !warnings.is_empty() && self.inputs.shows_next() {
            warnings.iter().for_each(|warning| console.alert(warning));
        }
    }

    /// Reports the number of inputs whose warnings were not shown.
    pub fn close(&self, console: &Console) {
        let hidden = self.inputs.hidden();
        if hidden > 0 {
            let more = counted(hidden, "more input has", "more inputs have");
            let report = console.report_option();
            console.alert(&format!(
                "{more} such warnings; {report} lists the warnings about all inputs"
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
    pub compression: Option<Compression>,
    /// Whether the input was read from its first line. The rest of an input whose first lines are skipped may have no
    /// event.
    pub is_whole: bool,
    /// The key of `--unwrap`, if it is given.
    pub unwraps: Option<&'a str>,
    pub joins_pieces: Option<bool>,
}

impl ReadInput<'_> {
    /// Returns the warnings about the input.
    pub fn warnings(&self) -> Vec<String> {
        let suspects = self.suspects;
        let is_without_event = suspects.has_no_event() && self.should_have_events();
        let wrapped = Wrapped::find(suspects, self.unwraps);
        if is_without_event && let Some(wrapped) = &wrapped {
            return vec![self.without_event(wrapped.cause("the", self.is_log()), Some(wrapped))];
        }
        let framings = [Flaw::RunTogether, Flaw::Array, Flaw::DoubledBackslashes];
        let framed = framings.into_iter().filter_map(|framing| {
            let framed = suspects.flawed.get(&framing)?;
            Some(self.of_framing(framing, framed))
        });
        let framed = framed.chain(self.of_pieces()).chain(self.of_first_pieces());
        let mut framed: Vec<String> = framed.collect();
        let likely = is_without_event.then(|| likely_kind(suspects));
        if let Some(kind) = likely.filter(|kind| explains_framing(kind) || framed.is_empty()) {
            return vec![self.without_event(cause_of(kind, suspects), None)];
        }
        let wrapped = wrapped.filter(|wrapped| !is_without_event && self.are_many(wrapped.lines));
        framed.extend(wrapped.map(|wrapped| self.of_wrapped(&wrapped)));
        framed.extend(self.of_flaws());
        framed.extend(self.of_nameless());
        framed
    }

    /// Returns whether the lines that were read should have an event. The new lines of a known log may have none, unless
    /// all of them are unparsable.
    fn should_have_events(&self) -> bool {
        const FEW: u64 = 10;

        let Tally {
            unparsable,
            ref reasons,
            ..
        } = *self.tally;
        let of_others = reasons.get(&Reason::NotTracking).copied().unwrap_or(0);
        match self.is_whole {
            true => self.tally.lines() > 0,
            false => unparsable == self.tally.lines() && unparsable - of_others >= FEW,
        }
    }

    fn is_log(&self) -> bool {
        self.source.shape == Shape::Log
    }

    /// Returns a warning about wrapped events beside others.
    fn of_wrapped(&self, wrapped: &Wrapped<'_>) -> String {
        let has_all = self.suspects.promising.has_all() && self.suspects.nested.has_all();
        let about = match has_all {
            true => "",
            false => "about ",
        };
        let (lost, lines) = (grouped(wrapped.lines), grouped(self.tally.lines()));
        let (cause, remedy) = wrapped.cause("their", self.is_log());
        format!(
            "{about}{lost} of {lines} lines of `{}` were not read because {cause}; {}",
            self.source.name,
            self.advice_about_wrapped(remedy, wrapped)
        )
    }

    fn advice_about_wrapped(&self, remedy: Remedy, wrapped: &Wrapped<'_>) -> String {
        let mut advice = self.advice(remedy);
        if self.unwraps.is_some() && wrapped.needs_jq() {
            advice.push_str("; remove `--unwrap`");
        }
        let samples = self.suspects.samples();
        if samples
            .map(|sample| &sample.kind)
            .any(|kind| *kind == LineKind::NullMessage)
        {
            advice.push_str(
                "; export the journal with `journalctl --all`, since some messages are null",
            );
        }
        advice
    }

    fn of_framing(&self, framing: Flaw, framed: &Flawed) -> String {
        let (name, number) = (&self.source.name, framed.first.number);
        let is_document = self.source.shape == Shape::Document;
        let as_json = || options("read it with `--framing json`");
        let (cause, remedy) = match framing {
            Flaw::RunTogether => ("holds several objects", as_json()),
            Flaw::DoubledBackslashes => ("has doubled backslashes", pipe(r"sed 's/\\\\/\\/g'")),
            _ if is_document => ("is not one object", as_json()),
            _ => ("is a part of a JSON array", as_json()),
        };
        let mut remedy = self.advice(remedy);
        if framing == Flaw::DoubledBackslashes {
            remedy = format!("export it with `mysql --raw` or `FORMAT TSVRaw`, or {remedy}");
        }
        let detail = &framed.first.detail;
        if is_document {
            return format!("nothing of `{name}` was read because it {cause}: {detail}; {remedy}");
        }
        let (lost, lines) = (grouped(framed.lines), grouped(self.tally.lines()));
        let at = format!("in line {number}, ");
        let (what, at) = match (framed.lines, self.tally.lines()) {
            (1, 1) => {
                let new = if self.is_whole { "" } else { "new " };
                let what = format!(
                    "line {number} of `{name}`, the only {new}one, was not read because it"
                );
                (what, "")
            }
            (1, _) => (
                format!("1 of {lines} lines of `{name}` was not read because it"),
                at.as_str(),
            ),
            _ => (
                format!("{lost} of {lines} lines of `{name}` were not read because each"),
                at.as_str(),
            ),
        };
        format!("{what} {cause}: {at}{detail}; {remedy}")
    }

    /// Returns a warning about events that are laid out over several lines.
    fn of_pieces(&self) -> Option<String> {
        let pieces = &self.suspects.pieces;
        if !pieces.has_event() {
            return None;
        }
        let (lost, lines) = (grouped(pieces.lines), grouped(self.tally.lines()));
        let name = &self.source.name;
        let first = match array_start(self.suspects) {
            Some(array) => array,
            None => format!("an event begins{}", pieces.first?),
        };
        let another = match pieces.second {
            Some(second) => format!(", and another{second}"),
            None => String::new(),
        };
        Some(format!(
            "{lost} of {lines} lines of `{name}` were not read because they are pieces of events that are laid out over several lines: {first}{another}; {}",
            self.advice(options("read it with `--framing json`"))
        ))
    }

    fn without_event(
        &self,
        (cause, remedy): (Cow<'static, str>, Remedy),
        wrapped: Option<&Wrapped<'_>>,
    ) -> String {
        let name = &self.source.name;
        let remedy = match wrapped {
            Some(wrapped) => self.advice_about_wrapped(remedy, wrapped),
            None => self.advice(remedy),
        };
        match self.source.shape {
            Shape::Document => format!("the document `{name}` is no event: {cause}; {remedy}"),
            Shape::Log => {
                let lines = counted(self.tally.lines(), "line", "lines");
                let new = if self.is_whole { "" } else { "new " };
                format!("no {new}line of `{name}` is an event ({lines}): {cause}; {remedy}")
            }
        }
    }

    /// Returns a remedy as the end of a message.
    fn advice(&self, remedy: Remedy) -> String {
        let command = match remedy {
            Other(advice) => return advice.to_owned(),
            If(condition, remedy) => return format!("if {condition}, {}", self.advice(*remedy)),
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
        let unpack = self.compression.map(|kind| kind.name().to_owned() + " -dc");
        let pipe = match (self.source.name.as_str(), unpack) {
            ("-", None) => format!("… | {of_pipe}"),
            ("-", Some(unpack)) => format!("… | {unpack} | {of_pipe}"),
            (file, None) => format!("{command} {}", shell_word(file)),
            (file, Some(unpack)) => format!("{unpack} {} | {of_pipe}", shell_word(file)),
        };
        let without = if self.reread.has_state {
            ", without `--state`, which reads only files"
        } else {
            ""
        };
        format!("read it with `{pipe} | event-router … -`{without}")
    }
}

/// Returns whether this kind of lines explains better than the framing of single lines why an input has no event.
fn explains_framing(kind: &LineKind) -> bool {
    matches!(kind, LineKind::PieceOfJson | LineKind::CarriageReturns)
}

//! Flaws because of which events are lost beside others: pieces of events, and lines that are no JSON.

use super::ReadInput;
use super::remedy::Remedy::{self, Other};
use super::remedy::{options, pipe};
use super::wrapped::Wrapped;
use crate::convert::{Flawed, Suspects};
use crate::outcome::Flaw;
use crate::report::are_many;
use crate::text::grouped;

/// The flaws that are reported if they are the cause why many events are lost.
const FLAWS: [Flaw; 13] = [
    Flaw::QuadrupledBackslashes,
    Flaw::LostBackslashes,
    Flaw::SyslogEscapes,
    Flaw::CutOff,
    Flaw::Python,
    Flaw::PythonWords,
    Flaw::EscapedQuotes,
    Flaw::Csv,
    Flaw::GzipInBase64,
    Flaw::JsonInBase64,
    Flaw::UrlEncoded,
    Flaw::Colours,
    Flaw::NotUtf8,
];

/// The remedy for lines whose command is too long for a message.
const IN_THE_GUIDE: Remedy =
    Other("convert them first, as *Lines in other forms* in the guide shows");

/// Returns the end of a sentence about lines with a flaw, and the remedy.
fn state_and_remedy(flaw: Flaw) -> Option<(&'static str, Remedy)> {
    Some(match flaw {
        Flaw::QuadrupledBackslashes => (
            "have backslashes that were doubled twice",
            pipe(r"sed 's/\\\\\\\\/\\/g'"),
        ),
        Flaw::LostBackslashes => (
            "have lost the backslashes before quotes",
            Other(
                "copy the log again without the program that removes them, such as `echo`, or `read` without `-r`",
            ),
        ),
        Flaw::SyslogEscapes => (
            "have `#134` in place of each backslash, as syslog writes it",
            pipe(r"sed 's/#134/\\/g'"),
        ),
        Flaw::CutOff => (
            "are cut off",
            Other(
                "find out what cut them, such as a full disk or a limit on the length of lines (`$MaxMessageSize` of rsyslog)",
            ),
        ),
        Flaw::Python => (
            "are objects as Python prints them, and not JSON",
            IN_THE_GUIDE,
        ),
        Flaw::PythonWords => (
            "have True, False or None of Python in place of true, false or null",
            IN_THE_GUIDE,
        ),
        Flaw::EscapedQuotes => (
            "have a backslash before each quote, as in a JSON text",
            IN_THE_GUIDE,
        ),
        Flaw::Csv => ("are CSV", IN_THE_GUIDE),
        Flaw::GzipInBase64 => ("are gzip data in base64", IN_THE_GUIDE),
        Flaw::JsonInBase64 => ("are JSON in base64", IN_THE_GUIDE),
        Flaw::FileInBase64 => ("are a file in base64", pipe("base64 -d")),
        Flaw::Colours => (
            "have escape sequences for colours, as `grep --color=always` and `jq -C` write them",
            pipe(r"sed 's/\x1b\[[0-9;]*[mK]//g'"),
        ),
        Flaw::UrlEncoded => ("are encoded as in a URL", IN_THE_GUIDE),
        Flaw::NotUtf8 => ("are not UTF-8", pipe("iconv -f ENCODING -t UTF-8")),
        _ => return None,
    })
}

/// Returns the remedy for a line with this flaw, if there is one.
pub fn remedy_of_flaw(flaw: Flaw) -> Option<String> {
    Some(match flaw {
        Flaw::DockerPiece | Flaw::CriPiece => {
            "read this line and those with its other pieces with `--unwrap auto`".to_owned()
        }
        _ => match state_and_remedy(flaw)?.1 {
            Remedy::Pipe(command) => format!("convert the log first: `{command}`"),
            Other(remedy) => remedy.to_owned(),
            Remedy::Options(_) | Remedy::If(..) => return None,
        },
    })
}

/// Returns the most frequent flaw of the lines of an input without an event, with its remedy.
pub fn likely_flaw(suspects: &Suspects) -> Option<(String, Remedy)> {
    let flawed = suspects.flawed.iter();
    let (&flaw, flawed) = flawed.max_by_key(|(_, flawed)| flawed.lines)?;
    let (state, remedy) = state_and_remedy(flaw)?;
    let Flawed { first, .. } = flawed;
    let cause = format!(
        "its lines {state}: in {}, {}",
        first.position(),
        first.detail
    );
    Some((cause, remedy))
}

/// Returns the cause why an input whose lines have this flaw has no event, and the remedy.
pub fn cause_of_flaw(flaw: Flaw) -> Option<(String, Remedy)> {
    let (state, remedy) = state_and_remedy(flaw)?;
    Some((format!("its lines {state}"), remedy))
}

impl ReadInput<'_> {
    /// Returns whether so many events are lost for one cause that it is no accident.
    pub(super) fn are_many(&self, lost: u64) -> bool {
        let events = self.tally.lines() - self.tally.unparsable + self.suspects.promising.lines;
        are_many(lost, events, self.is_whole)
    }

    /// Returns a warning for each flaw because of which many events are lost.
    pub(super) fn of_flaws(&self) -> Vec<String> {
        let found = FLAWS.iter().filter_map(|&flaw| {
            let flawed = self.suspects.flawed.get(&flaw)?;
            let (state, remedy) = state_and_remedy(flaw)?;
            self.are_many(flawed.lines)
                .then(|| self.of_flaw(flaw, state, remedy, flawed))
        });
        found.chain(self.of_other_flaws()).collect()
    }

    /// Returns a warning if many events have neither a name nor an `event_type`, and so are of no known kind.
    pub(super) fn of_nameless(&self) -> Option<String> {
        let nameless = self.suspects.nameless;
        self.are_many(nameless).then(|| {
            format!(
                "{} of {} lines of `{}` were not converted because they are events with neither `name` nor `event_type`: find out what removed these keys from the log",
                grouped(nameless),
                grouped(self.tally.lines()),
                self.source.name,
            )
        })
    }

    /// Returns a warning if many events are lost because of flaws without a warning of their own: flaws of other kinds, and
    /// flaws of which each is the cause why few events are lost.
    fn of_other_flaws(&self) -> Option<String> {
        let flawed = &self.suspects.flawed;
        let lines_with = |flaw| flawed.get(&flaw).map_or(0, |flawed| flawed.lines);
        let pieces = lines_with(Flaw::DockerPiece) + lines_with(Flaw::CriPiece);
        let wrapped = Wrapped::find(self.suspects, self.unwraps).map_or(0, |wrapped| wrapped.lines);
        let others = flawed.iter().filter(|&(flaw, flawed)| match flaw {
            // A later piece of an event, and an event at another key, are no events of their own.
            Flaw::Other => flawed.lines > pieces,
            Flaw::WithoutEvent => flawed.lines / 2 > wrapped,
            _ => FLAWS.contains(flaw) && !self.are_many(flawed.lines),
        });
        let others = || others.clone().map(|(_, flawed)| flawed);
        let lost = others().map(|flawed| flawed.lines).sum();
        let first = &others().min_by_key(|flawed| flawed.first.number)?.first;
        self.are_many(lost).then(|| {
            format!(
                "{} of {} lines of `{}` were not read although they seem to be events: in {}, {}; `explain` shows what is wrong with each line",
                grouped(lost),
                grouped(self.tally.lines()),
                self.source.name,
                first.position(),
                first.detail
            )
        })
    }

    fn of_flaw(&self, flaw: Flaw, state: &str, remedy: Remedy, flawed: &Flawed) -> String {
        let (lost, lines) = (grouped(flawed.lines), grouped(self.tally.lines()));
        let Flawed { first, .. } = flawed;
        let placeholder = match flaw {
            Flaw::NotUtf8 => ", where ENCODING is the encoding of the log, such as WINDOWS-1252",
            _ => "",
        };
        format!(
            "{lost} of {lines} lines of `{}` were not read because they {state}: in {}, {}; {}{placeholder}",
            self.source.name,
            first.position(),
            first.detail,
            self.advice(remedy)
        )
    }

    /// Returns a warning about events that came in pieces, for each log driver that cut them. With `--unwrap`, pieces are
    /// joined.
    pub(super) fn of_first_pieces(&self) -> Vec<String> {
        const BY_DOCKER: &str = "Docker cuts lines above 16 KiB";
        const JOINED_LINES: &str =
            "pieces are joined only if each is a line of its own, as the log driver writes it";
        const BY_RUNTIME: &str =
            "the container runtime cuts long lines and marks the pieces with `P`";
        let drivers = [(Flaw::DockerPiece, BY_DOCKER), (Flaw::CriPiece, BY_RUNTIME)];
        let found = drivers.into_iter().filter_map(|(flaw, cause)| {
            let flawed = self.suspects.flawed.get(&flaw)?;
            let are_pieces = match flawed.lines {
                1 => "is the first piece of a longer event, which was not read",
                _ => "are the first pieces of longer events, which were not read",
            };
            let (pieces, lines) = (grouped(flawed.lines), grouped(self.tally.lines()));
            let (name, number) = (&self.source.name, flawed.first.number);
            let are_joined = match flaw {
                Flaw::DockerPiece => self.joins_pieces == Some(true),
                _ => self.joins_pieces.is_some(),
            };
            let advice = match are_joined {
                true => JOINED_LINES.to_owned(),
                false => self.advice(options("read them with `--unwrap auto`")),
            };
            Some(format!(
                "{pieces} of {lines} lines of `{name}` {are_pieces}: {cause}, first in line {number}; {advice}"
            ))
        });
        found.collect()
    }
}

//! The command that an inspection recommends.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

use crate::cloud::AddressingStyle;
use crate::contents::{Contents, LeftOutCause};
use crate::format::{Format, OutputFormat};
use crate::input::{Framing, Origin, Source};
use crate::outcome::{Reason, Repair, RepairSet};
use crate::output_names::{OutputNames, check_outputs};
use crate::report::{Archive, LeftOutRow, Recommended, is_worth_repairing};
use crate::run::settings::{ConversionSettings, InputSettings};
use crate::text::{noun, shell_argument, shell_word};
use crate::tracking::LineWrapper;
use crate::url::redacted;

/// The root URL of the LMS in place of one that the log does not tell.
pub const PLACEHOLDER: &str = "https://courses.example.org";

/// The directory for the output, and the file if the outputs of several inputs would have the same name there.
const OUTPUT: &str = "xapi-statements";
const OUTPUT_FILE: &str = "xapi-statements.jsonl";

/// The options of `transform` that an inspection was given.
pub struct TransformCommand {
    /// The inputs and the options of inputs, as words of a shell.
    input: Vec<String>,
    /// The value of `--unwrap`, if it was given.
    unwrap: Option<String>,
    /// Whether lines were unwrapped.
    pub is_wrapped: bool,
    root_url: Option<String>,
    tables: Vec<String>,
    output: &'static str,
    /// Notes about the inputs for the user.
    notes: Vec<String>,
}

impl TransformCommand {
    /// Returns the options of the settings. Without a root URL, the URL in the settings is empty.
    pub fn new(input: &InputSettings, conversion: &ConversionSettings) -> Self {
        let lms = &conversion.lms;
        let table = |option: &str, path: &Option<std::path::PathBuf>| {
            let path = path.as_deref()?;
            Some(format!("{option} {}", path_word(path)))
        };
        let tables = [
            table("--users", &lms.users),
            table("--courses", &lms.courses),
        ];
        Self {
            input: input_words(input),
            unwrap: match &input.line_wrapper {
                LineWrapper::None => None,
                LineWrapper::Auto => Some("auto".to_owned()),
                LineWrapper::Json(key) => Some(key.clone()),
            },
            is_wrapped: false,
            root_url: Some(lms.root_url.clone()).filter(|url| !url.is_empty()),
            tables: tables.into_iter().flatten().collect(),
            output: OUTPUT,
            notes: Vec::new(),
        }
    }

    /// Chooses an output that `transform` can write: one file if two inputs have the same name, since each input would get
    /// an output file of its name. `sources` are the inputs of all shards.
    pub fn choose_output(&mut self, sources: &[&Source], conversion: &ConversionSettings) {
        let names = OutputNames {
            directory: OUTPUT.into(),
            format: OutputFormat::Records(Format::Xapi),
            compression: None,
            numbers: false,
        };
        if check_outputs(Some(&names), &[], sources, &conversion.files()).is_ok() {
            return;
        }
        self.output = OUTPUT_FILE;
        self.notes.push(match given_twice(sources) {
            Some(name) => format!(
                "`{name}` is given twice, so its lines are counted twice and would be converted twice: give it once"
            ),
            None => "inputs of the same name would have the same output file, so all statements go to one file: for a file \
                     for each input, give the parent of the folders as the input"
                .to_owned(),
        });
    }

    /// Returns the command for an archive, and the events that it would leave out.
    pub fn recommended(self, archive: &Archive<'_>) -> Recommended {
        let repairable = &archive.tally.details.repairable;
        let needed: RepairSet = repairable
            .keys()
            .flat_map(|repairs| repairs.iter())
            .collect();
        let repairs = match is_worth_repairing(archive.tally) {
            true => needed,
            false => RepairSet::NONE,
        };
        let (root_url, mut notes) = self.root_url(archive);
        notes.extend(self.notes);
        notes.extend(note_of_tables(archive));
        if repairs.is_empty() && !needed.is_empty() {
            notes.push(format!(
                "few events need a repair, so the command has none: add `--repair {}` if they matter",
                needed.names()
            ));
        }
        let leaves_out = left_out(archive, repairs);
        if leaves_out.iter().map(|row| row.count).sum::<u64>() >= archive.tally.lines() {
            let lacking = &archive.contents;
            let is_unfit = lacking.lacking_users.events + lacking.lacking_courses.events > 0;
            let note = "these tables do not fit this log: give the tables of the LMS that wrote the log, or none";
            return Recommended {
                notes: is_unfit.then(|| note.to_owned()).into_iter().collect(),
                leaves_out,
                ..Recommended::default()
            };
        }
        let unwrap = self
            .unwrap
            .or_else(|| self.is_wrapped.then(|| "auto".to_owned()));
        let option = |name: &str, value: &str| format!("{name} {}", shell_word(value));
        let mut words = self.input;
        words.extend(unwrap.map(|key| option("--unwrap", &key)));
        words.push("--to xapi".to_owned());
        words.push(option("--lms-root-url", &root_url));
        words.extend(self.tables);
        if !repairs.is_empty() {
            words.push(option("--repair", &repairs.names()));
        }
        words.push(option("--output", self.output));
        Recommended {
            command: format!("event-router transform {}", words.join(" ")),
            parts: words,
            notes,
            leaves_out,
        }
    }

    /// Returns the root URL of the LMS, and a note unless the user gave a URL that the events have, too.
    fn root_url(&self, archive: &Archive<'_>) -> (String, Vec<String>) {
        let sites = archive.contents.sites.most_frequent(usize::MAX);
        let site = sites.first().map(|(site, _)| *site);
        if let Some(url) = &self.root_url {
            let root = url.to_ascii_lowercase() + "/";
            let mut sites = sites
                .iter()
                .map(|(site, _)| site.to_ascii_lowercase() + "/");
            let is_seen = sites.any(|site| root.starts_with(&site));
            let note = site.filter(|_| !is_seen).map(|site| {
                format!(
                    "the events come from `{site}`, and no event from `{}`: check that `--lms-root-url` equals LMS_ROOT_URL in the settings of the LMS, since ids depend on it",
                    redacted(url)
                )
            });
            return (url.clone(), note.into_iter().collect());
        }
        let url = site.map(str::to_owned);
        let from = match url {
            Some(_) => "is guessed from the events",
            None => "stands for a URL that the events do not tell",
        };
        let url = url.unwrap_or_else(|| PLACEHOLDER.to_owned());
        let note = format!(
            "`{url}` {from}: it must equal LMS_ROOT_URL in the settings of the LMS, to the character, since ids depend on it"
        );
        (url, vec![note])
    }
}

/// Returns a note about the tables that the command lacks.
fn note_of_tables(archive: &Archive<'_>) -> Option<String> {
    let ids = "the ids of users are derived, and are not those of the LMS";
    let names = "the ids of courses stand for their names";
    let (lacks, tables) = match (archive.has_users, archive.has_courses) {
        (true, true) => return None,
        (true, false) => (names.to_owned(), "`--courses`"),
        (false, true) => (ids.to_owned(), "`--users`"),
        (false, false) => (format!("{ids}, and {names}"), "`--users` and `--courses`"),
    };
    Some(format!(
        "without {tables}, {lacks}: export the tables (see *Lookup tables* in the guide) and give them with {tables}"
    ))
}

/// Returns the name of the first input that is the same file as an earlier input.
fn given_twice<'a>(sources: &[&'a Source]) -> Option<&'a str> {
    let mut known = HashSet::new();
    let twice = sources.iter().find(|source| match &source.origin {
        Origin::File(path) => fs::canonicalize(path).is_ok_and(|real| !known.insert(real)),
        Origin::Object(_) => !known.insert(PathBuf::from(&source.name)),
        Origin::Stdin => false,
    })?;
    Some(&twice.name)
}

/// Returns the events and lines that the command leaves out.
fn left_out(archive: &Archive<'_>, repairs: RepairSet) -> Vec<LeftOutRow> {
    let row = |nouns, rest: &str, count| LeftOutRow {
        what: noun(count, nouns).to_owned() + rest,
        count,
    };
    let causes = causes(archive.contents, repairs).into_iter();
    let causes = causes
        .filter(|(_, count)| *count > 0)
        .map(|(cause, count)| {
            let (nouns, rest) = text_of(cause);
            row(nouns, &rest, count)
        });
    let repairable = archive.tally.details.repairable.iter();
    let unrepaired = repairable.filter(|(needed, _)| !needed.without(repairs).is_empty());
    let unrepaired = unrepaired.map(|(needed, &count)| {
        let rest = format!(" that only `--repair {}` converts", needed.names());
        row("events", &rest, count)
    });
    let unparsable = archive.tally.unparsable;
    let unparsable = (unparsable > 0).then(|| row("unparsable lines", "", unparsable));
    causes.chain(unrepaired).chain(unparsable).collect()
}

/// Returns the causes why events are left out by a command with these repairs.
fn causes(contents: &Contents, chosen: RepairSet) -> BTreeMap<LeftOutCause, u64> {
    let mut causes = contents.left_out.clone();
    let mut add =
        |reason, count| *causes.entry(LeftOutCause::Rejected(reason)).or_default() += count;
    for (&(_, repairs, reason), count) in &contents.rejected_after_repairs {
        if is_repaired(repairs, chosen) {
            add(reason, count);
        }
    }
    for (&(needed, reason), count) in &contents.rejected_by_tables {
        if needed.without(chosen).is_empty() {
            add(reason, count);
        }
    }
    for (&(cause, repairs, _), count) in &contents.rejected_after_repairs {
        if is_repaired(repairs, chosen) {
            causes.entry(cause).and_modify(|events| *events -= count);
        }
    }
    if let Some(count) = causes.remove(&LeftOutCause::OtherType) {
        let cause = match chosen.contains(Repair::Name) {
            true => LeftOutCause::OtherName,
            false => LeftOutCause::Nameless,
        };
        *causes.entry(cause).or_default() += count;
    }
    causes
}

/// Returns whether one of the chosen repairs changes an event that these repairs change.
fn is_repaired(repairs: RepairSet, chosen: RepairSet) -> bool {
    repairs.without(chosen) != repairs
}

/// Returns a plural noun, and the words after it, for the events of a cause.
fn text_of(cause: LeftOutCause) -> (&'static str, Cow<'static, str>) {
    let rest = match cause {
        LeftOutCause::Request => return ("requests", "".into()),
        LeftOutCause::OtherName => " that xAPI does not take",
        LeftOutCause::Nameless | LeftOutCause::OtherType => " without a name",
        LeftOutCause::OnRequest => " that only `--events all` converts",
        LeftOutCause::Rejected(Reason::NoUser) => " without a user",
        LeftOutCause::Rejected(Reason::UnknownUser) => {
            " of users who are not in the table of users"
        }
        LeftOutCause::Rejected(Reason::NoExternalId) => {
            " of users who have no external id in the table of users"
        }
        LeftOutCause::Rejected(Reason::UnknownCourse) => {
            " of courses that are not in the table of courses"
        }
        LeftOutCause::Rejected(reason) => {
            return ("events", format!(" rejected as `{}`", reason.code()).into());
        }
    };
    ("events", rest.into())
}

/// Returns the inputs and their options as words of a shell.
fn input_words(input: &InputSettings) -> Vec<String> {
    let mut words: Vec<String> = input.paths.iter().map(|path| path_word(path)).collect();
    let mut add = |name: &str, value: String| words.push(format!("{name} {value}"));
    if let Some(list) = &input.files_from {
        add("--files-from", path_word(list));
    }
    for (name, globs) in [("--include", &input.include), ("--exclude", &input.exclude)] {
        if !globs.is_empty() {
            add(name, shell_word(&globs.join(",")).into_owned());
        }
    }
    if let Some(shard) = input.shard {
        add("--shard", shard.to_string());
    }
    let cloud = &input.cloud;
    for (name, value) in [
        ("--s3-endpoint", &cloud.s3_endpoint),
        ("--s3-region", &cloud.s3_region),
    ] {
        if let Some(value) = value {
            add(name, shell_word(value).into_owned());
        }
    }
    match cloud.s3_addressing_style {
        None => {}
        Some(AddressingStyle::Path) => add("--s3-addressing-style", "path".to_owned()),
        Some(AddressingStyle::Virtual) => add("--s3-addressing-style", "virtual".to_owned()),
    }
    match input.framing {
        Framing::Auto => {}
        Framing::Lines => add("--framing", "lines".to_owned()),
        Framing::Json => add("--framing", "json".to_owned()),
    }
    if input.max_line_bytes != InputSettings::MAX_LINE_BYTES {
        add("--max-line-bytes", input.max_line_bytes.to_string());
    }
    words
}

/// Returns a path as a word of a shell. A path that begins with a hyphen would be read as an option.
fn path_word(path: &Path) -> String {
    let is_like_option = path.as_os_str().as_encoded_bytes().starts_with(b"-");
    match is_like_option && path != Path::new("-") {
        true => shell_argument(Path::new(".").join(path).as_os_str()).into_owned(),
        false => shell_argument(path.as_os_str()).into_owned(),
    }
}

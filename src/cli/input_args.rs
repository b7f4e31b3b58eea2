//! The options for the inputs, the same in every command.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::builder::PossibleValue;
use clap::{Args, ValueEnum};

use super::cloud_args::CloudArgs;
use super::size::{number_in, size_in};
use crate::input::{Framing, Shard};
use crate::run::InputSettings;
use crate::tracking::LineWrapper;

/// The largest limit on the length of a line that can be set. Memory holds several copies of a line at a time.
const MAX_LINE_BYTES: u64 = 1 << 30;

/// The most threads that can be set. Threads beyond the number of cores only cost memory.
const MAX_THREADS: u16 = 512;

#[derive(Args, Debug)]
#[command(next_help_heading = "Input")]
pub struct InputArgs {
    /// Files, directories, addresses such as s3://bucket/prefix/, or `-` for standard input
    #[arg(value_name = "INPUT")]
    inputs: Vec<PathBuf>,

    /// Also read the inputs that this file lists, one path a line; `-` takes the list from standard input
    #[arg(long, value_name = "FILE")]
    files_from: Option<PathBuf>,

    /// In directories, read the files whose names match one of these globs, instead of the files with the usual names
    /// of logs
    #[arg(long, value_name = "GLOB,…")]
    include: Vec<String>,

    /// In directories, skip the files whose names match one of these globs
    #[arg(long, value_name = "GLOB,…")]
    exclude: Vec<String>,

    /// Read only one of N parts (shards) of the inputs: 0/16 is the first of 16 shards, 15/16 the last
    #[arg(long, value_name = "K/N", value_parser = parse_shard)]
    shard: Option<Shard>,

    #[command(flatten)]
    cloud: CloudArgs,

    /// Unwrap lines that a log driver put into JSON objects: the key that holds the line, such as log or message.log, or
    /// the word auto for the usual keys
    #[arg(long, value_name = "KEY", value_parser = parse_line_wrapper)]
    unwrap: Option<LineWrapper>,

    /// How the inputs are cut into records
    #[arg(
        long,
        value_enum,
        ignore_case = true,
        default_value_t,
        value_name = "FRAMING"
    )]
    framing: Framing,

    /// The maximum length of a line in bytes, such as 32M; longer lines are unparsable
    #[arg(long, value_name = "SIZE", default_value = "32M", value_parser = size_in(1..=MAX_LINE_BYTES))]
    max_line_bytes: u64,

    /// The number of threads that convert, and of inputs that are read at a time [default: the number of cores]
    #[arg(long, value_name = "N", value_parser = number_in::<u16>(1..=MAX_THREADS))]
    threads: Option<u16>,
}

impl InputArgs {
    pub fn settings(self) -> InputSettings {
        let cores = || std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        InputSettings {
            paths: self.inputs,
            files_from: self.files_from,
            include: split_globs(&self.include),
            exclude: split_globs(&self.exclude),
            shard: self.shard,
            cloud: self.cloud.settings(),
            line_wrapper: self.unwrap.unwrap_or_default(),
            framing: self.framing,
            max_line_bytes: usize::try_from(self.max_line_bytes).unwrap_or(usize::MAX),
            threads: self.threads.map_or_else(cores, usize::from),
        }
    }
}

impl ValueEnum for Framing {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::Auto, Self::Lines, Self::Json]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let (name, help) = match self {
            Self::Auto => (
                "auto",
                "one event a line; also arrays, indented events, and several events on a line",
            ),
            Self::Lines => ("lines", "one event a line, and nothing else"),
            Self::Json => (
                "json",
                "JSON values, with any white space or none between them; the elements of arrays",
            ),
        };
        Some(PossibleValue::new(name).help(help))
    }
}

fn parse_line_wrapper(key: &str) -> Result<LineWrapper, &'static str> {
    LineWrapper::json(key)
        .ok_or("expected a key such as log, or keys separated by dots such as message.log")
}

/// Parses a shard such as `0/16`.
fn parse_shard(text: &str) -> Result<Shard, String> {
    let numbers = text
        .split_once('/')
        .and_then(|(nth, of)| Some((nth.parse().ok()?, of.parse().ok()?)));
    match numbers {
        None => Err("expected K/N, such as 0/16 for the first of 16 shards".into()),
        Some((_, 0)) => Err("there must be at least one shard: 0/1".into()),
        Some((nth, of)) => Shard::new(nth, of)
            .ok_or_else(|| format!("shards count from 0, so the last is {}/{of}", of - 1)),
    }
}

/// Splits lists of globs at commas, except commas in braces.
pub(super) fn split_globs(lists: &[String]) -> Vec<String> {
    let mut globs = Vec::new();
    for list in lists {
        let mut depth = 0;
        let outside_braces = |c: char| {
            depth += i32::from(c == '{') - i32::from(c == '}');
            c == ',' && depth == 0
        };
        globs.extend(
            list.split(outside_braces)
                .filter(|glob| !glob.is_empty())
                .map(str::to_owned),
        );
    }
    globs
}

#[cfg(test)]
mod tests {
    #[test]
    fn globs_are_separated_by_commas_outside_braces() {
        let lists = [
            "*.log,a/*".to_owned(),
            "*.{log,gz}".to_owned(),
            String::new(),
        ];
        assert_eq!(super::split_globs(&lists), ["*.log", "a/*", "*.{log,gz}"]);
    }
}

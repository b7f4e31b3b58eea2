//! The options that decide what is read, the same in every command.

use std::io::Read;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::{Args, value_parser};

use crate::console::Console;
use crate::input::{BytesRead, Discovery, NameFilter, Shard, discover};
use crate::interrupt::Interrupted;
use crate::pipeline::PipelineOptions;
use crate::tracking::LineWrapper;

/// A line is held in memory, several times over.
const MAX_LINE_BYTES: u64 = 1 << 30;

/// More threads than any machine has cores only take memory.
const MAX_THREADS: i64 = 512;

#[derive(Args, Debug)]
#[command(next_help_heading = "Input")]
pub struct InputArgs {
    /// Files, directories, or `-` for standard input
    #[arg(value_name = "INPUT")]
    inputs: Vec<PathBuf>,

    /// A file with one more input a line; `-` for standard input
    #[arg(long, value_name = "FILE")]
    files_from: Option<PathBuf>,

    /// In directories, take files whose names match, in place of the usual log names
    #[arg(long, value_name = "GLOB,…")]
    include: Vec<String>,

    /// In directories, leave out files whose names match
    #[arg(long, value_name = "GLOB,…")]
    exclude: Vec<String>,

    /// Read one share of the inputs: 0/16 to 15/16 are all of them, each in one
    #[arg(long, value_name = "K/N", value_parser = parse_shard)]
    shard: Option<Shard>,

    /// Take each line from a JSON object around it, where it is at this key: log, or message.log
    #[arg(long, value_name = "KEY", value_parser = parse_line_wrapper)]
    unwrap: Option<LineWrapper>,

    /// Lines longer than this are unparsable
    #[arg(long, value_name = "BYTES", default_value_t = 32 << 20, value_parser = value_parser!(u64).range(1..=MAX_LINE_BYTES))]
    max_line_bytes: u64,

    /// How many threads convert, and how many read, an input each [default: as many as there are cores]
    #[arg(long, value_name = "N", value_parser = value_parser!(u16).range(1..=MAX_THREADS))]
    threads: Option<u16>,
}

impl InputArgs {
    /// Finds the inputs, passing over what is written. What cannot be read is told, and is among the errors of the
    /// discovery.
    ///
    /// # Errors
    /// There is no input, the list of inputs cannot be read, or a glob does not parse.
    pub fn discover(&self, written: &[&Path], console: &Console) -> Result<Discovery> {
        let stdin = Path::new("-");
        let mut arguments = self.inputs.clone();
        let lists_stdin = self.files_from.as_deref() == Some(stdin);
        if let Some(list) = &self.files_from {
            arguments.extend(read_list(list)?);
        } else if arguments.is_empty() {
            bail!("there is no input: give files, directories, or `-` for standard input");
        }
        let stdins = arguments
            .iter()
            .filter(|argument| *argument == stdin)
            .count();
        if stdins + usize::from(lists_stdin) > 1 {
            bail!("standard input can be read only once");
        }
        if stdins > 0 && self.shard.is_some() {
            bail!("`--shard` shares files out by their paths, and standard input has none");
        }
        let filter = NameFilter::new(&globs(&self.include), &globs(&self.exclude))?;
        let mut discovery = discover(&arguments, &filter, &self.line_wrapper(), written);
        for error in &discovery.errors {
            console.error(&error.to_string());
        }
        if let [first, ..] = discovery.unmatched.as_slice() {
            let (first, count) = (first.display(), discovery.unmatched.len());
            let plural = if count == 1 { "" } else { "s" };
            console.note(&format!(
                "note: {count} file{plural} left aside by name, `{first}` the first; `--include` chooses others"
            ));
        }
        if let Some((one, other)) = discovery.same_pipe() {
            bail!("`{one}` and `{other}` are one pipe, which can be read only once");
        }
        if discovery.sources.is_empty() && discovery.errors.is_empty() {
            console.warn("there is nothing to read");
        }
        if let Some(shard) = self.shard {
            let all = discovery.sources.len();
            discovery.keep_shard(shard);
            let (own, plural) = (discovery.sources.len(), if all == 1 { "" } else { "s" });
            console.note(&format!("note: {own} of {all} input{plural} in this share"));
        }
        Ok(discovery)
    }

    /// The files that these options name, beside the inputs.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        self.files_from.iter().map(PathBuf::as_path)
    }

    /// What is around each line.
    pub fn line_wrapper(&self) -> LineWrapper {
        self.unwrap.clone().unwrap_or_default()
    }

    /// How the inputs are read.
    pub fn pipeline_options(&self) -> PipelineOptions {
        let cores = || std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        PipelineOptions {
            threads: self.threads.map_or_else(cores, usize::from),
            side_by_side: false,
            max_line_bytes: usize::try_from(self.max_line_bytes).unwrap_or(usize::MAX),
            bytes_read: BytesRead::default(),
            interrupted: Interrupted::default(),
        }
    }
}

fn parse_line_wrapper(key: &str) -> Result<LineWrapper, &'static str> {
    LineWrapper::json(key).ok_or("it is a key, or several with a dot between each two")
}

/// Reads `0/16`.
fn parse_shard(text: &str) -> Result<Shard, String> {
    let numbers = text
        .split_once('/')
        .and_then(|(nth, of)| Some((nth.parse().ok()?, of.parse().ok()?)));
    match numbers {
        None => Err("it is written as 0/16, the first of 16 shares".into()),
        Some((_, 0)) => Err("there is at least one share, 0/1".into()),
        Some((nth, of)) => Shard::new(nth, of)
            .ok_or_else(|| format!("shares count from 0, so the last is {}/{of}", of - 1)),
    }
}

/// Globs separated by commas, but for those within braces.
pub(super) fn globs(lists: &[String]) -> Vec<String> {
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

/// The paths in a list, one a line.
fn read_list(list: &Path) -> Result<Vec<PathBuf>> {
    let mut bytes = Vec::new();
    let read = if list == Path::new("-") {
        std::io::stdin().read_to_end(&mut bytes)
    } else {
        std::fs::File::open(list).and_then(|mut file| file.read_to_end(&mut bytes))
    };
    read.with_context(|| format!("failed to read the list of inputs `{}`", list.display()))?;
    let lines = bytes
        .split(|&byte| byte == b'\n')
        .map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    lines.filter(|line| !line.is_empty()).map(path_of).collect()
}

#[cfg(unix)]
fn path_of(bytes: &[u8]) -> Result<PathBuf> {
    use std::os::unix::ffi::OsStrExt;
    Ok(std::ffi::OsStr::from_bytes(bytes).into())
}

#[cfg(not(unix))]
fn path_of(bytes: &[u8]) -> Result<PathBuf> {
    Ok(std::str::from_utf8(bytes)
        .context("the list of inputs is not UTF-8")?
        .into())
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
        assert_eq!(super::globs(&lists), ["*.log", "a/*", "*.{log,gz}"]);
    }
}

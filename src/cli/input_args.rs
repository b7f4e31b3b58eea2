//! The options that decide what is read, the same in every command.

use std::io::{BufRead, BufReader, Read};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::console::Console;
use crate::input::{BytesRead, Discovery, NameFilter, discover};
use crate::pipeline::PipelineOptions;

#[derive(Args, Debug)]
#[command(next_help_heading = "Input")]
pub struct InputArgs {
    /// Files, directories, or `-` for standard input
    #[arg(value_name = "INPUT", required_unless_present = "files_from")]
    inputs: Vec<PathBuf>,

    /// A file with one more input a line; `-` for standard input
    #[arg(long, value_name = "FILE")]
    files_from: Option<PathBuf>,

    /// In directories, take files whose names match, in place of the usual log names
    #[arg(long, value_delimiter = ',', value_name = "GLOB,…")]
    include: Vec<String>,

    /// In directories, leave out files whose names match
    #[arg(long, value_delimiter = ',', value_name = "GLOB,…")]
    exclude: Vec<String>,

    /// Lines longer than this are unparsable
    #[arg(long, value_name = "BYTES", default_value_t = 32 << 20)]
    max_line_bytes: usize,

    /// How many threads convert [default: as many as there are cores]
    #[arg(long, value_name = "N")]
    threads: Option<NonZeroUsize>,
}

impl InputArgs {
    /// Finds the inputs. What cannot be read is told, and is among the errors of the discovery.
    ///
    /// # Errors
    /// The list of inputs cannot be read, or a glob does not parse.
    pub fn discover(&self, output: Option<&Path>, console: &Console) -> Result<Discovery> {
        let mut arguments = self.inputs.clone();
        if let Some(list) = &self.files_from {
            arguments.extend(read_list(list)?);
        }
        if arguments
            .iter()
            .filter(|argument| *argument == Path::new("-"))
            .count()
            > 1
        {
            bail!("standard input can be read only once");
        }
        let filter = NameFilter::new(&self.include, &self.exclude)?;
        let discovery = discover(&arguments, &filter, output);
        for error in &discovery.errors {
            console.error(error);
        }
        if discovery.passed_over > 0 {
            let (files, plural) = (
                discovery.passed_over,
                if discovery.passed_over == 1 { "" } else { "s" },
            );
            console.note(&format!(
                "note: {files} file{plural} left aside by name; `--include` chooses others"
            ));
        }
        if discovery.sources.is_empty() && discovery.errors.is_empty() {
            console.warn("there is nothing to read");
        }
        Ok(discovery)
    }

    /// How the inputs are read.
    pub fn pipeline_options(&self) -> PipelineOptions {
        let cores = || std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        PipelineOptions {
            threads: self.threads.unwrap_or_else(cores).get(),
            max_line_bytes: self.max_line_bytes,
            bytes_read: BytesRead::default(),
        }
    }
}

fn read_list(list: &Path) -> Result<Vec<PathBuf>> {
    let reader: Box<dyn Read> = if list == Path::new("-") {
        Box::new(std::io::stdin())
    } else {
        Box::new(
            std::fs::File::open(list)
                .with_context(|| format!("failed to open `{}`", list.display()))?,
        )
    };
    let lines = BufReader::new(reader)
        .lines()
        .collect::<Result<Vec<_>, _>>();
    let lines = lines.with_context(|| format!("failed to read `{}`", list.display()))?;
    Ok(lines
        .into_iter()
        .filter(|line| !line.is_empty())
        .map(PathBuf::from)
        .collect())
}

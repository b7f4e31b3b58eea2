//! The options of `event-router transform`.

use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use clap::{Args, ValueEnum};

use super::conversion_args::ConversionArgs;
use super::dedupe_args::DedupeArgs;
use super::input_args::InputArgs;
use super::record_args::{RecordArgs, is_dash};
use crate::cloud::{Address, IS_AVAILABLE};
use crate::compression::{Compression, without_ending};
use crate::console::Console;
use crate::convert::{FormatSettings, StatementForm};
use crate::format::OutputFormat;
use crate::output_names::OutputNames;
use crate::run::{JobSettings, OutputSettings};

#[derive(Args, Debug)]
pub struct TransformArgs {
    #[command(flatten)]
    conversion: ConversionArgs,

    #[command(flatten)]
    input: InputArgs,

    /// Trust the certificates in this PEM file when connecting to --lms-db, in addition to those of public authorities
    #[arg(
        long,
        value_name = "FILE",
        requires = "lms_db",
        help_heading = "Conversion"
    )]
    ca_file: Option<PathBuf>,

    #[command(flatten)]
    dedupe: DedupeArgs,

    #[command(flatten)]
    output: OutputArgs,

    #[command(flatten)]
    record: RecordArgs,
}

#[derive(Args, Debug)]
#[command(next_help_heading = "Output")]
struct OutputArgs {
    /// Write one file per input to this directory, or one object to an address such as s3://bucket/prefix/; or, if the path ends with .jsonl, .jsonl.gz or .jsonl.zst and is no directory,
    /// everything to this file. Without this option, or as `-`, everything goes to standard output
    #[arg(short, long, value_name = "PATH")]
    output: Option<PathBuf>,

    /// Fail for each input whose output file exists and is not empty, instead of replacing the file. A rejects file with rows is not
    /// replaced either. The report of an earlier run is always replaced
    #[arg(long)]
    no_clobber: bool,

    /// The form of the output: JSON as it is, or rows that ClickHouse loads as JSONEachRow, with xAPI statements as text
    #[arg(
        long,
        value_enum,
        ignore_case = true,
        default_value = "json",
        value_name = "FORM"
    )]
    output_format: OutputFormatArg,

    /// Compress the output files of logs; zstd needs a build with the feature `zstd`
    #[arg(
        long,
        value_enum,
        ignore_case = true,
        default_value = "none",
        value_name = "HOW"
    )]
    compress: CompressArg,

    /// Write nothing: compare with the files in the output directory, and exit with 1 if they differ
    #[arg(long)]
    check: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum CompressArg {
    None,
    Gzip,
    Zstd,
}

impl CompressArg {
    fn compression(self) -> Option<Compression> {
        match self {
            Self::None => None,
            Self::Gzip => Some(Compression::Gzip),
            Self::Zstd => Some(Compression::Zstd),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum OutputFormatArg {
    /// Statements or events, one a line
    Json,
    /// Rows with the columns event_id, emission_time and event, as the table xapi_events_all of Aspects
    Clickhouse,
}

impl TransformArgs {
    pub fn console(&self) -> Console {
        // No progress bar if the output goes to the terminal too, because the two would overwrite each other.
        let shows_progress = self.output.path().is_some() || !io::stdout().is_terminal();
        let quiet = self.record.quiet;
        Console::new(quiet, shows_progress)
    }

    /// Returns the settings of the run and of its output.
    ///
    /// # Errors
    /// Returns an error if options contradict each other or do not parse.
    pub fn settings(self) -> Result<(JobSettings, OutputSettings)> {
        let output = self.output.settings(&self.conversion, &self.record)?;
        let on_stdout = match &output {
            OutputSettings::Stdout => Some("the records"),
            OutputSettings::Check(_) => Some("the differences that `--check` finds"),
            OutputSettings::File { .. } | OutputSettings::Directory { .. } => None,
        };
        let mut record = self.record.settings(on_stdout)?;
        if let OutputSettings::File { path, .. } = &output {
            record.output = Some(path.clone());
        }
        let mut conversion = self.conversion.settings(self.ca_file)?;
        if self.output.output_format == OutputFormatArg::Clickhouse {
            let FormatSettings::Xapi(_, form) = &mut conversion.format else {
                bail!(
                    "`--output-format clickhouse` (or EVENT_ROUTER_OUTPUT_FORMAT) needs `--to xapi`: rows hold statements"
                );
            };
            *form = StatementForm::Row;
        }
        let settings = JobSettings {
            input: self.input.settings(),
            conversion,
            dedupe: self.dedupe.settings()?,
            record,
        };
        Ok((settings, output))
    }
}

impl OutputArgs {
    /// Returns the path of the output, unless it is standard output.
    fn path(&self) -> Option<&Path> {
        let path = self.output.as_deref();
        path.filter(|path| !is_dash(Some(path)))
    }

    /// Returns the settings of the output to one file.
    fn of_file(&self, path: &Path, record: &RecordArgs) -> Result<OutputSettings> {
        let name = path.display();
        if record.state.is_some() {
            bail!(
                "`--state` needs a directory as `--output`, since each run writes new files and none is replaced: `{name}` is the name of a file"
            );
        }
        if self.check {
            bail!(
                "`--check` needs a directory as `--output`, whose files it compares: `{name}` is the name of a file"
            );
        }
        let of_name = Compression::of_name(path);
        if let Some(compression) = self.compress.compression()
            && of_name != Some(compression)
        {
            let text = name.to_string();
            let stem = without_ending(&text);
            let (how, ending) = (compression.name(), compression.ending());
            bail!(
                "`--compress {how}` and the name `{name}` contradict each other: call the output `{stem}.{ending}`"
            );
        }
        of_name.map_or(Ok(()), Compression::check)?;
        Ok(OutputSettings::File {
            path: path.to_owned(),
            keeps_existing: self.no_clobber,
        })
    }

    fn settings(&self, conversion: &ConversionArgs, record: &RecordArgs) -> Result<OutputSettings> {
        if let Some(path) = self.path() {
            check_address(path, record)?;
        }
        let Some(directory) = self.path().map(Path::to_owned) else {
            if let Some(compression) = self.compress.compression() {
                let how = compression.name();
                bail!(
                    "`--compress {how}` needs `--output`; to compress standard output, pipe it through `{how}`"
                );
            }
            if self.no_clobber {
                bail!("`--no-clobber` needs `--output`, the directory whose files are kept");
            }
            if record.state.is_some() {
                bail!(
                    "`--state` needs `--output`: records on standard output may get lost, so they cannot be recorded as delivered"
                );
            }
            if self.check {
                bail!("`--check` needs `--output`, the directory to compare with");
            }
            return Ok(OutputSettings::Stdout);
        };
        if names_file(&directory) {
            return self.of_file(&directory, record);
        }
        if seems_to_name_file(&directory) {
            let name = directory.display();
            bail!(
                "`{name}` is neither a directory nor a name for one file, which ends with .jsonl, .jsonl.gz or .jsonl.zst; \
                 to make a directory of this name, give `{name}/`"
            );
        }
        let compression = self.compress.compression();
        compression.map_or(Ok(()), Compression::check)?;
        let names = OutputNames {
            directory,
            format: match self.output_format {
                OutputFormatArg::Json => OutputFormat::Records(conversion.format()?),
                OutputFormatArg::Clickhouse => OutputFormat::ClickHouseRows,
            },
            compression,
            numbers: record.state.is_some(),
        };
        if !self.check {
            return Ok(OutputSettings::Directory {
                names,
                keeps_existing: self.no_clobber,
            });
        }
        if record.state.is_some() {
            bail!(
                "remove `--state`: `--check` delivers no records, so it has no progress to record"
            );
        }
        if record.rejects.is_some() {
            bail!("remove `--rejects`: `--check` writes no files");
        }
        if !conversion.format.is_repeatable(conversion.format()?)? {
            bail!(
                "`--check` needs the `sendTime` of the earlier run: give `--send-time` or set SOURCE_DATE_EPOCH, \
                 or omit envelopes with `--envelope none`"
            );
        }
        Ok(OutputSettings::Check(names))
    }
}

/// Checks an output in object storage.
fn check_address(path: &Path, record: &RecordArgs) -> Result<()> {
    let name = path.display();
    match Address::parse(path) {
        None => return Ok(()),
        Some(Err(cause)) => bail!("`--output {name}` is no address of object storage: {cause}"),
        Some(Ok(_)) => {}
    }
    if !IS_AVAILABLE {
        bail!(
            "this build of event-router cannot write to object storage: in the checkout, run `cargo install --locked --path . --features cloud`, or give `--output` a directory"
        );
    }
    if record.state.is_some() {
        bail!(
            "`--state` needs a directory as `--output`, and `{name}` is in object storage: write to a directory and copy it, or convert whole inputs without `--state`"
        );
    }
    Ok(())
}

/// Returns whether the path of the output is that of one file: it ends as the names of outputs of logs do, and there is
/// no such directory.
fn names_file(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let is_of_log = without_ending(&name).ends_with(".jsonl");
    is_of_log && !names_directory(path)
}

/// Returns whether a path ends as the names of files usually do, and there is no such directory. Such a path is more likely
/// a mistake than the name of a new directory.
fn seems_to_name_file(path: &Path) -> bool {
    const ENDINGS: [&str; 13] = [
        "7z", "bz2", "csv", "gz", "json", "lz4", "ndjson", "parquet", "tsv", "txt", "xz", "zip",
        "zst",
    ];
    let ending = path.extension().unwrap_or_default().to_ascii_lowercase();
    let is_of_file = ENDINGS.iter().any(|known| ending == *known);
    is_of_file && !names_directory(path)
}

fn names_directory(path: &Path) -> bool {
    path.as_os_str().as_encoded_bytes().ends_with(b"/") || path.is_dir()
}

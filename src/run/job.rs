//! The part that `transform` and `send` share: prepare a run, drive it, summarize it.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use anyhow::anyhow;

use super::deliverer::{Delivered, Deliverer};
use super::duplicates::Duplicates;
use super::settings::{ConversionSettings, InputSettings, RecordSettings};
use super::{fail_on, state};
use crate::buffers::Buffers;
use crate::checkpoint::{Destinations, ResumingOpener, StateDirectory};
use crate::console::Console;
use crate::convert::{BatchConverter, Layout, LineConverter};
use crate::dedupe::Dedupe;
use crate::destination::Destination;
use crate::exit_code::{ExitCode, Fatal, OrExit};
use crate::input::{NotFound, Source};
use crate::outcome::Reason;
use crate::output::RejectsFile;
use crate::output_names::{OutputNames, check_outputs};
use crate::pipeline::{self, PipelineOptions};
use crate::report::{Invocation, Report, ReportFile, Summary};
use crate::send::Target;
use crate::tracking::LineWrapper;

/// The command that is run, and how.
pub struct Command<'a> {
    pub name: &'static str,
    pub invocation: &'a Invocation,
    pub console: Arc<Console>,
    /// Whether the command delivers nothing.
    pub dry_run: bool,
}

/// The paths of a command beside the inputs and those of [`RecordSettings`].
#[derive(Default)]
pub struct CommandPaths<'a> {
    /// The directory of outputs or of dead letters, which is not searched for inputs.
    pub directory: Option<&'a Path>,
    /// The names of the outputs, if they are files.
    pub names: Option<&'a OutputNames>,
    /// Files that the command reads.
    pub read: Vec<&'a Path>,
}

/// A run whose settings are checked and whose tables are loaded.
pub struct Job<'a> {
    command: Command<'a>,
    record: RecordSettings,
    options: PipelineOptions,
    started: Instant,
    sources: Arc<[Source]>,
    not_found: Vec<NotFound>,
    dedupe: Option<Dedupe>,
    opener: Option<ResumingOpener>,
    pub converter: LineConverter,
}

impl<'a> Job<'a> {
    /// Checks everything that can be checked before something is written, and loads the tables.
    ///
    /// # Errors
    /// Returns an error if the settings do not fit each other, or a file that they name cannot be read.
    pub fn prepare(
        command: Command<'a>,
        paths: CommandPaths<'_>,
        input: &InputSettings,
        conversion: ConversionSettings,
        dedupe: Option<Dedupe>,
        record: RecordSettings,
    ) -> Result<Self, Fatal> {
        let started = Instant::now();
        if command.dry_run && record.state.is_some() && record.rejects.is_some() {
            return Err(anyhow!(
                "remove `--rejects`: with `--dry-run` and `--state`, the run that delivers will write them"
            ))
            .or_exit(ExitCode::Usage);
        }
        fail_on::check(&record.fail_on, dedupe.is_some()).or_exit(ExitCode::Usage)?;
        let written: Vec<&Path> = record.written().chain(paths.directory).collect();
        let discovery = input
            .discover(&written, &command.console)
            .or_exit(ExitCode::Usage)?;
        // Runs of other shards may write to the same directory.
        let of_all_shards = [discovery.sources.as_slice(), &discovery.in_other_shards].concat();
        let read: Vec<&Path> = input
            .files()
            .chain(conversion.files())
            .chain(paths.read)
            .collect();
        check_outputs(paths.names, &record.files(), &of_all_shards, &read)
            .or_exit(ExitCode::Usage)?;
        let converter = conversion
            .load(input.line_wrapper.clone(), &command.console)
            .or_exit(ExitCode::Usage)?;
        Ok(Self {
            command,
            record,
            options: input.pipeline_options(),
            started,
            sources: discovery.sources.into(),
            not_found: discovery.errors,
            dedupe,
            opener: None,
            converter,
        })
    }

    /// Opens and locks the state directory, if there is one.
    ///
    /// # Errors
    /// Returns an error if another run holds the lock, the directory cannot be used, or an input is not a file.
    pub fn open_state(&self) -> Result<Option<Arc<StateDirectory>>, Fatal> {
        state::open(self.record.state.as_deref(), &self.sources)
    }

    /// Resumes each input where these destinations stopped.
    pub fn resume(&mut self, state: &Arc<StateDirectory>, destinations: Destinations) {
        self.opener = Some(ResumingOpener::new(Arc::clone(state), destinations));
    }

    /// Drives the run and summarizes it.
    ///
    /// # Errors
    /// Returns an error if the run could not start. Failures after that are reported and are part of the exit code.
    pub fn run(
        mut self,
        destination: Box<dyn Destination + '_>,
        layout_of_documents: Layout,
        targets: &[Arc<Target>],
    ) -> Result<ExitCode, Fatal> {
        let interruptible = targets.to_vec();
        self.options
            .interrupted
            .watch(move || interruptible.iter().for_each(|target| target.interrupt()))
            .or_exit(ExitCode::Usage)?;
        let rejects = self.record.open_rejects().or_exit(ExitCode::Output)?;
        let report = ReportFile::create(self.record.report.as_deref()).or_exit(ExitCode::Output)?;
        let duplicates = self.dedupe.take().map(Duplicates::new);
        // Rejected lines and duplicates are in the order of the inputs.
        self.options.side_by_side =
            destination.takes_several() && rejects.is_none() && duplicates.is_none();
        let batches = Arc::new(BatchConverter {
            converter: self.converter,
            layout_of_documents,
            max_line_bytes: self.options.max_line_bytes,
            keeps_rejects: rejects.is_some(),
            // Duplicates are removed before records are compressed.
            compresses: destination.takes_compressed() && duplicates.is_none(),
            keeps_details: self.record.report.is_some(),
            buffers: Buffers::default(),
        });
        let state = self.opener.as_ref().map(ResumingOpener::directory);
        let deliverer = Deliverer::new(&self.command.console, destination, &self.not_found)
            .rejects(rejects)
            .duplicates(duplicates)
            .state(state.cloned());
        let finished = Finished {
            delivered: drive(
                &self.command.console,
                &self.sources,
                &self.options,
                self.opener,
                &batches,
                deliverer,
            ),
            command: self.command,
            inputs: self.sources.len() + self.not_found.len(),
            fail_on: self.record.fail_on,
            options: self.options,
            started: self.started,
        };
        Ok(finished.summarize(&batches.converter, report, targets))
    }
}

/// Converts and delivers all inputs.
fn drive(
    console: &Console,
    sources: &Arc<[Source]>,
    options: &PipelineOptions,
    opener: Option<ResumingOpener>,
    batches: &Arc<BatchConverter>,
    mut deliverer: Deliverer<'_>,
) -> Delivered {
    let progress = console.progress();
    progress.start(sources.iter().map(|source| source.size).sum());
    let converting = Arc::clone(batches);
    let convert = move |source: &Source, batch| converting.convert(source, batch);
    let piped = pipeline::run(sources, options, opener, convert, |delivery| {
        progress.set(options.bytes_read.total());
        deliverer.deliver(delivery)
    });
    let mut delivered = deliverer.close();
    if let Err(error) = piped {
        console.error(&format!("{error:#}"));
        delivered.code = delivered.code.max(ExitCode::Input);
    }
    progress.clear();
    delivered
}

/// A run after its last input.
struct Finished<'a> {
    command: Command<'a>,
    delivered: Delivered,
    /// The number of inputs, found or not.
    inputs: usize,
    fail_on: Vec<super::settings::FailOn>,
    options: PipelineOptions,
    started: Instant,
}

impl Finished<'_> {
    /// Reports what the run did. Returns its exit code.
    fn summarize(
        self,
        converter: &LineConverter,
        report_file: ReportFile,
        targets: &[Arc<Target>],
    ) -> ExitCode {
        let console = &self.command.console;
        let Delivered {
            tally,
            inputs,
            code,
        } = &self.delivered;
        let no_event = tally.reasons.get(&Reason::NoEvent);
        if no_event == Some(&tally.lines()) && matches!(converter.wrapper, LineWrapper::None) {
            console.note(
                "note: no line is an event; if a log driver wrapped the lines, read them with `--unwrap KEY`",
            );
        }
        let failure = fail_on::exit_code(&self.fail_on, tally, console);
        let interrupted = &self.options.interrupted;
        let summary = Summary {
            tally,
            noun: converter.format.format().nouns(),
            inputs: inputs.counts(self.inputs),
            skipped_lines: inputs.skipped_lines(),
            stopped_by: interrupted.signal(),
            bytes: self.options.bytes_read.total(),
            elapsed: self.started.elapsed(),
        };
        let report = Report {
            command: self.command.name,
            invocation: self.command.invocation,
            dry_run: self.command.dry_run,
            summary: Some(&summary),
            inputs,
            known_events: converter.selection.known(),
            targets,
            exit_code: interrupted.code().unwrap_or((*code).max(failure)),
        };
        console.note(&report.to_string());
        let written = report_file.write(&report);
        if let Err(error) = &written {
            console.error(&format!("{error:#}"));
        }
        report.exit_code.max(match written {
            Ok(()) => ExitCode::Success,
            Err(_) => ExitCode::Output,
        })
    }
}

impl RecordSettings {
    /// Opens the rejects file, if there is one. With a state directory, rows of earlier runs are kept, since their lines
    /// are not read again.
    fn open_rejects(&self) -> anyhow::Result<Option<RejectsFile>> {
        let open = |path| RejectsFile::open(path, self.state.is_some());
        self.rejects.as_deref().map(open).transpose()
    }
}

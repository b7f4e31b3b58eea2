//! What `transform` and `send` have in common: from the options to the pipeline, and from there to the summary.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use anyhow::anyhow;

use super::delivery::{Delivered, Deliverer};
use crate::buffers::Buffers;
use crate::checkpoint::{Destinations, ResumingOpener, StateDirectory};
use crate::cli::conversion_args::ConversionArgs;
use crate::cli::dedupe_args::DedupeArgs;
use crate::cli::input_args::InputArgs;
use crate::cli::record_args::RecordArgs;
use crate::console::Console;
use crate::convert::{BatchConverter, Layout, LineConverter};
use crate::dedupe::{Dedupe, Scope};
use crate::destination::Destination;
use crate::exit_code::{ExitCode, Fatal, OrExit};
use crate::input::{NotFound, Source};
use crate::outcome::Reason;
use crate::output_names::{OutputNames, check_outputs};
use crate::pipeline::{self, PipelineOptions};
use crate::report::{Invocation, Report, ReportFile, Summary};
use crate::send::Target;
use crate::tracking::LineWrapper;

/// What a command asks for beside its options.
pub struct Plan<'a> {
    pub command: &'static str,
    pub console: Arc<Console>,
    /// Where outputs or dead letters go, which are no inputs.
    pub directory: Option<&'a Path>,
    /// The names of the outputs, if there are any.
    pub names: Option<&'a OutputNames>,
    /// Files that the command reads beside the inputs.
    pub also_read: Vec<&'a Path>,
    /// What duplicates are looked for within.
    pub scope: Scope,
    /// Nothing is delivered.
    pub dry_run: bool,
}

/// A run from inputs to a destination, checked and not yet begun.
pub struct Job {
    command: &'static str,
    console: Arc<Console>,
    pub converter: LineConverter,
    options: PipelineOptions,
    opener: Option<ResumingOpener>,
    started: Instant,
    sources: Vec<Source>,
    not_found: Vec<NotFound>,
    dedupe: Option<Dedupe>,
    record: RecordArgs,
    /// What emitted lines become, in the plural.
    noun: &'static str,
    dry_run: bool,
}

impl Job {
    /// Checks all that can be checked before anything is written, and loads what the conversion needs.
    ///
    /// # Errors
    /// What is wrong with the options.
    pub fn prepare(
        plan: Plan<'_>,
        input: &InputArgs,
        conversion: ConversionArgs,
        dedupe: &DedupeArgs,
        record: RecordArgs,
    ) -> Result<Self, Fatal> {
        let started = Instant::now();
        crate::cli::warn_of_unknown_variables(&plan.console);
        if plan.dry_run && record.state.is_some() && record.rejects.is_some() {
            let error = anyhow!(
                "with `--dry-run`, leave `--rejects` out: the run that delivers will write them"
            );
            return Err(error).or_exit(ExitCode::Usage);
        }
        let written: Vec<&Path> = record.written().chain(plan.directory).collect();
        let discovery = input
            .discover(&written, &plan.console)
            .or_exit(ExitCode::Usage)?;
        // Runs of other shares may write to the same directory.
        let of_all_shares = [discovery.sources.as_slice(), &discovery.in_other_shards].concat();
        let also_read: Vec<&Path> = input
            .files()
            .chain(conversion.files())
            .chain(plan.also_read)
            .collect();
        check_outputs(plan.names, &record.files(), &of_all_shares, &also_read)
            .map_err(|clash| anyhow!("{clash}"))
            .or_exit(ExitCode::Usage)?;
        let dedupe = dedupe.dedupe(plan.scope).or_exit(ExitCode::Usage)?;
        record
            .fail_on
            .check(dedupe.is_some())
            .or_exit(ExitCode::Usage)?;
        let noun = conversion.to().nouns();
        let converter = conversion
            .into_converter(input.line_wrapper(), &plan.console)
            .or_exit(ExitCode::Usage)?;
        Ok(Self {
            command: plan.command,
            console: plan.console,
            converter,
            options: input.pipeline_options(),
            opener: None,
            started,
            sources: discovery.sources,
            not_found: discovery.errors,
            dedupe,
            record,
            noun,
            dry_run: plan.dry_run,
        })
    }

    /// Takes the state directory, if there is to be one.
    ///
    /// # Errors
    /// Another run has it, it cannot be used, or there are inputs that have no place to go on from.
    pub fn open_state(&self) -> Result<Option<Arc<StateDirectory>>, Fatal> {
        super::state::open(self.record.state.as_deref(), &self.sources)
    }

    /// Goes on from where these destinations are.
    pub fn resume(&mut self, state: &Arc<StateDirectory>, destinations: Destinations) {
        self.opener = Some(ResumingOpener::new(Arc::clone(state), destinations));
    }

    /// Runs it, and tells what was done.
    ///
    /// # Errors
    /// What kept it from being begun or told. What fails on the way is told, and is in the exit code.
    pub fn run<'a>(
        self,
        invocation: &Invocation,
        destination: Box<dyn Destination + 'a>,
        layout_of_documents: Layout,
        targets: &[Arc<Target>],
    ) -> Result<ExitCode, Fatal> {
        let Self {
            console,
            mut options,
            record,
            ..
        } = self;
        let interrupted = options.interrupted.clone();
        let waking = targets.to_vec();
        interrupted
            .watch(move || waking.iter().for_each(|target| target.interrupt()))
            .or_exit(ExitCode::Usage)?;
        let rejects = record.open_rejects().or_exit(ExitCode::Output)?;
        let report_file = ReportFile::create(record.report.as_deref()).or_exit(ExitCode::Output)?;

        // The rows of rejects, and what is a duplicate, go by the order of the inputs.
        options.side_by_side =
            destination.takes_several() && rejects.is_none() && self.dedupe.is_none();
        let batches = Arc::new(BatchConverter {
            converter: self.converter,
            layout_of_documents,
            max_line_bytes: options.max_line_bytes,
            keeps_rejects: rejects.is_some(),
            // What is found to be a duplicate is taken out before it is packed.
            compresses: destination.takes_compressed() && self.dedupe.is_none(),
            keeps_details: record.report.is_some(),
            buffers: Buffers::default(),
        });
        let converting = Arc::clone(&batches);
        let sources: Arc<[Source]> = self.sources.into();
        let state = self.opener.as_ref().map(ResumingOpener::directory);
        let mut deliverer = Deliverer::new(&console, destination, rejects, &self.not_found)
            .without_duplicates(self.dedupe)
            .remembering(state.cloned());
        let progress = console.progress();
        progress.start(sources.iter().map(|source| source.size).sum());
        let convert = move |source: &Source, batch| converting.convert(source, batch);
        let piped = pipeline::run(&sources, &options, self.opener, convert, |delivery| {
            progress.set(options.bytes_read.total());
            deliverer.deliver(delivery)
        });
        let mut delivered = deliverer.close();
        if let Err(error) = piped {
            console.error(&format!("{error:#}"));
            delivered.code = delivered.code.max(ExitCode::Input);
        }
        progress.clear();

        let Delivered {
            tally,
            inputs,
            code,
        } = &delivered;
        let no_event = tally.reasons.get(&Reason::NoEvent);
        if no_event == Some(&tally.lines())
            && matches!(batches.converter.wrapper, LineWrapper::None)
        {
            console.note(
                "note: no line is an event; where a log driver has wrapped them, `--unwrap KEY` reads what is at the key",
            );
        }
        let failure = record.fail_on.exit_code(tally, &console);
        let summary = Summary {
            tally,
            noun: self.noun,
            inputs: inputs.counts(sources.len() + self.not_found.len()),
            passed_over: inputs.passed_over(),
            stopped_by: interrupted.signal(),
            bytes: options.bytes_read.total(),
            elapsed: self.started.elapsed(),
        };
        let report = Report {
            command: self.command,
            invocation,
            dry_run: self.dry_run,
            summary: Some(&summary),
            inputs,
            known_events: batches.converter.selection.known(),
            targets,
            exit_code: interrupted.code().unwrap_or((*code).max(failure)),
        };
        console.note(&report.to_string());
        let mut code = report.exit_code;
        if let Err(error) = report_file.write(&report) {
            console.error(&format!("{error:#}"));
            code = code.max(ExitCode::Output);
        }
        Ok(code)
    }
}

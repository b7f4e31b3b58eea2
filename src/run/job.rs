//! The part that `transform` and `send` share: prepare a run, drive it, summarize it.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Result, anyhow};

use self::checks::{check_own_rejects, check_record};
use super::converter::LazyTables;
use super::deliverer::{Deliverer, Rejects};
use super::duplicates::Duplicates;
use super::inputs::{InputSearch, skipped_text};
use super::rejects_input::RejectsInput;
use super::settings::{JobSettings, RecordSettings};
use crate::buffers::Buffers;
use crate::checkpoint::{Destinations, ResumingOpener, StateDirectory};
use crate::cloud::Stores;
use crate::console::Console;
use crate::convert::{BatchConverter, Layout, LineConverter, RootSearch};
use crate::dedupe::{Dedupe, Scope};
use crate::destination::{Destination, RecordCounter};
use crate::exit_code::{ExitCode, Fatal, OrExit};
use crate::input::{BytesRead, NotFound, Source};
use crate::interrupt::Interrupted;
use crate::output::RejectsFile;
use crate::output_names::{OutputNames, check_outputs};
use crate::pipeline::{self, ControlFlow, InputEvent, PipelineOptions};
use crate::progress::Snapshot;
use crate::report::{Invocation, ReportFile, Reread, UnchangedInputs};
use crate::send::{self, Target};

mod checks;
mod drive;
mod summarize;

/// Tells the progress of a run.
type SnapshotFn = dyn Fn() -> Snapshot + Send;

/// A command, with the console and the command line of its run.
pub struct Command<'a> {
    pub name: &'static str,
    pub invocation: &'a Invocation,
    pub console: Arc<Console>,
    /// Whether the command delivers nothing, because `--dry-run` is given.
    pub dry_run: bool,
}

/// The inputs that were found, and the paths that are not read.
struct Unread {
    search: InputSearch,
    listed: Arc<[Source]>,
    /// The inputs that were found and that runs of other shards read.
    in_other_shards: Vec<Source>,
    not_found: Vec<NotFound>,
    /// The number of files in directories that are no inputs because of their names.
    skipped_files: usize,
    /// A text about these files.
    skipped: Option<String>,
    /// Whether no input was found, in any shard.
    found_none: bool,
    /// The inputs that need not be opened, because the state directory has all their lines.
    unchanged: UnchangedInputs,
}

/// A run whose settings are checked and whose inputs are found.
pub struct Job<'a> {
    command: Command<'a>,
    record: RecordSettings,
    options: PipelineOptions,
    started: Instant,
    /// The inputs to open.
    sources: Arc<[Source]>,
    unread: Unread,
    dedupe: Option<Dedupe>,
    opener: Option<ResumingOpener>,
    /// The tables of the converter.
    tables: Arc<LazyTables>,
    /// Whether the run sends records, if there are targets.
    sends: bool,
}

impl<'a> Job<'a> {
    /// Finds the inputs, loads the tables of the converter, and checks everything that can be checked before something
    /// is written.
    ///
    /// `names` holds the names of the output files, if there are any. `directory` is the directory of output files or
    /// dead letters; it is not searched for inputs. `read` holds the files that the command reads and that `settings`
    /// does not name.
    ///
    /// # Errors
    /// Returns an error if the settings contradict each other, or a file that they name cannot be read.
    pub fn prepare(
        command: Command<'a>,
        settings: JobSettings,
        scope: Scope,
        names: Option<&OutputNames>,
        directory: Option<&Path>,
        read: Vec<&Path>,
    ) -> Result<(Self, LineConverter)> {
        let started = Instant::now();
        let JobSettings {
            input,
            conversion,
            dedupe,
            record,
        } = settings;
        check_record(&record, dedupe.is_some(), command.dry_run)?;
        let written = [record.paths(), directory.into_iter().collect()].concat();
        let mut search = input.search(&written, record.rejects.as_deref())?;
        search.finds_shapes_later = record.state.is_some();
        let discovery = search.discover(&command.console)?;
        let skipped = skipped_text(&discovery).filter(|_| !discovery.sources.is_empty());
        if record.state.is_none() {
            note_skipped(skipped.as_deref(), &command.console);
        }
        check_own_rejects(&discovery.sources, command.dry_run)?;
        // The outputs of all shards need different names, since runs of other shards may write to the same directory.
        let of_all_shards = discovery.sources.iter().chain(&discovery.in_other_shards);
        let of_all_shards: Vec<&Source> = of_all_shards.collect();
        let found_none = of_all_shards.is_empty();
        let read = [read, input.files(), conversion.files()].concat();
        check_outputs(names, &record.files(), &of_all_shards, &read)?;
        let (converter, tables) = conversion.without_tables(&input, &command.console)?;
        let tables = LazyTables::new(Some(tables), &command.console);
        if record.state.is_none() {
            let _ = tables.load(&converter);
            tables.result()?;
        }
        let listed: Arc<[Source]> = discovery.sources.into();
        let job = Self {
            command,
            record,
            options: input.pipeline_options(),
            started,
            sources: Arc::clone(&listed),
            unread: Unread {
                search,
                listed,
                in_other_shards: discovery.in_other_shards,
                not_found: discovery.errors,
                skipped_files: discovery.skipped.len(),
                skipped,
                found_none: found_none && !discovery.lacks_rejects,
                unchanged: UnchangedInputs::default(),
            },
            tables: Arc::new(tables),
            dedupe: dedupe.map(|on_collision| Dedupe::new(on_collision, scope)),
            opener: None,
            sends: true,
        };
        Ok((job, converter))
    }

    /// Opens and locks the state directory, if there is one.
    ///
    /// # Errors
    /// Returns an error if another run holds the lock, the directory cannot be used, or an input is not a regular file.
    pub fn open_state(&self) -> Result<Option<Arc<StateDirectory>>, Fatal> {
        let Some(directory) = &self.record.state else {
            return Ok(None);
        };
        if let Some(other) = self.sources.iter().find(|source| !source.is_file()) {
            return Err(anyhow!(
                "`--state` can resume only files, and the input `{}` is not a file: remove `--state` or this input",
                other.name
            ))
            .or_exit(ExitCode::Usage);
        }
        const FORGET_AFTER: u64 = 400;

        let forget_after = self.record.forget_after.unwrap_or(FORGET_AFTER);
        let state = StateDirectory::open(directory, forget_after, !self.command.dry_run)?;
        // The first run has shown the note.
        if !state.knew_inputs {
            note_skipped(self.unread.skipped.as_deref(), &self.command.console);
        }
        Ok(Some(Arc::new(state)))
    }

    /// Returns the flag that tells that the run was interrupted.
    pub fn interrupted(&self) -> Interrupted {
        self.options.interrupted.clone()
    }

    /// Returns the clients of object storage.
    pub fn stores(&self) -> Stores {
        self.unread.search.stores()
    }

    /// Lets the run send nothing, write no file but the report, and fail on no outcome.
    pub fn keep_only_report(&mut self) {
        self.record = RecordSettings {
            output: None,
            rejects: None,
            state: None,
            forget_after: None,
            report: self.record.report.take(),
            fail_on: Vec::new(),
            verbose: self.record.verbose,
        };
        self.dedupe = None;
        self.sends = false;
    }

    /// Lets the run resume each input at the position up to which these destinations have its records. Inputs that need
    /// not be opened become known inputs.
    pub fn resume(&mut self, state: Arc<StateDirectory>, destinations: Destinations) {
        let opener = ResumingOpener::new(state, destinations);
        let known = opener.known_lines(&self.sources);
        let mut unknown = Vec::new();
        for (source, lines) in self.sources.iter().zip(known) {
            match lines {
                None => unknown.push(source.clone()),
                Some(lines) => {
                    self.unread.unchanged.count += 1;
                    self.unread.unchanged.lines += lines;
                }
            }
        }
        self.sources = unknown.into();
        self.opener = Some(opener);
    }

    /// Distinguishes the logs among objects from documents, if this was left to the time when the known inputs are removed.
    ///
    /// # Errors
    /// Returns an error if two documents would have the same output file.
    fn find_shapes(&mut self) -> Result<()> {
        let search = &self.unread.search;
        if !search.finds_shapes_later || !self.sources.iter().any(Source::may_be_document) {
            return Ok(());
        }
        search.find_shapes(Arc::make_mut(&mut self.sources));
        let names = self.opener.as_ref().and_then(ResumingOpener::output_names);
        let documents = self
            .sources
            .iter()
            .filter(|source| source.may_be_document());
        check_outputs(names, &[], &documents.collect::<Vec<_>>(), &[])
    }

    /// Drives the run and summarizes it.
    ///
    /// # Errors
    /// Returns an error if the run could not start. Later failures are reported and set the exit code.
    pub fn run(
        mut self,
        converter: LineConverter,
        mut destination: Box<dyn Destination + '_>,
        layout_of_documents: Layout,
        targets: &[Arc<Target>],
    ) -> Result<ExitCode, Fatal> {
        self.find_shapes().or_exit(ExitCode::Usage)?;
        let interruptible = targets.to_vec();
        self.options
            .interrupted
            .watch(move || interruptible.iter().for_each(|target| target.interrupt()))
            .or_exit(ExitCode::Usage)?;
        // With a state directory, the rejects file keeps the rows of earlier runs, since this run does not read their
        // lines again.
        let keeps_rows = self.record.state.is_some();
        let rejects_input = RejectsInput::of(&self.sources);
        let console = Arc::clone(&self.command.console);
        let open = |path| RejectsFile::open(path, keeps_rows, rejects_input.exists(), &console);
        let rejects = self.record.rejects.as_deref().map(open).transpose()?;
        self.read_rejects_until(rejects.as_ref().and_then(RejectsFile::input_length));
        let report = ReportFile::create(self.record.report.as_deref())?;
        let duplicates = self.dedupe.take().map(Duplicates::new);
        // With a rejects file or deduplication, the inputs are delivered one after another, because rejected lines are
        // written, and duplicates are found, in the order of the inputs.
        self.options.side_by_side =
            destination.takes_several() && rejects.is_none() && duplicates.is_none();
        let batches = Arc::new(BatchConverter {
            converter,
            layout_of_documents,
            max_line_bytes: self.options.max_line_bytes,
            keeps_rejects: rejects.is_some(),
            // Duplicates could not be removed from compressed records.
            compression: destination.compression().filter(|_| duplicates.is_none()),
            keeps_details: self.record.report.is_some(),
            inspects: false,
            buffers: Buffers::default(),
            root_search: RootSearch::default(),
        });
        if let Some(counter) = destination.counter()
            && self.tables.load(&batches.converter).is_ok()
        {
            self.count(&batches, counter).or_exit(ExitCode::Input)?;
        }
        let mut deliverer =
            Deliverer::new(&self.command.console, destination, &self.unread.not_found);
        deliverer.result.inputs.unchanged = self.unread.unchanged;
        deliverer.rejects = Rejects::new(rejects, rejects_input);
        deliverer.duplicates = duplicates;
        deliverer.warnings.reread = self.reread();
        deliverer.warnings.joins_pieces = batches.converter.wrapper.joins_pieces();
        deliverer.warnings.unwraps = batches.converter.wrapper.key().map(str::to_owned);
        deliverer.vanished.may_turn_up = self.has_state();
        let opener = self.opener.as_ref();
        deliverer.state = opener.map(|opener| Arc::clone(opener.directory()));
        let snapshot = self.snapshot(targets);
        let delivered = self.drive(&batches, deliverer, snapshot);
        Ok(self.summarize(&batches.converter, &delivered, report, targets))
    }

    /// Lets the run read the rejects file up to this length, which is the length of the file since it is locked.
    fn read_rejects_until(&mut self, length: Option<u64>) {
        for source in Arc::make_mut(&mut self.sources) {
            if source.is_own_rejects {
                source.size = length.or(source.size);
            }
        }
    }

    /// Returns the function that tells the progress of the run: what is sent, or if nothing is, what is read.
    fn snapshot(&self, targets: &[Arc<Target>]) -> Box<SnapshotFn> {
        if targets.is_empty() || !self.sends {
            return bytes_of(&self.options.bytes_read);
        }
        let targets = targets.to_vec();
        let bytes_read = self.options.bytes_read.clone();
        Box::new(move || Snapshot {
            unpacked: Some(bytes_read.unpacked()),
            ..send::snapshot(&targets)
        })
    }

    /// Converts all inputs to count their records, unless an input can be read only once. Errors of inputs are left to
    /// the delivery.
    fn count(&self, batches: &Arc<BatchConverter>, counter: &mut dyn RecordCounter) -> Result<()> {
        if let Some(other) = self.sources.iter().find(|source| !source.is_file()) {
            self.command.console.note(&format!(
                "note: the input `{}` can be read only once, so the number of requests is not known before",
                other.name
            ));
            return Ok(());
        }
        let options = PipelineOptions {
            bytes_read: BytesRead::default(),
            ..self.options.clone()
        };
        let progress = self.command.console.progress();
        progress.set_inputs(self.sources.len());
        progress.start(self.size(), bytes_of(&options.bytes_read));
        let converting = Arc::clone(batches);
        let convert = move |source: &Source, batch| converting.convert(source, batch);
        let opener = None::<ResumingOpener>;
        pipeline::run(&self.sources, &options, opener, convert, |delivery| {
            if let InputEvent::Batch(batch) = delivery.event {
                counter.count(&batch);
            }
            ControlFlow::Continue
        })?;
        progress.clear();
        counter.print();
        Ok(())
    }

    /// Returns how the lines of the run are read again.
    fn reread(&self) -> Reread {
        let opener = self.opener.as_ref();
        Reread {
            has_state: self.has_state(),
            is_resumed: opener.is_some_and(|opener| opener.directory().knew_inputs),
            sends: self.command.name == "send",
            rejects: self.record.rejects.as_deref().map(Reread::rejects_word),
        }
    }

    /// Returns whether a state directory records the lines of the run, so that a later run does not read them again.
    fn has_state(&self) -> bool {
        self.record.state.is_some() && !self.command.dry_run
    }

    /// Returns the size of all inputs, if it is known.
    fn size(&self) -> Option<u64> {
        self.sources.iter().map(|source| source.size).sum()
    }
}

/// Shows a note about files that are skipped because of their names, if there are any.
fn note_skipped(skipped: Option<&str>, console: &Console) {
    if let Some(skipped) = skipped {
        console.note(&format!("note: {skipped}"));
    }
}

/// Returns the function that tells how much was read.
fn bytes_of(bytes_read: &BytesRead) -> Box<SnapshotFn> {
    let bytes_read = bytes_read.clone();
    Box::new(move || Snapshot {
        bytes: bytes_read.total(),
        unpacked: Some(bytes_read.unpacked()),
        ..Snapshot::default()
    })
}

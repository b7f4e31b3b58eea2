//! `event-router inspect`: the contents of logs, by count, and the command that converts them.

use std::io::{self, ErrorKind, Write};
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;

use anyhow::{Context, Result};

use self::command::TransformCommand;
use self::counting::Counting;
use super::check_stdout::check_stdout;
use super::deliverer::{Delivered, Deliverer};
use super::inputs::skipped_text;
use super::settings::{ConversionSettings, InputSettings};
use crate::buffers::Buffers;
use crate::checkpoint::ResumingOpener;
use crate::console::Console;
use crate::contents::Contents;
use crate::convert::{BatchConverter, ConvertedBatch, Layout, LineConverter, RootSearch};
use crate::exit_code::{ExitCode, Fatal, OrExit};
use crate::files::{ANY_FILE, OWNER_ONLY};
use crate::input::{LineBatch, NotFound, Source};
use crate::lms::Unknown;
use crate::pipeline::{self, PipelineOptions};
use crate::progress::Snapshot;
use crate::report::{Archive, Inspection, PageFile, inspection_page, inspection_text};
use crate::tracking::LineWrapper;

mod command;
mod counting;

/// The settings of an inspection.
pub struct InspectSettings {
    pub input: InputSettings,
    /// The conversion of the command that is recommended. Its root URL is empty if it is not known.
    pub conversion: ConversionSettings,
    /// The form of the output on standard output.
    pub shown: Shown,
    /// The file for the page, if the user wants one.
    pub html: Option<PathBuf>,
}

/// The forms of an inspection.
#[derive(Clone, Copy)]
pub enum Shown {
    Text,
    Json,
    Page,
}

/// Runs the command.
///
/// # Errors
/// Returns an error if the run could not start, or standard output cannot be written.
pub fn inspect(settings: InspectSettings, console: &Console) -> Result<ExitCode, Fatal> {
    let InspectSettings {
        mut input,
        mut conversion,
        shown,
        html,
    } = settings;
    let mut command = TransformCommand::new(&input, &conversion);
    if conversion.lms.root_url.is_empty() {
        // The counts do not depend on the URL.
        command::PLACEHOLDER.clone_into(&mut conversion.lms.root_url);
    }
    if matches!(input.line_wrapper, LineWrapper::None) {
        input.line_wrapper = LineWrapper::Auto;
    }
    let search = input.search(&[], None).or_exit(ExitCode::Usage)?;
    let discovery = search.discover(console).or_exit(ExitCode::Usage)?;
    if let Some(skipped) = skipped_text(&discovery).filter(|_| !discovery.sources.is_empty()) {
        console.note(&format!("note: {skipped}"));
    }
    check_stdout(&discovery.sources, None).or_exit(ExitCode::Usage)?;
    let of_all_shards = discovery.sources.iter().chain(&discovery.in_other_shards);
    command.choose_output(&of_all_shards.collect::<Vec<_>>(), &conversion);
    let converter = converter_of(conversion, &input, console)?;
    let (has_users, has_courses) = converter.lms.get().map_or((false, false), |lms| {
        (lms.users.is_some(), lms.courses.is_some())
    });
    let options = input.pipeline_options();
    options.interrupted.watch(|| {}).or_exit(ExitCode::Usage)?;
    // With a table of users, the page names users.
    let mode = if has_users { OWNER_ONLY } else { ANY_FILE };
    let page_file = PageFile::create(html.as_deref(), mode)?;
    let sources: Arc<[Source]> = discovery.sources.into();
    let not_found = &discovery.errors;
    let (contents, delivered) = count(&sources, not_found, converter, &options, console)?;
    if let Some(signal) = options.interrupted.signal() {
        let no_page = html.as_ref().map_or("", |_| ", and no page is written");
        console.alert(&format!(
            "{signal} ended the inspection early, so it shows only the lines that were read{no_page}"
        ));
    }
    let all = sources.len() + not_found.len();
    let archive = Archive {
        inputs: all as u64,
        failed: delivered.inputs.counts(all).failed as u64,
        stored_bytes: options.bytes_read.total(),
        unpacked_bytes: options.bytes_read.unpacked(),
        tally: &delivered.tally,
        contents: &contents,
        has_users,
        has_courses,
    };
    command.is_wrapped = contents.form.unwrapped > 0;
    let inspection = archive.inspection(command.recommended(&archive));
    // A page of some lines must not replace a page of all lines.
    let page_written = match options.interrupted.signal() {
        Some(_) => Ok(()),
        None => page_file.write(&inspection),
    };
    write(&inspection, shown).or_exit(ExitCode::Output)?;
    page_written.or_exit(ExitCode::Output)?;
    if let Some(page) = html.filter(|_| options.interrupted.signal().is_none()) {
        console.note(&format!("the page was written to `{}`", page.display()));
    }
    Ok(options.interrupted.code().unwrap_or(delivered.code))
}

/// Returns a converter that derives ids and names of users and courses that the tables lack. So events are converted as
/// without tables, which shows the repairs that they need.
fn converter_of(
    conversion: ConversionSettings,
    input: &InputSettings,
    console: &Console,
) -> Result<LineConverter, Fatal> {
    let mut converter = conversion.load(input, console).or_exit(ExitCode::Usage)?;
    if let Some(lms) = converter.lms.get_mut() {
        lms.derivation.computes_ids = false;
        lms.unknown_user = Unknown::Derive;
        lms.unknown_course = Unknown::Derive;
        lms.missing_external_id = Unknown::Derive;
    }
    Ok(converter)
}

/// Reads the inputs and counts their contents.
fn count(
    sources: &Arc<[Source]>,
    not_found: &[NotFound],
    converter: LineConverter,
    options: &PipelineOptions,
    console: &Console,
) -> Result<(Contents, Delivered), Fatal> {
    let sum = Rc::default();
    let counting = Counting::new(Rc::clone(&sum));
    let mut deliverer = Deliverer::new(console, Box::new(counting), not_found);
    deliverer.warnings.joins_pieces = converter.wrapper.joins_pieces();
    deliverer.warnings.unwraps = converter.wrapper.key().map(str::to_owned);
    let batches = BatchConverter {
        converter,
        layout_of_documents: Layout::Lines,
        max_line_bytes: options.max_line_bytes,
        keeps_rejects: false,
        compression: None,
        keeps_details: false,
        inspects: true,
        buffers: Buffers::default(),
        root_search: RootSearch::default(),
    };
    let convert = move |source: &Source, batch: LineBatch| count_batch(&batches, source, batch);
    let progress = console.progress();
    let bytes_read = options.bytes_read.clone();
    progress.set_inputs(sources.len());
    progress.start(sources.iter().map(|source| source.size).sum(), move || {
        Snapshot {
            bytes: bytes_read.total(),
            unpacked: Some(bytes_read.unpacked()),
            ..Snapshot::default()
        }
    });
    let opener = None::<ResumingOpener>;
    let run = pipeline::run(sources, options, opener, convert, |delivery| {
        deliverer.deliver(delivery)
    });
    let delivered = deliverer.close();
    progress.clear();
    run.or_exit(ExitCode::Usage)?;
    Ok((sum.take(), delivered))
}

/// Counts the contents of a batch. Returns the remaining lines as a new batch if the records of the lines are large.
fn count_batch(
    batches: &BatchConverter,
    source: &Source,
    batch: LineBatch,
) -> (ConvertedBatch, Option<LineBatch>) {
    let (converted, rest) = batches.convert(source, batch);
    // The records have shown which events are rejected, and nothing more is needed of them.
    let batch = ConvertedBatch {
        bytes: crate::buffers::Buffer::default(),
        records: Vec::new(),
        ..converted
    };
    (batch, rest)
}

/// Writes an inspection to standard output. Nothing is wrong if the program that reads standard output has closed it.
fn write(inspection: &Inspection, shown: Shown) -> Result<()> {
    let text = match shown {
        Shown::Text => inspection_text(inspection),
        Shown::Json => serde_json::to_string(inspection)? + "\n",
        Shown::Page => inspection_page(inspection),
    };
    let mut stdout = io::stdout().lock();
    match stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush())
    {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(error).context("failed to write to standard output")
        }
        _ => Ok(()),
    }
}

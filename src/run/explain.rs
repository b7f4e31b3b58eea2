//! `event-router explain`: the outcome of each line, and the reason for it.
//!
//! | file | contents |
//! |---|---|
//! | `named_line` | arguments that name one line, such as `tracking.log:22` |
//! | `detail` | one line in detail: its event, its results, and the origin of each field |
//! | `origins` | finds the origins of the fields of a result |
//! | `experiment_settings` | the settings with which origins are found |
//! | `fields` | the fields of a JSON value, and values with one field changed |
//! | `view` | the layout of two columns |
//! | `advice` | what to do about each reason |
//! | `chosen` | the lines that are shown |
//! | `counts` | the lines that were read, by outcome and reason |
//! | `explanation` | the explanation of a line, as text and as JSON |

mod advice;
mod chosen;
mod counts;
mod detail;
mod experiment_settings;
mod explanation;
mod fields;
mod named_line;
mod origins;
mod view;

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::anyhow;
use bumpalo::Bump;

pub use self::chosen::{Chosen, OUTCOMES};
use self::counts::{Counts, Explained};
use self::detail::Details;
use self::explanation::Explanation;
use self::named_line::{NamedLine, error_of};
use super::check_stdout::check_stdout;
use super::deliverer::Deliverer;
use super::event_notes::note_derived_ids;
use super::inputs::skipped_text;
use super::settings::{ConversionSettings, InputSettings};
use crate::checkpoint::ResumingOpener;
use crate::console::Console;
use crate::convert::{ConvertedBatch, ConvertedLine, Layout, LineConverter};
use crate::destination::{Destination, WriteStatus};
use crate::exit_code::{ExitCode, Fatal, OrExit};
use crate::input::{BytesRead, Line, LineBatch, Source};
use crate::output::Stdout;
use crate::pipeline::{self, ControlFlow, Delivery};
use crate::progress::Snapshot;
use crate::style::Palette;

/// The settings of the command, apart from those of the inputs and the conversion.
pub struct ExplainSettings {
    /// Whether a JSON object is written for each line.
    pub json: bool,
    pub chosen: Chosen,
}

/// Runs the command.
///
/// # Errors
/// Returns an error if the run could not start.
pub fn explain(
    input: &InputSettings,
    conversion: ConversionSettings,
    settings: ExplainSettings,
    console: &Console,
) -> Result<ExitCode, Fatal> {
    let is_line = |path: &PathBuf| NamedLine::of_argument(path).ok_or_else(|| path.clone());
    let arguments = input.paths.iter().map(is_line);
    let (lines, paths): (Vec<_>, Vec<_>) = arguments.partition(Result::is_ok);
    let lines: Vec<NamedLine> = lines.into_iter().flatten().collect();
    if let Some(error) = paths.iter().find_map(|path| error_of(path.as_ref().err()?)) {
        return Err(anyhow!(error)).or_exit(ExitCode::Usage);
    }
    if lines.is_empty() {
        let converter = conversion.load(input, console).or_exit(ExitCode::Usage)?;
        return explain_all(input, converter, settings, console);
    }
    if !settings.chosen.is_default() {
        let message = format!(
            "`{}` names a line, which is shown in any case: leave out `--only`, `--reason` and `--limit`, which choose lines of whole inputs",
            lines[0]
        );
        return Err(anyhow!(message)).or_exit(ExitCode::Usage);
    }
    let mut converter = conversion.load(input, console).or_exit(ExitCode::Usage)?;
    let code = explain_lines(&lines, input, &mut converter, settings.json, console)?;
    if paths.is_empty() && input.files_from.is_none() {
        return Ok(code);
    }
    let input = InputSettings {
        paths: paths.into_iter().filter_map(Result::err).collect(),
        ..input.clone()
    };
    let other = explain_all(&input, converter, settings, console)?;
    Ok(code.max(other))
}

/// Explains single lines in detail.
fn explain_lines(
    lines: &[NamedLine],
    input: &InputSettings,
    converter: &mut LineConverter,
    json: bool,
    console: &Console,
) -> Result<ExitCode, Fatal> {
    let mut code = ExitCode::Success;
    let mut details = Details {
        input,
        converter,
        json,
        console,
    };
    for line in lines {
        let mut batch = ConvertedBatch::default();
        code = code.max(details.explain(line, &mut batch.bytes));
        let written = Stdout::default().write(0, &batch);
        if written.or_exit(ExitCode::Output)? == WriteStatus::Closed {
            break;
        }
    }
    if let Some(lms) = converter.lms.get() {
        note_derived_ids(lms, false, console);
    }
    Ok(code)
}

/// Explains all lines of the inputs.
fn explain_all(
    input: &InputSettings,
    converter: LineConverter,
    settings: ExplainSettings,
    console: &Console,
) -> Result<ExitCode, Fatal> {
    let search = input.search(&[], None).or_exit(ExitCode::Usage)?;
    let discovery = search.discover(console).or_exit(ExitCode::Usage)?;
    if let Some(skipped) = skipped_text(&discovery).filter(|_| !discovery.sources.is_empty()) {
        console.note(&format!("note: {skipped}"));
    }
    check_stdout(&discovery.sources, None).or_exit(ExitCode::Usage)?;
    let converter = Arc::new(converter);
    let options = input.pipeline_options();
    options.interrupted.watch(|| ()).or_exit(ExitCode::Usage)?;
    let mut deliverer = Deliverer::new(console, Box::new(Stdout::default()), &discovery.errors);
    let mut counts = Counts::new(settings.chosen.limit, converter.format.format());
    let explainer = Explainer {
        converter: Arc::clone(&converter),
        settings,
        palette: Palette::stdout(),
        max_line_bytes: options.max_line_bytes,
    };
    let convert = move |source: &Source, batch| (explainer.explain(source, &batch), None);
    let sources: Arc<[Source]> = discovery.sources.into();
    let progress = console.progress();
    progress.set_inputs(sources.len());
    progress.start(bytes_of(&sources), snapshots(&options.bytes_read));
    let opener = None::<ResumingOpener>;
    let ran = pipeline::run(&sources, &options, opener, convert, |delivery| {
        let flow = deliverer.deliver(Delivery {
            input: delivery.input,
            source: delivery.source,
            event: delivery.event.map(|explained| counts.add(explained)),
        });
        match counts.has_all() {
            true => ControlFlow::Stop,
            false => flow,
        }
    });
    progress.clear();
    ran.or_exit(ExitCode::Usage)?;
    let code = deliverer.close().code;
    if let Some(lms) = converter.lms.get() {
        note_derived_ids(lms, false, console);
    }
    if let Some(signal) = options.interrupted.signal() {
        console.alert(&format!(
            "{signal} ended the run early, so only the lines that were read are shown and counted"
        ));
    }
    counts.show(console);
    Ok(options.interrupted.code().unwrap_or(code))
}

/// Returns the size of all inputs, if it is known.
fn bytes_of(sources: &[Source]) -> Option<u64> {
    sources.iter().map(|source| source.size).sum()
}

/// Returns the function that gives the progress bar its figures.
fn snapshots(bytes_read: &BytesRead) -> impl Fn() -> Snapshot + Send + 'static {
    let bytes_read = bytes_read.clone();
    move || Snapshot {
        bytes: bytes_read.total(),
        unpacked: Some(bytes_read.unpacked()),
        ..Snapshot::default()
    }
}

/// Explains the lines of batches.
struct Explainer {
    converter: Arc<LineConverter>,
    settings: ExplainSettings,
    palette: Palette,
    max_line_bytes: usize,
}

impl Explainer {
    fn explain(&self, source: &Source, batch: &LineBatch) -> Explained {
        let mut explained = Explained::default();
        let mut scratch = Scratch::default();
        for line in batch.lines(source.shape, self.max_line_bytes) {
            each_record(
                &self.converter,
                line,
                &mut scratch,
                |line, conversion, out| {
                    self.explain_record(&source.name, line, conversion, out, &mut explained);
                },
            );
        }
        explained
    }

    /// Adds a record. `out` has the records that it is converted to.
    fn explain_record(
        &self,
        file: &str,
        line: Line<'_>,
        conversion: &ConvertedLine<'_>,
        out: &[u8],
        explained: &mut Explained,
    ) {
        let is_shown = self.settings.chosen.takes(&conversion.outcome);
        if is_shown {
            let explanation = Explanation {
                file,
                line,
                conversion,
                out,
            };
            let (json, converter) = (self.settings.json, &self.converter);
            explanation.write(json, converter, &self.palette, &mut explained.text);
        }
        explained.end_record(conversion, is_shown);
    }
}

/// The memory for the conversion of a line, which is used again for the next line.
#[derive(Default)]
struct Scratch {
    arena: Bump,
    converted: ConvertedBatch,
}

/// Calls `explain` with each record of a line that is not blank: the record, its conversion, and the records that it is
/// converted to, one a line.
fn each_record(
    converter: &LineConverter,
    line: Line<'_>,
    scratch: &mut Scratch,
    mut explain: impl FnMut(Line<'_>, &ConvertedLine<'_>, &[u8]),
) {
    scratch.arena.reset();
    let Scratch { arena, converted } = scratch;
    converted.bytes.clear();
    converted.records.clear();
    let layout = Layout::Lines;
    let Some(conversion) = converter.convert(line, layout, arena, converted) else {
        return;
    };
    let records = converter.records_of(line, &conversion, arena);
    if records.is_empty() {
        explain(line, &conversion, &converted.bytes);
    }
    for record in &records {
        let arena = Bump::new();
        let mut converted = ConvertedBatch::default();
        let conversion = converter.convert_record(record, layout, &arena, &mut converted);
        if let Some(conversion) = conversion {
            explain(record.line, &conversion, &converted.bytes);
        }
    }
}

//! The delivering side of a run: writes converted batches to the destination, and decides whether a failure ends one
//! input or the run.
//!
//! If an input or its output file fails, the run continues with the other inputs. The exit code of the run is the code
//! of its worst failure.

mod completed;
mod ends;
mod rejects;
mod vanished;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use rejects::Rejects;
pub use vanished::MoreInputs;
use vanished::Vanished;

use super::duplicates::Duplicates;
use super::error_lines::ErrorLines;
use super::input_warnings::InputWarnings;
use super::open_input::OpenInput;
use super::ordered_sum::OrderedSum;
use crate::checkpoint::{Resumed, StateDirectory};
use crate::console::Console;
use crate::convert::ConvertedBatch;
use crate::destination::{Destination, WriteStatus};
use crate::exit_code::ExitCode;
use crate::input::{NotFound, Source};
use crate::outcome::Tally;
use crate::output::RejectsFile;
use crate::pipeline::{ControlFlow, Delivery, InputEvent};
use crate::report::{InputReports, ReadTo};

/// Delivers the converted batches of a run to one destination.
pub struct Deliverer<'c> {
    console: &'c Console,
    destination: Box<dyn Destination + 'c>,
    pub rejects: Rejects,
    /// The deduplication, if duplicates are dropped.
    pub duplicates: Option<Duplicates>,
    /// The inputs that have started and not ended, by their numbers.
    open: BTreeMap<usize, OpenInput>,
    /// The inputs that have ended, and whose outputs are completed in the background.
    completing: BTreeMap<usize, (OpenInput, ReadTo)>,
    pub warnings: InputWarnings,
    errors: ErrorLines,
    pub vanished: Vanished,
    /// The state directory. If it cannot be written to, the run stops.
    pub state: Option<Arc<StateDirectory>>,
    /// The counts of the inputs that have ended.
    tally: OrderedSum<Tally>,
    /// The result of the inputs that have ended, without their counts.
    pub result: Delivered,
}

/// The result of a run.
#[derive(Default)]
pub struct Delivered {
    /// The counts of the delivered lines of all inputs.
    pub tally: Tally,
    /// The inputs that the run reached, and the inputs that were not found.
    pub inputs: InputReports,
    /// The word and the name for the output.
    pub written: String,
    /// The number of differences that `--check` found.
    pub differences: Option<u64>,
    /// The number of inputs that were found during the run.
    pub more_inputs: usize,
    /// The number of rejects files that were replaced: 0 or 1.
    pub replaced_rejects: usize,
    pub code: ExitCode,
}

impl<'c> Deliverer<'c> {
    /// Returns a deliverer that writes to the destination. Its result includes the inputs that were not found.
    pub fn new(
        console: &'c Console,
        destination: Box<dyn Destination + 'c>,
        not_found: &[NotFound],
    ) -> Self {
        let code = if not_found.is_empty() {
            ExitCode::Success
        } else {
            ExitCode::Input
        };
        let written = destination.written();
        Self {
            console,
            destination,
            rejects: Rejects::default(),
            duplicates: None,
            open: BTreeMap::new(),
            completing: BTreeMap::new(),
            warnings: InputWarnings::default(),
            errors: ErrorLines::default(),
            vanished: Vanished::default(),
            state: None,
            tally: OrderedSum::new(Tally::add),
            result: Delivered {
                inputs: InputReports::new(not_found),
                written,
                code,
                ..Delivered::default()
            },
        }
    }

    /// Handles the start of an input, a converted batch, or the end of an input.
    pub fn deliver(
        &mut self,
        delivery: Delivery<'_, Option<Resumed>, ConvertedBatch>,
    ) -> ControlFlow {
        self.end_completed(false);
        if self.must_stop() {
            return ControlFlow::Stop;
        }
        let Delivery {
            input,
            source,
            event,
        } = delivery;
        let flow = match event {
            InputEvent::Unopened(error) => {
                self.fail_or_await(input, source, error);
                ControlFlow::Continue
            }
            InputEvent::HeldBack(reason) => {
                let mut open = OpenInput::start(source);
                self.hold_back(source, &mut open, reason);
                self.end(input, open, Some(ReadTo::default()), None);
                ControlFlow::Continue
            }
            InputEvent::Start(resumed) => self.start(input, source, resumed.flatten().as_ref()),
            InputEvent::Batch(batch) => self.deliver_batch(input, source, batch),
            InputEvent::End(end, bytes) => self.finish(input, source, end, bytes),
        };
        if self.must_stop() {
            ControlFlow::Stop
        } else {
            flow
        }
    }

    fn must_stop(&self) -> bool {
        let state = self.state.as_ref();
        self.rejects.must_stop || state.is_some_and(|state| state.has_failed())
    }

    fn start(&mut self, input: usize, source: &Source, resumed: Option<&Resumed>) -> ControlFlow {
        self.console.progress().start_input(&source.name);
        let mut open = OpenInput::start(source);
        if let Some(resumed) = resumed {
            self.vanished.note_opened(source, resumed.input);
            open.same_lines = resumed.same_lines.clone();
            let same = open.same_lines.as_ref().map_or(0, |same| same.lines);
            open.skipped_lines = resumed.start().line - same;
            if let Some(known) = &resumed.shorter_than {
                let note = format!(
                    "`{}` ends earlier than the earlier input `{known}`, which begins with the same lines; lines after line {} may be delivered a second time",
                    source.name,
                    resumed.start().line
                );
                self.console.note(&format!("note: {note}"));
                open.warnings.push(note);
            }
        }
        self.open.insert(input, open);
        self.with_rejects(RejectsFile::mark);
        if let Some(duplicates) = &mut self.duplicates {
            duplicates.dedupe.start_input(&source.name);
        }
        let started = self.destination.start(input, source, resumed);
        self.flow_after(input, started.map(|()| WriteStatus::Written))
    }

    fn deliver_batch(
        &mut self,
        input: usize,
        source: &Source,
        mut batch: ConvertedBatch,
    ) -> ControlFlow {
        let open = self.open.get(&input);
        if open.is_some_and(|open| open.output_failed || open.suspects.foreign.is_some()) {
            return ControlFlow::EndInput;
        }
        self.fail_if_line_is_lost(input, source, &batch);
        if let Some(duplicates) = &mut self.duplicates {
            duplicates.drop_from(&mut batch, self.rejects.file.is_some(), self.console);
        }
        // Rejected lines are written before the records. If the run is killed between the two, the next run reads the
        // batch again. The other way round, the rejected lines would be lost: with a state directory, the next run does
        // not read delivered lines again.
        if let Err(error) = self.write_rejects(&batch.rejects, source) {
            self.rejects.must_stop = true;
            return self.flow_after(input, Err(error));
        }
        let is_last = batch.suspects.foreign.is_some();
        let written = self.destination.write(input, &batch);
        if written.is_ok()
            && let Some(open) = self.open.get_mut(&input)
        {
            let tally = &batch.tally;
            let progress = self.console.progress();
            progress.count(tally.lines(), tally.emitted, tally.rejected);
            open.tally.add(tally);
            open.suspects.add(std::mem::take(&mut batch.suspects));
        }
        match self.flow_after(input, written) {
            ControlFlow::Continue if is_last => ControlFlow::EndInput,
            flow => flow,
        }
    }

    /// Ends the run.
    pub fn close(mut self) -> Delivered {
        while let Some((&input, _)) = self.open.first_key_value() {
            self.abort(input);
        }
        self.end_completed(true);
        if let Some(duplicates) = self.duplicates.take() {
            duplicates.close(self.console);
        }
        self.warnings.close(self.console);
        self.errors.close(self.console);
        let closed = self.destination.close();
        let mut result = self.result;
        result.code = result.code.max(closed.code);
        result.differences = closed.differences;
        if closed.is_discarded {
            result.inputs.forget_lines();
        } else {
            result.tally = self.tally.total();
        }
        for input in closed.stopped {
            self.rejects.input.note_stopped(input);
            result.inputs.stop(input);
        }
        // Lines leave the rejects file only after they are delivered.
        let (replaced, code) = self.rejects.finish(self.console);
        result.replaced_rejects = replaced;
        result.code = result.code.max(code);
        if let Some(Err(error)) = self.state.map(|state| state.sync()) {
            self.console.error(&format!("{error:#}"));
            result.code = result.code.max(ExitCode::Output);
        }
        result.inputs.find_copies();
        result
    }

    /// Returns how the run proceeds after a write to the destination.
    fn flow_after(&mut self, input: usize, written: anyhow::Result<WriteStatus>) -> ControlFlow {
        match written {
            Ok(WriteStatus::Written) => ControlFlow::Continue,
            Ok(WriteStatus::Closed) => ControlFlow::Stop,
            Err(error) => {
                self.report_output_error(&error);
                if let Some(open) = self.open.get_mut(&input) {
                    open.errors.push(format!("{error:#}"));
                    open.output_failed = true;
                }
                if self.destination.is_shared() {
                    ControlFlow::Stop
                } else {
                    ControlFlow::EndInput
                }
            }
        }
    }

    fn input_failed(&mut self, open: &mut OpenInput, message: String) {
        self.errors.show(&message, self.console);
        open.errors.push(message);
        self.result.code = self.result.code.max(ExitCode::Input);
    }

    fn report_output_error(&mut self, error: &anyhow::Error) {
        self.errors.show(&format!("{error:#}"), self.console);
        self.result.code = self.result.code.max(ExitCode::Output);
    }
}

//! The delivering side of a run: writes converted batches to the destination, and decides whether a failure ends one
//! input or the run.
//!
//! If an input or its output file fails, the run continues with the other inputs. The exit code of the run is the code
//! of its worst failure.

mod rejects;

use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::sync::Arc;

use rejects::finish_rejects;

use super::duplicates::Duplicates;
use super::input_warnings::{InputWarnings, ReadInput};
use super::open_input::OpenInput;
use super::retries::Retries;
use crate::checkpoint::{Resumed, StateDirectory};
use crate::console::Console;
use crate::convert::ConvertedBatch;
use crate::destination::{Destination, WriteStatus, WrittenFile};
use crate::exit_code::ExitCode;
use crate::input::{HeldBack, NotFound, ReadEnd, Source, not_opened};
use crate::outcome::Tally;
use crate::output::RejectsFile;
use crate::pipeline::{ControlFlow, Delivery, InputEvent};
use crate::report::{InputReports, ReadTo};

mod vanished;

/// Delivers the converted batches of a run to one destination.
pub struct Deliverer<'c> {
    console: &'c Console,
    destination: Box<dyn Destination + 'c>,
    /// The file of rejected lines.
    pub rejects: Option<RejectsFile>,
    /// The delivery of the rejects file, if it is an input.
    pub retries: Retries,
    /// The deduplication, if duplicates are dropped.
    pub duplicates: Option<Duplicates>,
    /// The counts of the delivered lines of all inputs.
    tally: Tally,
    /// The inputs that have started and not ended, by their numbers.
    open: BTreeMap<usize, OpenInput>,
    pub inputs: InputReports,
    pub warnings: InputWarnings,
    code: ExitCode,
    /// Whether inputs that vanished may turn up under other names, so that they are no failures yet.
    pub awaits_moved: bool,
    /// The inputs that vanished between their listing and their opening: their numbers, the inputs, and the errors.
    vanished: Vec<(usize, Source, io::Error)>,
    /// The state directory. If it cannot be written to, the run stops.
    pub state: Option<Arc<StateDirectory>>,
    /// Whether the run must stop because rows could not be written to the rejects file. With a state directory, the
    /// next run does not read these lines again, so their rows would be missing forever.
    must_stop: bool,
}

/// The result of a run.
pub struct Delivered {
    pub tally: Tally,
    /// The inputs that the run reached, and the inputs that were not found.
    pub inputs: InputReports,
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
        Self {
            console,
            destination,
            rejects: None,
            retries: Retries::default(),
            duplicates: None,
            tally: Tally::default(),
            open: BTreeMap::new(),
            inputs: InputReports::new(not_found),
            warnings: InputWarnings::default(),
            code,
            awaits_moved: false,
            vanished: Vec::new(),
            state: None,
            must_stop: false,
        }
    }

    /// Handles the start of an input, a converted batch, or the end of an input.
    pub fn deliver(
        &mut self,
        delivery: Delivery<'_, Option<Resumed>, ConvertedBatch>,
    ) -> ControlFlow {
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
                if self.awaits_moved && error.kind() == ErrorKind::NotFound {
                    self.vanished.push((input, source.clone(), error));
                } else {
                    self.fail_to_open(input, source, &error);
                }
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
        self.must_stop || state.is_some_and(|state| state.has_failed())
    }

    fn start(&mut self, input: usize, source: &Source, resumed: Option<&Resumed>) -> ControlFlow {
        let mut open = OpenInput::start(source);
        if let Some(resumed) = resumed {
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
        self.check_kept(input, source, &batch);
        if let Some(duplicates) = &mut self.duplicates {
            duplicates.drop_from(&mut batch, self.rejects.is_some(), self.console);
        }
        // Rejected lines are written before the records. If the run is killed between the two, the next run reads the
        // batch again. The other way round, the rejected lines would be lost: with a state directory, the next run does
        // not read delivered lines again.
        if let Err(error) = self.write_rejects(&batch.rejects, source) {
            self.must_stop = true;
            return self.flow_after(input, Err(error));
        }
        let is_last = batch.suspects.foreign.is_some();
        let written = self.destination.write(input, &batch);
        if written.is_ok()
            && let Some(open) = self.open.get_mut(&input)
        {
            open.tally.add(&batch.tally);
            open.suspects.add(std::mem::take(&mut batch.suspects));
        }
        match self.flow_after(input, written) {
            ControlFlow::Continue if is_last => ControlFlow::EndInput,
            flow => flow,
        }
    }

    /// Completes the output of an input after the last line that could be read.
    fn finish(&mut self, input: usize, source: &Source, end: ReadEnd, bytes: u64) -> ControlFlow {
        let ReadEnd {
            result,
            held_back,
            rest,
            is_gzip,
        } = end;
        let mut flow = ControlFlow::Continue;
        if !self.output_failed(input) {
            let finished = self.destination.finish(input);
            flow = self.flow_after(input, finished);
        }
        let Some(mut open) = self.open.remove(&input) else {
            return flow;
        };
        if let Some(error) = open.error(source, &result, is_gzip) {
            let message = format!("failed to read `{}` to its end: {error}", source.name);
            self.input_failed(&mut open, message);
        }
        let is_foreign = open.suspects.foreign.is_some();
        let held_back = if is_foreign { 0 } else { held_back };
        if let Some(reason) = rest.filter(|_| !is_foreign) {
            self.hold_back(source, &mut open, reason);
        }
        let delivered = !open.output_failed;
        if !delivered {
            self.forget_lines(&mut open);
            if let Some(duplicates) = &mut self.duplicates {
                duplicates.dedupe.input_failed();
            }
        }
        if open.errors.is_empty() && open.held_back.is_none() {
            let read = ReadInput {
                source,
                suspects: &open.suspects,
                tally: &open.tally,
                reread: &self.warnings.reread,
                is_gzip,
                is_whole: open.skipped_lines == 0 && open.same_lines.is_none(),
                unwraps: self.warnings.unwraps.as_deref(),
            };
            let warnings = read.warnings();
            self.warnings.show(&warnings, self.console);
            open.warnings.extend(warnings);
        }
        if source.is_retried && open.errors.is_empty() {
            self.retries.ended(input);
        }
        let output = self.destination.last_file().filter(|_| delivered);
        self.end(input, open, Some(ReadTo { bytes, held_back }), output);
        if held_back > 0 {
            self.console.note(&format!(
                "note: the last line of `{}` is not complete (it has no newline), so the next run will read it",
                source.name
            ));
        }
        flow
    }

    /// Ends an input before its end, because the run was interrupted or the destination is closed.
    fn abort(&mut self, input: usize) {
        let counts = if self.output_failed(input) {
            // The output has failed. An output file is discarded, so its lines do not count. An output that all inputs
            // share keeps the lines that were written to it.
            self.destination.is_shared()
        } else {
            let aborted = self.destination.abort(input);
            let counts = *aborted.as_ref().unwrap_or(&false);
            self.flow_after(input, aborted.map(|_| WriteStatus::Written));
            counts
        };
        let Some(mut open) = self.open.remove(&input) else {
            return;
        };
        if !counts {
            self.forget_lines(&mut open);
        }
        let output = self.destination.last_file().filter(|_| counts);
        self.end(input, open, None, output);
    }

    /// Discards the counts and the rejects of an input whose output is discarded.
    fn forget_lines(&mut self, open: &mut OpenInput) {
        open.tally = Tally::default();
        self.with_rejects(RejectsFile::back_to_mark);
    }

    fn end(
        &mut self,
        input: usize,
        mut open: OpenInput,
        read_to: Option<ReadTo>,
        output: Option<WrittenFile>,
    ) {
        self.tally.add(&open.tally);
        open.tally.filtered.forget_hints();
        // Only the names of the whole run are shown.
        open.tally.details.unsupported.forget_names();
        self.inputs.add(input, open.end(read_to, output));
    }

    /// Ends the run.
    pub fn close(mut self) -> Delivered {
        while let Some((&input, _)) = self.open.first_key_value() {
            self.abort(input);
        }
        if let Some(duplicates) = self.duplicates.take() {
            duplicates.close(self.console);
        }
        self.warnings.close(self.console);
        let closed = self.destination.close();
        self.code = self.code.max(closed.code);
        for input in closed.stopped {
            self.retries.stopped(input);
            self.inputs.stop(input);
        }
        // Lines leave the rejects file only after they are delivered.
        let (replaced_rejects, code) =
            finish_rejects(self.rejects.take(), &self.retries, self.console);
        self.code = self.code.max(code);
        if let Some(Err(error)) = self.state.map(|state| state.sync()) {
            self.console.error(&format!("{error:#}"));
            self.code = self.code.max(ExitCode::Output);
        }
        self.inputs.find_copies();
        Delivered {
            tally: self.tally,
            inputs: self.inputs,
            more_inputs: 0,
            replaced_rejects,
            code: self.code,
        }
    }

    fn output_failed(&self, input: usize) -> bool {
        self.open.get(&input).is_some_and(|open| open.output_failed)
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
        self.console.error(&message);
        open.errors.push(message);
        self.code = self.code.max(ExitCode::Input);
    }

    fn fail_to_open(&mut self, input: usize, source: &Source, error: &io::Error) {
        let mut open = OpenInput::start(source);
        let message = not_opened(&source.name, error);
        self.input_failed(&mut open, message);
        self.end(input, open, Some(ReadTo::default()), None);
    }

    fn hold_back(&mut self, source: &Source, open: &mut OpenInput, reason: HeldBack) {
        let name = &source.name;
        self.console
            .note(&format!("note: `{name}` is left to the next run: {reason}"));
        open.held_back = Some(reason);
    }

    fn report_output_error(&mut self, error: &anyhow::Error) {
        self.console.error(&format!("{error:#}"));
        self.code = self.code.max(ExitCode::Output);
    }
}

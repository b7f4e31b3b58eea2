//! The delivering side of a run: what becomes of the results, and of the run when something fails.
//!
//! A file that cannot be read or written costs that file. The exit code remembers the worst that happened.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use crate::checkpoint::{Resumed, StateDirectory};
use crate::console::Console;
use crate::convert::{ConvertedBatch, RejectedLine};
use crate::dedupe::Dedupe;
use crate::destination::{Destination, WriteStatus};
use crate::exit_code::ExitCode;
use crate::input::{NotFound, ReadEnd, Source};
use crate::outcome::{Reason, Reclassified, Tally};
use crate::output::RejectsFile;
use crate::pipeline::{ControlFlow, Delivery, InputEvent};
use crate::report::{InputInHand, InputReports, ReadTo};

/// Delivers the results of a run to one destination.
pub struct Deliverer<'c> {
    console: &'c Console,
    destination: Box<dyn Destination + 'c>,
    rejects: Option<RejectsFile>,
    dedupe: Option<Dedupe>,
    /// Told or only counted.
    collisions: u64,
    /// The lines of all inputs whose output is delivered.
    tally: Tally,
    /// Those that are begun and have not ended.
    in_hand: BTreeMap<usize, InHand>,
    inputs: InputReports,
    code: ExitCode,
    /// Where it is remembered what is delivered.
    state: Option<Arc<StateDirectory>>,
    /// Lines that are delivered from now on could not be remembered, or their rejects not be written.
    must_stop: bool,
}

/// An input that is begun.
struct InHand {
    report: InputInHand,
    /// Its lines, which count when its output does.
    tally: Tally,
    /// Its output could not be written.
    has_failed: bool,
}

impl InHand {
    fn start(source: &Source, passed_over: u64) -> Self {
        Self {
            report: InputInHand::start(&source.name, passed_over),
            tally: Tally::default(),
            has_failed: false,
        }
    }
}

/// So many collisions are told one by one; the rest is counted.
const COLLISIONS_TOLD: u64 = 20;

/// How a run ended.
pub struct Delivered {
    pub tally: Tally,
    /// The inputs that the run came to, and those that were not found.
    pub inputs: InputReports,
    pub code: ExitCode,
}

impl<'c> Deliverer<'c> {
    /// Some inputs could not even be found, and that is told.
    pub fn new(
        console: &'c Console,
        destination: Box<dyn Destination + 'c>,
        rejects: Option<RejectsFile>,
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
            rejects,
            dedupe: None,
            collisions: 0,
            tally: Tally::default(),
            in_hand: BTreeMap::new(),
            inputs: InputReports::new(not_found),
            code,
            state: None,
            must_stop: false,
        }
    }

    /// Delivers nothing twice, if it is given what tells.
    pub fn without_duplicates(mut self, dedupe: Option<Dedupe>) -> Self {
        self.dedupe = dedupe;
        self
    }

    /// Stops when it cannot be remembered any more what is delivered.
    pub fn remembering(mut self, state: Option<Arc<StateDirectory>>) -> Self {
        self.state = state;
        self
    }

    /// Takes what the pipeline delivers.
    pub fn deliver(
        &mut self,
        delivery: Delivery<'_, Option<Resumed>, ConvertedBatch>,
    ) -> ControlFlow {
        if self.must_stop() {
            return ControlFlow::Stop;
        }
        let flow = self.deliver_one(delivery);
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

    fn deliver_one(
        &mut self,
        delivery: Delivery<'_, Option<Resumed>, ConvertedBatch>,
    ) -> ControlFlow {
        let Delivery {
            input,
            source,
            event,
        } = delivery;
        match event {
            InputEvent::Unopened(error) => {
                let mut in_hand = InHand::start(source, 0);
                self.input_failed(&mut in_hand, &unopened(source, &error));
                self.end(input, in_hand, Some(ReadTo::default()), None);
                ControlFlow::Continue
            }
            InputEvent::Start(resumed) => {
                let passed_over = resumed.as_ref().map_or(0, |resumed| resumed.start().line);
                self.in_hand
                    .insert(input, InHand::start(source, passed_over));
                self.with_rejects(RejectsFile::mark);
                if let Some(dedupe) = &mut self.dedupe {
                    dedupe.start_input(&source.name);
                }
                let started = self.destination.start(input, source, resumed.as_ref());
                self.taken(input, started.map(|()| WriteStatus::Written))
            }
            InputEvent::Batch(converted) => self.deliver_batch(input, converted),
            InputEvent::End(end, bytes) => self.deliver_end(input, source, end, bytes),
        }
    }

    fn deliver_batch(&mut self, input: usize, mut converted: ConvertedBatch) -> ControlFlow {
        if self.has_failed(input) {
            return ControlFlow::EndInput;
        }
        self.sift(&mut converted);
        // First, since what is delivered is never read again where that is remembered.
        if let Err(error) = self.write_rejects(&converted.rejects) {
            self.must_stop = true;
            return self.taken(input, Err(error));
        }
        let written = self.destination.write(input, &converted);
        if written.is_ok()
            && let Some(in_hand) = self.in_hand.get_mut(&input)
        {
            in_hand.tally.add(&converted.tally);
        }
        self.taken(input, written)
    }

    fn deliver_end(
        &mut self,
        input: usize,
        source: &Source,
        end: ReadEnd,
        bytes: u64,
    ) -> ControlFlow {
        let ReadEnd { result, held_back } = end;
        let mut flow = ControlFlow::Continue;
        if !self.has_failed(input) {
            let finished = self.destination.finish(input);
            flow = self.taken(input, finished);
        }
        let Some(mut in_hand) = self.in_hand.remove(&input) else {
            return flow;
        };
        if let Err(error) = &result {
            self.input_failed(&mut in_hand, &unreadable(source, error));
        }
        if in_hand.has_failed {
            // Its lines count for nothing, and so do those that were rejected.
            self.with_rejects(RejectsFile::back_to_mark);
            if let Some(dedupe) = &mut self.dedupe {
                dedupe.input_failed();
            }
            in_hand.tally = Tally::default();
        }
        let output = self.destination.last_file();
        let output = output.filter(|_| !in_hand.has_failed);
        self.end(input, in_hand, Some(ReadTo { bytes, held_back }), output);
        if held_back > 0 {
            self.console.note(&format!(
                "note: the last line of `{}` has no end yet, and is left to the next run",
                source.name
            ));
        }
        flow
    }

    /// Ends an input that the run ended within, as when it was interrupted or the reader of standard output went away,
    /// which took what it took.
    fn break_off(&mut self, input: usize) {
        let counts = if self.has_failed(input) {
            // A failed file is no output. One destination for all has taken what it took.
            self.destination.is_shared()
        } else {
            let broken_off = self.destination.abort(input);
            let counts = *broken_off.as_ref().unwrap_or(&false);
            self.taken(input, broken_off.map(|_| WriteStatus::Written));
            counts
        };
        let Some(mut in_hand) = self.in_hand.remove(&input) else {
            return;
        };
        if !counts {
            in_hand.tally = Tally::default();
            self.with_rejects(RejectsFile::back_to_mark);
        }
        let output = self.destination.last_file().filter(|_| counts);
        self.end(input, in_hand, None, output);
    }

    fn end(&mut self, input: usize, in_hand: InHand, end: Option<ReadTo>, output: Option<PathBuf>) {
        self.tally.add(&in_hand.tally);
        let report = in_hand.report.end(in_hand.tally, end, output);
        self.inputs.add(input, report);
    }

    /// Ends the run.
    pub fn close(mut self) -> Delivered {
        while let Some((&input, _)) = self.in_hand.first_key_value() {
            self.break_off(input);
        }
        if self.collisions > COLLISIONS_TOLD {
            let more = self.collisions - COLLISIONS_TOLD;
            self.console
                .warn(&format!("{more} more collisions of statement ids"));
        }
        if let Some(Err(error)) = self.rejects.take().map(RejectsFile::finish) {
            self.output_failed(&error);
        }
        let closed = self.destination.close();
        self.code = self.code.max(closed.code);
        for input in closed.stopped {
            self.inputs.stopped(input);
        }
        if let Some(Err(error)) = self.state.map(|state| state.sync()) {
            self.console.error(&format!("{error:#}"));
            self.code = self.code.max(ExitCode::Output);
        }
        Delivered {
            tally: self.tally,
            inputs: self.inputs,
            code: self.code,
        }
    }

    /// Drops what was delivered already, and tells of what only seems to have been.
    fn sift(&mut self, converted: &mut ConvertedBatch) {
        let Some(dedupe) = &mut self.dedupe else {
            return;
        };
        let sifted = dedupe.sift(converted);
        converted.tally.reclassify(Reclassified {
            duplicates: sifted.duplicates,
            rejected: sifted.rejected,
            records: sifted.dropped_values,
            collisions: sifted.collisions.len() as u64,
        });
        let file = dedupe.file();
        for collision in &sifted.collisions {
            let (line, first, id) = (collision.line, &collision.first, collision.id);
            self.collisions += 1;
            if self.collisions <= COLLISIONS_TOLD {
                self.console.warn(&format!(
                    "{file}:{line} has the id of {first}, {id}, and other content"
                ));
            }
            if dedupe.rejects_collisions() && self.rejects.is_some() {
                RejectedLine {
                    file: &file,
                    line,
                    content: None,
                    reason: Reason::Collision,
                    detail: &format!("{first} has the same id, {id}, and other content"),
                }
                .write(&mut converted.rejects);
            }
        }
    }

    fn has_failed(&self, input: usize) -> bool {
        let in_hand = self.in_hand.get(&input);
        in_hand.is_some_and(|in_hand| in_hand.has_failed)
    }

    fn taken(&mut self, input: usize, taken: anyhow::Result<WriteStatus>) -> ControlFlow {
        match taken {
            Ok(WriteStatus::Written) => ControlFlow::Continue,
            Ok(WriteStatus::Closed) => ControlFlow::Stop,
            Err(error) => {
                self.output_failed(&error);
                if let Some(in_hand) = self.in_hand.get_mut(&input) {
                    in_hand.report.fail(&format!("{error:#}"));
                    in_hand.has_failed = true;
                }
                if self.destination.is_shared() {
                    ControlFlow::Stop
                } else {
                    ControlFlow::EndInput
                }
            }
        }
    }

    /// Writes rows, if they are wanted. That they cannot be written is a failure of the output where their lines are not
    /// read again.
    fn write_rejects(&mut self, rows: &[u8]) -> anyhow::Result<()> {
        let Some(rejects) = &mut self.rejects else {
            return Ok(());
        };
        let Err(error) = rejects.write(rows) else {
            return Ok(());
        };
        if rejects.goes_on() {
            return Err(error);
        }
        self.rejects = None;
        self.output_failed(&error);
        Ok(())
    }

    /// Does something with the rejects file, if there is one that has not failed.
    fn with_rejects(&mut self, act: impl FnOnce(&mut RejectsFile) -> anyhow::Result<()>) {
        if let Some(rejects) = &mut self.rejects
            && let Err(error) = act(rejects)
        {
            self.must_stop |= rejects.goes_on();
            self.rejects = None;
            self.output_failed(&error);
        }
    }

    fn input_failed(&mut self, in_hand: &mut InHand, message: &str) {
        self.console.error(message);
        in_hand.report.fail(message);
        self.code = self.code.max(ExitCode::Input);
    }

    fn output_failed(&mut self, error: &anyhow::Error) {
        self.console.error(&format!("{error:#}"));
        self.code = self.code.max(ExitCode::Output);
    }
}

/// The message for an input that could not be opened, as when it went away since it was found.
fn unopened(source: &Source, error: &io::Error) -> String {
    format!("failed to open `{}`: {error}", source.name)
}

/// The message for an input that could not be read to its end.
fn unreadable(source: &Source, error: &io::Error) -> String {
    format!("failed to read `{}` to its end: {error}", source.name)
}

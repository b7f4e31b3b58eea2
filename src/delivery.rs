//! The delivering side of a run: what becomes of the results, and of the run when something fails.
//!
//! A file that cannot be read or written costs that file. The exit code remembers the worst that happened.

use std::io;

use crate::checkpoint::StateDirectory;
use crate::console::Console;
use crate::converted::Converted;
use crate::dedupe::Dedupe;
use crate::exit_code::ExitCode;
use crate::input::{NotFound, ReadEnd, Source};
use crate::outcome::Reason;
use crate::output::{Destination, RejectedLine, RejectsFile, Taken};
use crate::pipeline::{Delivery, Flow};
use crate::report::{InputReports, ReadTo, Tally};

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
    /// Those of the input at hand, which count when its output does.
    current: Tally,
    inputs: InputReports,
    code: ExitCode,
    /// The output of the input at hand could not be written.
    failed: bool,
    /// An input is at hand.
    in_input: bool,
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

impl Delivered {
    /// Makes durable what was remembered.
    pub fn synced(&mut self, console: &Console, state: &StateDirectory) {
        if let Err(error) = state.sync() {
            console.error(&format!("{error:#}"));
            self.code = self.code.max(ExitCode::Output);
        }
    }
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
        let (tally, current) = (Tally::default(), Tally::default());
        Self {
            console,
            destination,
            rejects,
            dedupe: None,
            collisions: 0,
            tally,
            current,
            inputs: InputReports::new(not_found),
            code,
            failed: false,
            in_input: false,
        }
    }

    /// Delivers nothing twice, if it is given what tells.
    pub fn without_duplicates(mut self, dedupe: Option<Dedupe>) -> Self {
        self.dedupe = dedupe;
        self
    }

    /// Takes what the pipeline delivers.
    pub fn deliver(&mut self, delivery: Delivery<'_, Converted>) -> Flow {
        match delivery {
            Delivery::Unopened(source, error) => {
                self.inputs.start(&source.name, 0);
                self.input_failed(&unopened(source, &error));
                self.inputs
                    .end(Tally::default(), Some(ReadTo::default()), None);
                Flow::GoOn
            }
            Delivery::Start(source, resumed) => {
                (self.failed, self.in_input) = (false, true);
                let passed_over = resumed.as_ref().map_or(0, |resumed| resumed.from().line);
                self.inputs.start(&source.name, passed_over);
                self.with_rejects(RejectsFile::mark);
                if let Some(dedupe) = &mut self.dedupe {
                    dedupe.start_input(&source.name);
                }
                let started = self.destination.start(source, resumed.as_ref());
                self.taken(started.map(|()| Taken::Yes))
            }
            Delivery::Batch(_) if self.failed => Flow::NextInput,
            Delivery::Batch(mut converted) => {
                self.sift(&mut converted);
                // First, since what is delivered is never read again where that is remembered.
                if let Err(error) = self.write_rejects(&converted.rejects) {
                    self.taken(Err(error));
                    return Flow::Stop;
                }
                let written = self.destination.write(&converted.output);
                if written.is_ok() {
                    self.current.add(&converted.tally);
                }
                self.taken(written)
            }
            Delivery::End(source, ReadEnd { result, held_back }, bytes) => {
                self.in_input = false;
                let finished = if self.failed {
                    Ok(Taken::Yes)
                } else {
                    self.destination.finish()
                };
                if let Err(error) = &result {
                    self.input_failed(&unreadable(source, error));
                }
                let flow = self.taken(finished);
                let mut lines = std::mem::take(&mut self.current);
                if self.failed {
                    // Its lines count for nothing, and so do those that were rejected.
                    self.with_rejects(RejectsFile::back_to_mark);
                    if let Some(dedupe) = &mut self.dedupe {
                        dedupe.input_failed();
                    }
                    lines = Tally::default();
                }
                self.tally.add(&lines);
                let output = self.destination.last_file().filter(|_| !self.failed);
                let end = ReadTo { bytes, held_back };
                self.inputs.end(lines, Some(end), output);
                if held_back > 0 {
                    self.console.note(&format!(
                        "note: the last line of `{}` has no end yet, and is left to the next run",
                        source.name
                    ));
                }
                flow
            }
        }
    }

    /// Ends the run.
    pub fn close(mut self) -> Delivered {
        if self.in_input {
            // The run was interrupted, or a reader of standard output went away, which took what it took.
            let counts = if self.failed {
                // A failed file is no output. One destination for all has taken what it took.
                self.destination.is_one_for_all()
            } else {
                let broken_off = self.destination.break_off();
                let counts = *broken_off.as_ref().unwrap_or(&false);
                self.taken(broken_off.map(|_| Taken::Yes));
                counts
            };
            let mut lines = std::mem::take(&mut self.current);
            if !counts {
                lines = Tally::default();
                self.with_rejects(RejectsFile::back_to_mark);
            }
            self.tally.add(&lines);
            let output = self.destination.last_file().filter(|_| counts);
            self.inputs.end(lines, None, output);
        }
        if self.collisions > COLLISIONS_TOLD {
            let more = self.collisions - COLLISIONS_TOLD;
            self.console
                .warn(&format!("{more} more collisions of statement ids"));
        }
        if let Some(Err(error)) = self.rejects.take().map(RejectsFile::finish) {
            self.output_failed(&error);
        }
        Delivered {
            tally: self.tally,
            inputs: self.inputs,
            code: self.code.max(self.destination.close()),
        }
    }

    /// Drops what was delivered already, and tells of what only seems to have been.
    fn sift(&mut self, converted: &mut Converted) {
        let Some(dedupe) = &mut self.dedupe else {
            return;
        };
        let sifted = dedupe.sift(&mut converted.output);
        converted.tally.sift(&sifted);
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

    fn taken(&mut self, taken: anyhow::Result<Taken>) -> Flow {
        match taken {
            Ok(Taken::Yes) => Flow::GoOn,
            Ok(Taken::Closed) => Flow::Stop,
            Err(error) => {
                self.output_failed(&error);
                self.inputs.fail(&format!("{error:#}"));
                self.failed = true;
                if self.destination.is_one_for_all() {
                    Flow::Stop
                } else {
                    Flow::NextInput
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
            // The next run writes the rows of this input again.
            let _ = rejects.back_to_mark();
            self.rejects = None;
            return Err(error);
        }
        self.rejects = None;
        self.output_failed(&error);
        Ok(())
    }

    /// Does something with the rejects file, if there is one that has not failed.
    fn with_rejects(&mut self, act: impl FnOnce(&mut RejectsFile) -> anyhow::Result<()>) {
        if let Some(Err(error)) = self.rejects.as_mut().map(act) {
            self.rejects = None;
            self.output_failed(&error);
        }
    }

    fn input_failed(&mut self, message: &str) {
        self.console.error(message);
        self.inputs.fail(message);
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

//! The rejects file of a run, which may also be an input of the run.

use super::Deliverer;
use crate::console::Console;
use crate::convert::ConvertedBatch;
use crate::exit_code::ExitCode;
use crate::input::Source;
use crate::output::RejectsFile;
use crate::run::rejects_input::RejectsInput;

/// The rejects file of a run.
#[derive(Default)]
pub struct Rejects {
    /// The file. `None` if the run has no such file, or if writing to it failed.
    pub(super) file: Option<RejectsFile>,
    /// The delivery of the file, if it is an input.
    pub(super) input: RejectsInput,
    /// Whether the run must stop because rows could not be written. With a state directory, the next run does not read
    /// these lines again, so their rows would be missing forever.
    pub(super) must_stop: bool,
}

impl Deliverer<'_> {
    /// Writes rows to the rejects file, if there is one. `source` is the input with the lines of the rows. With a state
    /// directory, returns an error if this fails, because the next run does not read the rejected lines again. Without a
    /// state directory, reports the error and writes no more rows.
    pub(super) fn write_rejects(&mut self, rows: &[u8], source: &Source) -> anyhow::Result<()> {
        let Some(rejects) = &mut self.rejects.file else {
            return Ok(());
        };
        let Err(error) = rejects.write(rows, source.is_own_rejects) else {
            return Ok(());
        };
        if rejects.is_appended() {
            return Err(error);
        }
        self.rejects.file = None;
        self.report_output_error(&error);
        Ok(())
    }

    /// Applies a function to the rejects file, if there is one and it has not failed.
    pub(super) fn with_rejects(
        &mut self,
        act: impl FnOnce(&mut RejectsFile) -> anyhow::Result<()>,
    ) {
        if let Some(rejects) = &mut self.rejects.file
            && let Err(error) = act(rejects)
        {
            self.rejects.must_stop |= rejects.is_appended();
            self.rejects.file = None;
            self.report_output_error(&error);
        }
    }

    /// Fails an input that is the rejects file if a line of the batch could not be read and would be lost when the file
    /// is replaced.
    pub(super) fn fail_if_line_is_lost(
        &mut self,
        input: usize,
        source: &Source,
        batch: &ConvertedBatch,
    ) {
        if let Some(line) = batch.lost_line
            && let Some(mut open) = self.open.remove(&input)
        {
            // Only the first line is reported.
            if open.errors.is_empty() {
                let message = format!(
                    "line {line} of `{}` is longer than `--max-line-bytes` allows, so the file is left unchanged: raise the limit",
                    source.name
                );
                self.input_failed(&mut open, message);
            }
            self.open.insert(input, open);
        }
    }
}

impl Rejects {
    pub fn new(file: Option<RejectsFile>, input: RejectsInput) -> Self {
        Self {
            file,
            input,
            must_stop: false,
        }
    }

    /// Completes the file, if there is one. If it is an input, its lines that were emitted leave the file, but only if
    /// all of them are delivered.
    ///
    /// Returns the number of files that were replaced, 0 or 1, and the exit code.
    pub(super) fn finish(self, console: &Console) -> (usize, ExitCode) {
        let Some(file) = self.file else {
            return (0, ExitCode::Success);
        };
        let replaced = usize::from(file.replaces());
        let is_delivered = self.input.is_delivered();
        if !is_delivered {
            console.note(&format!(
                "note: `{}` keeps all its lines, because some converted lines were not delivered: run again",
                file.name()
            ));
        }
        match file.finish(is_delivered) {
            Ok(()) => (replaced, ExitCode::Success),
            Err(error) => {
                console.error(&format!("{error:#}"));
                (0, ExitCode::Output)
            }
        }
    }
}

//! The ends of inputs whose outputs are completed in the background.

use super::Deliverer;
use crate::destination::Completed;
use crate::report::ReadTo;
use crate::run::open_input::OpenInput;

impl Deliverer<'_> {
    /// Ends an input that was read to its end, now or when its output is complete.
    pub(super) fn end_when_complete(
        &mut self,
        input: usize,
        open: OpenInput,
        read_to: ReadTo,
        delivered: bool,
    ) {
        if delivered && self.destination.is_completing(input) {
            self.completing.insert(input, (open, read_to));
        } else {
            let output = self.destination.last_file().filter(|_| delivered);
            self.end(input, open, Some(read_to), output);
        }
    }

    /// Ends the inputs whose outputs are complete since the last call. If `waits`, waits for all.
    pub(super) fn end_completed(&mut self, waits: bool) {
        if self.completing.is_empty() {
            return;
        }
        for Completed { input, output } in self.destination.completed(waits) {
            let Some((mut open, read_to)) = self.completing.remove(&input) else {
                continue;
            };
            if let Err(error) = &output {
                self.report_output_error(error);
                open.errors.push(format!("{error:#}"));
                open.output_failed = true;
                self.forget_lines(&mut open);
            }
            self.end(input, open, Some(read_to), output.ok());
        }
    }
}

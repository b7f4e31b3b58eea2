//! The ends of inputs: at their last line, or before because the run ends.

use super::Deliverer;
use crate::compression::Compression;
use crate::destination::{WriteStatus, WrittenFile};
use crate::input::{HeldBack, ReadEnd, Source};
use crate::outcome::Tally;
use crate::output::RejectsFile;
use crate::pipeline::ControlFlow;
use crate::report::ReadTo;
use crate::run::input_warnings::ReadInput;
use crate::run::open_input::OpenInput;

impl Deliverer<'_> {
    /// Completes the output of an input after the last line that could be read.
    pub(super) fn finish(
        &mut self,
        input: usize,
        source: &Source,
        end: ReadEnd,
        bytes: u64,
    ) -> ControlFlow {
        let ReadEnd {
            result,
            held_back,
            holds_event,
            rest,
            compression,
        } = end;
        let mut flow = ControlFlow::Continue;
        if !self.output_failed(input) {
            let finished = self.destination.finish(input);
            flow = self.flow_after(input, finished);
        }
        let Some(mut open) = self.open.remove(&input) else {
            return flow;
        };
        if let Some(error) = open.error(source, &result, compression) {
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
            self.warn_of(source, &mut open, compression);
        }
        if source.is_own_rejects && open.errors.is_empty() {
            self.rejects.input.note_delivered(input);
        }
        self.end_when_complete(input, open, ReadTo { bytes, held_back }, delivered);
        if held_back > 0 {
            let last = match holds_event {
                true => "event",
                false => "line",
            };
            self.console.note(&format!(
                "note: the last {last} of `{}` is not complete, so the next run will read it",
                source.name
            ));
        }
        flow
    }

    /// Shows the warnings about an input that was read to its end.
    fn warn_of(&mut self, source: &Source, open: &mut OpenInput, compression: Option<Compression>) {
        let read = ReadInput {
            source,
            suspects: &open.suspects,
            tally: &open.tally,
            reread: &self.warnings.reread,
            compression,
            is_whole: open.skipped_lines == 0 && open.same_lines.is_none(),
            unwraps: self.warnings.unwraps.as_deref(),
            joins_pieces: self.warnings.joins_pieces,
        };
        let warnings = read.warnings();
        self.warnings.show(&warnings, self.console);
        open.warnings.extend(warnings);
    }

    /// Ends an input before its end, because the run was interrupted or the destination is closed.
    pub(super) fn abort(&mut self, input: usize) {
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
    pub(super) fn forget_lines(&mut self, open: &mut OpenInput) {
        open.tally = Tally::default();
        self.with_rejects(RejectsFile::back_to_mark);
    }

    pub(super) fn end(
        &mut self,
        input: usize,
        mut open: OpenInput,
        read_to: Option<ReadTo>,
        output: Option<WrittenFile>,
    ) {
        self.tally.put(input, open.tally.clone());
        open.tally.filtered.forget_hints();
        // Only the names and the causes of the whole run are shown.
        open.tally.details.unsupported.forget_names();
        open.tally.details.rejected.forget();
        self.result.inputs.add(input, open.end(read_to, output));
    }

    pub(super) fn output_failed(&self, input: usize) -> bool {
        self.open.get(&input).is_some_and(|open| open.output_failed)
    }

    pub(super) fn hold_back(&mut self, source: &Source, open: &mut OpenInput, reason: HeldBack) {
        let name = &source.name;
        self.console.note(&match &reason {
            HeldBack::Truncated { .. } => {
                let reason = reason.to_string();
                format!("note: `{name}` {}", reason.trim_start_matches("it "))
            }
            _ => format!("note: `{name}` is left to the next run: {reason}"),
        });
        if let HeldBack::Truncated { copy, .. } = &reason {
            self.vanished.copies.push(Source::clone(copy));
        }
        open.held_back = Some(reason);
    }
}

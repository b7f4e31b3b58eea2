//! The end of a run: warnings about the whole run, failures, the summary and the report.

use std::sync::Arc;

use super::{Job, Unread};
use crate::convert::LineConverter;
use crate::exit_code::ExitCode;
use crate::lms::Lms;
use crate::report::{
    InputCounts, ReadBytes, Report, ReportFile, Reread, Summary, are_most_rejected,
    are_most_repairable, emptied_files, nameless_events, nothing_emitted, rejected_events,
    repairable_events, table_warnings, unmatched_values,
};
use crate::run::deliverer::Delivered;
use crate::run::event_notes::{note_derived_ids, note_events, note_site};
use crate::run::fail_on::report_failures;
use crate::send::Target;

impl Job<'_> {
    /// Warns of filters and tables that left out most events, also if the console is quiet if they left out all.
    /// Takes the advice about events without a name if a warning has it.
    fn warn_of_losses(
        &self,
        converter: &LineConverter,
        delivered: &Delivered,
        nameless: &mut Option<String>,
        reread: &Reread,
    ) {
        let console = &self.command.console;
        let Delivered { tally, inputs, .. } = delivered;
        let warning = nothing_emitted(converter, tally, inputs, nameless, reread);
        if let Some(warning) = warning {
            console.alert(&warning);
            return;
        }
        let warnings = table_warnings(converter, tally, reread);
        warnings.iter().for_each(|warning| console.warn(warning));
        if let Some(advice) = repairable_events(tally, converter.repairs) {
            let advice = advice + &reread.of_rejected();
            // The advice names the repair of events without a name, too.
            match nameless.take().is_some() || are_most_repairable(tally) {
                true => console.alert(&advice),
                false => console.warn(&advice),
            }
        }
        for warning in rejected_events(tally, inputs, reread) {
            match are_most_rejected(tally) {
                true => console.alert(&warning),
                false => console.warn(&warning),
            }
        }
        if let Some(warning) = emptied_files(inputs) {
            console.warn(&warning);
        }
        // The lines that a run reads after earlier runs may well lack events of a course.
        if self.record.state.is_none() {
            let notes = unmatched_values(converter, tally);
            notes
                .iter()
                .for_each(|note| console.note(&format!("note: {note}")));
        }
    }

    /// Shows the summary, the advice about events without a name, and the notes about times.
    fn show(&self, report: &Report<'_>, nameless: Option<String>, lms: Option<&Lms>) {
        let console = &self.command.console;
        console.note(&report.to_string());
        if let Some(advice) = nameless {
            console.alert(&advice);
        }
        if let Some(summary) = report.summary {
            note_events(summary.tally, console);
        }
        if let (Some(summary), Some(lms)) = (report.summary, lms) {
            note_site(lms, summary.tally, console);
        }
    }

    fn summary<'a>(
        &self,
        converter: &LineConverter,
        delivered: &'a Delivered,
        counts: InputCounts,
    ) -> Summary<'a> {
        let Delivered { tally, inputs, .. } = delivered;
        Summary {
            tally,
            format: converter.format.format(),
            inputs: counts,
            skipped_files: self.unread.skipped_files,
            skipped_lines: inputs.skipped_lines(),
            repeated: inputs.repeated(),
            derived_users: (converter.lms.get()).map_or(0, |lms| lms.derived_users.count()),
            verbose: self.record.verbose,
            stopped_by: self.options.interrupted.signal(),
            read: ReadBytes {
                bytes: self.options.bytes_read.total(),
                unpacked: self.options.bytes_read.unpacked(),
                elapsed: self.started.elapsed(),
            },
        }
    }

    /// Reports what the run did. Returns its exit code.
    pub(super) fn summarize(
        &self,
        converter: &LineConverter,
        delivered: &Delivered,
        report_file: ReportFile,
        targets: &[Arc<Target>],
    ) -> ExitCode {
        let console = &self.command.console;
        let Delivered {
            tally,
            inputs,
            more_inputs,
            replaced_rejects,
            code,
            ..
        } = delivered;
        let Unread {
            not_found,
            found_none,
            ..
        } = &self.unread;
        let mut counts = inputs.counts(self.unread.listed.len() + more_inputs + not_found.len());
        counts.replaced += replaced_rejects;
        let format = converter.format.format();
        let mut nameless = nameless_events(tally, format);
        let reread = self.reread();
        let interrupted = &self.options.interrupted;
        let is_stopped = counts.is_stopped() || interrupted.is_set();
        if !is_stopped {
            self.warn_of_losses(converter, delivered, &mut nameless, &reread);
        }
        let fail_on = &self.record.fail_on;
        let failure = report_failures(fail_on, tally, *found_none, is_stopped, console);
        let summary = self.summary(converter, delivered, counts);
        let report = Report {
            command: self.command.name,
            invocation: self.command.invocation,
            dry_run: self.command.dry_run,
            verbose: self.record.verbose,
            summary: Some(&summary),
            inputs,
            known_events: converter.selection.known(),
            written: &delivered.written,
            differences: delivered.differences,
            targets,
            exit_code: interrupted.code().unwrap_or((*code).max(failure)),
        };
        if let Some(lms) = converter.lms.get().filter(|_| tally.emitted > 0) {
            let is_sent = self.command.name == "send" && !self.command.dry_run;
            note_derived_ids(lms, is_sent, console);
        }
        let nameless = nameless.map(|advice| advice + reread.of_others());
        self.show(&report, nameless, converter.lms.get());
        self.write(&report, report_file)
    }

    /// Writes the JSON report. Returns the exit code of the run.
    fn write(&self, report: &Report<'_>, report_file: ReportFile) -> ExitCode {
        match report_file.write(report) {
            Ok(()) => report.exit_code,
            Err(error) => {
                self.command.console.error(&format!("{error:#}"));
                report.exit_code.max(ExitCode::Output)
            }
        }
    }
}

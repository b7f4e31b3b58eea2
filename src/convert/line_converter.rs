//! One line → its outcome and its records.

use std::sync::OnceLock;

use bumpalo::Bump;
use jiff::civil::DateTime;

use super::clickhouse_row;
use super::converted_batch::ConvertedBatch;
use super::converted_line::ConvertedLine;
use super::record_writer::{Layout, RecordWriter};
use super::row_origin::line_of;
use super::settings::{EnvelopeSettings, FormatSettings, StatementForm};
use crate::caliper::{self, Envelope, Event};
use crate::filter::{EventFilter, course_of};
use crate::input::{Line, LineContent};
use crate::lms::Lms;
use crate::outcome::{Fault, FilteredBy, FilteredEvents, Outcome, Reason, RepairSet, Unsupported};
use crate::repair::RepairedEvent;
use crate::routing::{RouterSet, Routers};
use crate::selection::EventSelection;
use crate::tracking::{LineWrapper, RejectsRow, TrackingEvent, repairs_of_two_times};
use crate::xapi::{self, Statement};

/// Converts lines. Besides the line, a conversion depends only on these fields.
pub struct LineConverter {
    /// The JSON object around each line, if there is one.
    pub wrapper: LineWrapper,
    /// The format of the records.
    pub format: FormatSettings,
    /// The event names that are converted.
    pub selection: EventSelection,
    /// The times and courses that are converted.
    pub filter: EventFilter,
    /// The routers, if there is a routers.json. An event is converted only if at least one router accepts it.
    pub routers: Option<Routers>,
    /// The lookup tables of users and courses, once they are loaded. They are loaded before the first complete line is
    /// converted.
    pub lms: OnceLock<Lms>,
    /// The repairs that are applied to events.
    pub repairs: RepairSet,
    /// Whether a line that is not one event may hold several records.
    pub splits_lines: bool,
}

impl LineConverter {
    /// Converts one line and appends its records to `batch`. A row of a rejects file is converted as the line that the
    /// row stands for. Returns `None` for a blank line.
    pub fn convert<'a>(
        &'a self,
        line: Line<'a>,
        layout: Layout,
        arena: &'a Bump,
        batch: &mut ConvertedBatch,
    ) -> Option<ConvertedLine<'a>> {
        if self.wrapper.unwraps_rejects()
            && let Some(row) = row_of(line, arena)
        {
            return self.convert_row(row, line, layout, arena, batch);
        }
        self.convert_wrapped(line, self.wrapper_of(line), layout, arena, batch)
    }

    /// Returns the wrapper of a line. A line that was joined from pieces has lost the wrapping of its pieces.
    pub(super) fn wrapper_of(&self, line: Line<'_>) -> &LineWrapper {
        match &self.wrapper {
            LineWrapper::Json(_) if line.is_joined => &LineWrapper::None,
            wrapper => wrapper,
        }
    }

    /// Converts the line that a row of a rejects file stands for.
    #[cold]
    fn convert_row<'a>(
        &'a self,
        row: &'a RejectsRow<'a>,
        origin: Line<'_>,
        layout: Layout,
        arena: &'a Bump,
        batch: &mut ConvertedBatch,
    ) -> Option<ConvertedLine<'a>> {
        let Some(line) = line_of(row, origin) else {
            if let Some(contents) = &mut batch.contents {
                contents.names.count(None, false, false);
                contents.days.count(None, None);
            }
            let fault = Fault::new(Reason::Collision, row.detail.to_owned());
            return Some(ConvertedLine {
                row: Some(row),
                ..ConvertedLine::of_outcome(Outcome::Rejected(fault))
            });
        };
        // The line of a row is a row if a version of this program that did not know rows has read the file.
        if let Some(inner) = row_of(line, arena) {
            return self.convert_row(inner, origin, layout, arena, batch);
        }
        // `--unwrap raw` reads the line of a row, and so has already been applied, unless the log has the key `raw`,
        // too.
        let is_wrapped = match line.content {
            LineContent::Whole(text) if !matches!(self.wrapper, LineWrapper::None) => {
                let is_plain = || LineWrapper::None.parse_line(text, arena, false).is_ok();
                let is_wrapped = self.wrapper.parse_line(text, arena, false).is_ok();
                // A row may have a record out of several that its line wraps.
                is_wrapped || !self.wrapper.unwraps_rejects() && !is_plain()
            }
            _ => true,
        };
        let wrapper = if is_wrapped {
            &self.wrapper
        } else {
            &LineWrapper::None
        };
        let converted = self.convert_wrapped(line, wrapper, layout, arena, batch)?;
        Some(ConvertedLine {
            row: Some(row),
            ..converted
        })
    }

    pub(super) fn convert_wrapped<'a>(
        &'a self,
        line: Line<'a>,
        wrapper: &LineWrapper,
        layout: Layout,
        arena: &'a Bump,
        batch: &mut ConvertedBatch,
    ) -> Option<ConvertedLine<'a>> {
        if let LineContent::Whole(text) = line.content {
            let unwanted = match &mut batch.contents {
                None => self.skip_unwanted(text, wrapper),
                Some(contents) => self.count_unwanted(text, (line, wrapper), arena, contents),
            };
            if unwanted.is_some() {
                return unwanted;
            }
        }
        let of_event = match self.repaired_event(line, wrapper, arena) {
            Ok(event) => event?,
            Err(fault) => return self.of_unparsable(line, fault, layout, arena, batch),
        };
        let event = of_event.event;
        if let Some(contents) = &mut batch.contents {
            self.count_contents(&event, line, arena, contents);
        }
        let is_inspection = batch.contents.is_some();
        // Only an inspection tries which repairs an event needs that is not converted because of its name.
        let with_repairs = |conversion| match is_inspection {
            false => conversion,
            true => ConvertedLine {
                repairs: self.repairs_of_name(event, arena),
                ..conversion
            },
        };
        let later = |conversion: ConvertedLine<'a>| match is_inspection {
            true => self.with_later_rejection(conversion, event, arena),
            false => conversion,
        };
        let Some(name) = self.name_of(&event) else {
            return Some(later(with_repairs(self.without_name(&event))));
        };
        let (excluded, known) = self.outcome_by_name(name);
        let conversion = match excluded {
            Some(outcome) => with_repairs(self.not_selected(name, outcome)),
            None => {
                let writer = RecordWriter {
                    batch,
                    layout,
                    line: line.number,
                    byte: line.byte,
                    nth: line.nth,
                    routers: RouterSet::ALL,
                };
                self.convert_selected(name, of_event, arena, writer)
            }
        };
        Some(later(conversion.named(name, known)))
    }

    /// Returns the event of a line with its repairs. Returns `None` if the line is blank.
    #[inline]
    fn repaired_event<'a>(
        &self,
        line: Line<'a>,
        wrapper: &LineWrapper,
        arena: &'a Bump,
    ) -> Result<Option<RepairedEvent<'a>>, Fault> {
        let event = parse_content(line, wrapper, arena)?;
        match event {
            Some(event) if !self.repairs.is_empty() => {
                RepairedEvent::of(event, self.repairs, arena).map(Some)
            }
            event => Ok(event.map(RepairedEvent::unchanged)),
        }
    }

    /// Returns the result for a line that cannot be parsed as an event. The line may be a row of a rejects file.
    #[cold]
    fn of_unparsable<'a>(
        &'a self,
        line: Line<'a>,
        fault: Fault,
        layout: Layout,
        arena: &'a Bump,
        batch: &mut ConvertedBatch,
    ) -> Option<ConvertedLine<'a>> {
        let may_be_row = matches!(
            fault.reason,
            Reason::NoEvent | Reason::NotWrapped | Reason::NotTracking
        );
        if may_be_row && let Some(row) = row_of(line, arena) {
            return self.convert_row(row, line, layout, arena, batch);
        }
        Some(ConvertedLine::of_outcome(Outcome::Unparsable(fault)))
    }

    /// Converts an event whose name is selected, and notes the repairs that would convert an event which is not converted.
    #[inline]
    fn convert_selected<'a>(
        &'a self,
        name: &'a str,
        of_event: RepairedEvent<'a>,
        arena: &'a Bump,
        writer: RecordWriter<'_>,
    ) -> ConvertedLine<'a> {
        let event = of_event.event;
        let conversion = self.convert_event(name, of_event, arena, writer);
        let may_be_repaired = match conversion.outcome {
            Outcome::Rejected(_) => true,
            Outcome::Filtered(FilteredBy::Course | FilteredBy::Org) => course_of(&event).is_none(),
            _ => false,
        };
        match may_be_repaired {
            true => ConvertedLine {
                repairs: self.missing_repairs(name, event, arena),
                ..conversion
            },
            false => conversion,
        }
    }

    /// Converts an event whose name is selected.
    fn convert_event<'a>(
        &'a self,
        name: &'a str,
        of_event: RepairedEvent<'a>,
        arena: &'a Bump,
        mut writer: RecordWriter<'_>,
    ) -> ConvertedLine<'a> {
        let RepairedEvent {
            mut event,
            logged,
            mut repairs,
        } = of_event;
        let filtered = &mut writer.batch.tally.filtered;
        writer.routers = match self.accepting_routers(&event, filtered) {
            Ok(routers) => routers,
            Err(by) => return ConvertedLine::of_outcome(Outcome::Filtered(by)),
        };
        let mut result = self.transform(name, event, arena, writer.reborrowed());
        if result.is_err()
            && let Some(logged) = logged
            && let Some(less) = self.less_repaired(name, *logged, repairs, arena)
        {
            (event, repairs) = less;
            result = self.transform(name, event, arena, writer);
        }
        match result {
            Ok((0, _)) => {
                ConvertedLine::of_outcome(Outcome::Unsupported(Unsupported::NoTransformer))
            }
            Ok((records, time)) => ConvertedLine {
                records,
                time,
                repairs,
                two_times: repairs_of_two_times(&event),
                derived_id: (self.lms.get()).and_then(|lms| lms.note_derived(&event, arena)),
                ..ConvertedLine::of_outcome(Outcome::Emitted)
            },
            Err(fault) => ConvertedLine::of_outcome(Outcome::Rejected(fault)),
        }
    }

    /// Returns the routers that accept an event, or the option by which the event is filtered out. Notes the course and
    /// the time of the event if filters depend on them.
    pub(super) fn accepting_routers(
        &self,
        event: &TrackingEvent<'_>,
        filtered: &mut FilteredEvents,
    ) -> Result<RouterSet, FilteredBy> {
        let time_of = || match self.format {
            FormatSettings::Xapi(..) => xapi::time_of(event),
            FormatSettings::Caliper(..) => caliper::time_of(event).map(Some),
        };
        let decision = self.filter.decide(event, time_of);
        filtered.note(decision.course, decision.time);
        if let Some(by) = decision.left_out {
            return Err(by);
        }
        let routers = self.routers.as_ref();
        let accepting = routers.map_or(RouterSet::ALL, |routers| routers.accepting(event));
        if accepting.is_empty() {
            if !self.filter.uses_courses() {
                filtered.note(course_of(event), None);
            }
            Err(FilteredBy::Routers)
        } else {
            Ok(accepting)
        }
    }

    /// Writes the records of an event. Returns their number and the UTC time of the event.
    pub(super) fn transform<'a>(
        &'a self,
        name: &'a str,
        event: TrackingEvent<'a>,
        arena: &'a Bump,
        writer: RecordWriter<'_>,
    ) -> Result<(usize, Option<DateTime>), Fault> {
        let lms = self.lms.get().ok_or_else(tables_not_loaded)?;
        match &self.format {
            FormatSettings::Xapi(settings, form) => {
                if *form != StatementForm::Statement {
                    clickhouse_row::check_time(&event)?;
                }
                let statements = xapi::transform(name, event, settings, lms, arena)?;
                let time = statements.first().and_then(Statement::time);
                let rows = RecordWriter {
                    batch: &mut *writer.batch,
                    ..writer
                };
                match form {
                    StatementForm::Statement => rows.write(statements, Statement::id)?,
                    StatementForm::Timed => {
                        clickhouse_row::emission_time(time)?;
                        rows.write(statements, Statement::id)?;
                    }
                    StatementForm::Row => rows.write_rows(statements, time)?,
                }
                if *form != StatementForm::Statement {
                    let lacking = statements.iter().filter(|one| xapi::lacks_attempt_id(one));
                    writer.batch.tally.details.without_attempt_id += lacking.count() as u64;
                }
                Ok((statements.len(), time))
            }
            FormatSettings::Caliper(settings, envelope) => {
                let Some(event) = caliper::transform(name, event, settings, lms, arena)? else {
                    return Ok((0, None));
                };
                match envelope {
                    None => writer.write(&[event], Event::id)?,
                    Some(EnvelopeSettings { sensor, send_time }) => {
                        let envelope = Envelope::new(sensor, send_time, event);
                        writer.write(&[envelope], |_| event.id())?;
                    }
                }
                Ok((1, Some(event.time())))
            }
        }
    }
}

/// Rejects an event that must not be converted yet, because without the tables its actor may get another id.
#[cold]
fn tables_not_loaded() -> Fault {
    Fault::new(Reason::UnknownUser, "the lookup tables are not loaded")
}

/// Returns the row, if a line is a row of a rejects file.
fn row_of<'a>(line: Line<'_>, arena: &'a Bump) -> Option<&'a RejectsRow<'a>> {
    let LineContent::Whole(text) = line.content else {
        return None;
    };
    RejectsRow::read(text, arena).map(|row| &*arena.alloc(row))
}

/// Returns the event of a line. Returns `None` if the line is blank.
///
/// # Errors
/// Returns the fault of a line that cannot be parsed.
#[inline]
fn parse_content<'a>(
    line: Line<'a>,
    wrapper: &LineWrapper,
    arena: &'a Bump,
) -> Result<Option<TrackingEvent<'a>>, Fault> {
    match line.content {
        LineContent::Whole(text) => wrapper.parse_line(text, arena, line.is_marked),
        LineContent::Truncated(_) => Err(Fault::new(
            Reason::Truncated,
            match line.is_joined {
                true => "the last piece of the line is missing",
                false => "the input ends in the middle of the line",
            },
        )),
        LineContent::TooLong { length, .. } => Err(Fault::new(Reason::TooLong, {
            let has = match line.is_joined {
                true => "the first pieces of the line have",
                false => "the line has",
            };
            format!("{has} {length} bytes, more than `--max-line-bytes` allows")
        })),
    }
}

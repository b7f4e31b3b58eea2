//! The counts of events and outcomes for an inspection, in place of records.

use bumpalo::Bump;

use super::converted_line::ConvertedLine;
use super::line_converter::LineConverter;
use crate::contents::{Contents, LeftOutCause, SeenEvent};
use crate::input::{Line, Source};
use crate::outcome::{EventKind, Outcome, Reason, Repair, RepairSet, Unsupported};
use crate::repair::RepairedEvent;
use crate::repair::present_name;
use crate::text::position_text;
use crate::tracking::{LineWrapper, TrackingEvent};

impl LineConverter {
    /// Counts an event that is not converted, whatever the repairs. Returns `None`, and counts nothing, if the event may be
    /// converted, or if the whole line must be parsed.
    pub(super) fn count_unwanted<'a>(
        &self,
        text: &'a [u8],
        (line, wrapper): (Line<'a>, &LineWrapper),
        arena: &'a Bump,
        contents: &mut Contents,
    ) -> Option<ConvertedLine<'a>> {
        if !self.repairs.is_empty() {
            return None;
        }
        let is_wanted =
            |name: &str| present_name(name).is_some() || self.outcome_by_name(name).0.is_none();
        let event = wrapper.unwanted_outline(text, is_wanted, arena)?;
        let seen = SeenEvent::of_outline(&event, arena)?;
        let name = seen.name?;
        let (outcome, known) = self.outcome_by_name(name);
        let conversion = ConvertedLine::of_outcome(outcome?).named(name, known);
        contents.count(&seen);
        contents.form.count(&event, line);
        Some(conversion)
    }

    /// Counts an event, and whether the tables lack its user or its course.
    pub(super) fn count_contents<'a>(
        &self,
        event: &TrackingEvent<'a>,
        line: Line<'a>,
        arena: &'a Bump,
        contents: &mut Contents,
    ) {
        let seen = SeenEvent::of(event, arena);
        contents.count(&seen);
        contents.form.count(event, line);
        // The tables need only the users and courses of events that are converted.
        let is_taken = |name| self.outcome_by_name(name).0.is_none();
        let (Some(lms), true) = (self.lms.get(), seen.name.is_some_and(is_taken)) else {
            return;
        };
        if let Some(user) = seen.user.filter(|user| lms.lacks_user(*user)) {
            contents.lacking_users.count(user.text());
        }
        if let Some(course) = seen.course.filter(|course| lms.lacks_course(course)) {
            contents.lacking_courses.count(course);
        }
    }

    /// Returns the repairs with which an event would be emitted that is not converted because of its name, or because it
    /// has none. Returns no repairs if it would not be emitted all the same.
    #[cold]
    pub(super) fn repairs_of_name<'a>(
        &'a self,
        logged: TrackingEvent<'a>,
        arena: &'a Bump,
    ) -> RepairSet {
        let logged_name = match logged.has_name() {
            true => logged.name(),
            false => logged.event_type(),
        };
        let renamed = logged_name.and_then(present_name);
        let is_taken = |name: &&str| self.outcome_by_name(name).0.is_none();
        let Some(name) = renamed.or(logged_name).filter(is_taken) else {
            return RepairSet::NONE;
        };
        let mut needed = self.missing_repairs(name, logged, arena);
        if needed.is_empty() {
            return needed;
        }
        // The event was converted under its present name, so these repairs did not seem to be needed.
        let of_name = [
            (Repair::EarlierNames, renamed.is_some()),
            (Repair::Name, !logged.has_name()),
        ];
        let of_name = of_name.into_iter().filter(|(_, is_needed)| *is_needed);
        of_name.for_each(|(repair, _)| needed.insert(repair));
        needed
    }
}

impl LineConverter {
    /// Adds to the outcome of an inspected event why a run with repairs, or with the tables, rejects the event. An inspection
    /// converts events as without tables, so that it finds the repairs that they need.
    pub(super) fn with_later_rejection<'a>(
        &'a self,
        conversion: ConvertedLine<'a>,
        event: TrackingEvent<'a>,
        arena: &'a Bump,
    ) -> ConvertedLine<'a> {
        let is_converted =
            matches!(conversion.outcome, Outcome::Emitted) || !conversion.repairs.is_empty();
        let rejected_later = match is_converted {
            true => {
                let lms = self.lms.get();
                let reason = lms.and_then(|lms| lms.reason_of_tables(&event, arena));
                reason.map(|reason| (conversion.repairs, reason))
            }
            false => self.rejected_after_repairs(event, arena),
        };
        ConvertedLine {
            rejected_later,
            ..conversion
        }
    }

    /// Returns the reason why an event is rejected once all repairs that change it are applied.
    #[cold]
    fn rejected_after_repairs<'a>(
        &'a self,
        logged: TrackingEvent<'a>,
        arena: &'a Bump,
    ) -> Option<(RepairSet, Reason)> {
        let is_taken = |name: &&str| self.outcome_by_name(name).0.is_none();
        let name = match logged.has_name() {
            true => logged.name(),
            false => logged.event_type(),
        };
        let name = name
            .map(|name| present_name(name).unwrap_or(name))
            .filter(is_taken)?;
        let RepairedEvent { event, repairs, .. } =
            RepairedEvent::of(logged, RepairSet::ALL, arena).ok()?;
        let fault = self.tried(name, event, arena)?.err()?;
        (!repairs.is_empty()).then_some((repairs, fault.reason))
    }
}

/// Counts the outcome of a line.
pub(super) fn count_outcome(
    conversion: &ConvertedLine<'_>,
    line: Line<'_>,
    source: &Source,
    contents: &mut Contents,
) {
    let cause = match &conversion.outcome {
        Outcome::Emitted => match conversion.rejected_later {
            Some((_, reason)) => LeftOutCause::Rejected(reason),
            None => return,
        },
        Outcome::Unparsable(fault) => {
            let position = || match conversion.row {
                Some(row) => position_text(row.file, row.line, row.byte),
                None => position_text(&source.name, line.number, line.byte_number()),
            };
            contents.count_unparsable(fault.reason, position);
            return;
        }
        _ if !conversion.repairs.is_empty() => {
            if let Some(key) = conversion.rejected_later {
                *contents.rejected_by_tables.entry(key).or_default() += 1;
            }
            return;
        }
        Outcome::Rejected(fault) => LeftOutCause::Rejected(fault.reason),
        Outcome::Unsupported(Unsupported::NotByDefault) => LeftOutCause::OnRequest,
        Outcome::Unsupported(_) | Outcome::Filtered(_) => match conversion.kind_of_unsupported() {
            EventKind::Implicit | EventKind::ImplicitByType => LeftOutCause::Request,
            EventKind::Known(_) | EventKind::Named(_) => LeftOutCause::OtherName,
            EventKind::Unnamed if conversion.has_event_type() => LeftOutCause::OtherType,
            EventKind::Unnamed | EventKind::NamedByType => LeftOutCause::Nameless,
        },
    };
    *contents.left_out.entry(cause).or_default() += 1;
    let is_emitted = matches!(conversion.outcome, Outcome::Emitted);
    if let Some((repairs, reason)) = conversion.rejected_later.filter(|_| !is_emitted) {
        let key = (cause, repairs, reason);
        *contents.rejected_after_repairs.entry(key).or_default() += 1;
    }
}

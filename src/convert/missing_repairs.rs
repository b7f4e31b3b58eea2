//! The repairs that an event would need, and those without which it is converted.

use bumpalo::Bump;
use jiff::civil::DateTime;

use super::converted_batch::ConvertedBatch;
use super::line_converter::LineConverter;
use super::record_writer::{Layout, RecordWriter};
use crate::outcome::{Fault, Repair, RepairSet};
use crate::repair::RepairedEvent;
use crate::routing::RouterSet;
use crate::tracking::TrackingEvent;

impl LineConverter {
    /// Returns the repairs with which a rejected event, or one that a filter left out, would be emitted, in addition to
    /// those that were applied. Returns no repairs if it would not be emitted all the same. Leaves out repairs that change
    /// the event and are not needed.
    #[cold]
    pub(super) fn missing_repairs<'a>(
        &'a self,
        name: &'a str,
        event: TrackingEvent<'a>,
        arena: &'a Bump,
    ) -> RepairSet {
        let Some(done) = self.emitting_repairs(name, event, RepairSet::ALL, arena) else {
            return RepairSet::NONE;
        };
        let mut needed = done;
        let added: Vec<_> = done.without(self.repairs).iter().collect();
        // In this order, the time that `shipper-time` chooses is judged before the repair of that time.
        for &repair in added.iter().rev() {
            let others = needed.without(RepairSet::from_iter([repair]));
            if self.emitting_repairs(name, event, others, arena).is_some() {
                needed = others;
            }
        }
        needed.without(self.repairs)
    }

    /// Returns the repairs that change an event if some repairs are applied. Returns `None` if none of them is a new one,
    /// or if the event is not emitted then.
    fn emitting_repairs<'a>(
        &'a self,
        name: &'a str,
        event: TrackingEvent<'a>,
        repairs: RepairSet,
        arena: &'a Bump,
    ) -> Option<RepairSet> {
        let RepairedEvent { event, repairs, .. } = RepairedEvent::of(event, repairs, arena).ok()?;
        let is_new = !repairs.without(self.repairs).is_empty();
        (is_new && self.would_emit(name, event, arena)).then_some(repairs)
    }

    /// Returns a rejected event with fewer repairs, and these repairs, if it is emitted then: a repair never loses an
    /// event that is emitted without it. The course in an address may be unknown, and `time` may lack the offset that
    /// `timestamp` has.
    #[cold]
    pub(super) fn less_repaired<'a>(
        &'a self,
        name: &'a str,
        logged: TrackingEvent<'a>,
        repairs: RepairSet,
        arena: &'a Bump,
    ) -> Option<(TrackingEvent<'a>, RepairSet)> {
        let doubtful = [
            RepairSet::from_iter([Repair::CourseFromUrl]),
            RepairSet::from_iter([Repair::ShipperTime]),
            RepairSet::from_iter([Repair::CourseFromUrl, Repair::ShipperTime]),
            RepairSet::ALL,
        ];
        let fewer = doubtful
            .into_iter()
            .map(|left_out| repairs.without(left_out));
        let mut fewer = fewer.filter(|fewer| *fewer != repairs);
        fewer.find_map(|fewer| {
            let RepairedEvent { event, repairs, .. } =
                RepairedEvent::of(logged, fewer, arena).ok()?;
            let is_emitted =
                self.name_of(&event) == Some(name) && self.would_emit(name, event, arena);
            is_emitted.then_some((event, repairs))
        })
    }

    /// Returns whether an event passes the filters and has records.
    fn would_emit<'a>(&'a self, name: &'a str, event: TrackingEvent<'a>, arena: &'a Bump) -> bool {
        matches!(self.tried(name, event, arena), Some(Ok((1.., _))))
    }

    /// Returns the number of records of an event and its time, or the fault. Writes nothing. Returns `None` if the event does
    /// not pass the filters.
    pub(super) fn tried<'a>(
        &'a self,
        name: &'a str,
        event: TrackingEvent<'a>,
        arena: &'a Bump,
    ) -> Option<Result<(usize, Option<DateTime>), Fault>> {
        let mut batch = ConvertedBatch::default();
        if self
            .accepting_routers(&event, &mut batch.tally.filtered)
            .is_err()
        {
            return None;
        }
        let writer = RecordWriter {
            batch: &mut batch,
            layout: Layout::Lines,
            line: 0,
            byte: 0,
            nth: 0,
            routers: RouterSet::ALL,
        };
        Some(self.transform(name, event, arena, writer))
    }
}

//! The repairs that an event would need.

use bumpalo::Bump;

use super::converted_batch::ConvertedBatch;
use super::line_converter::LineConverter;
use super::record_writer::{Layout, RecordWriter};
use crate::outcome::RepairSet;
use crate::repair::repaired;
use crate::routing::RouterSet;
use crate::tracking::TrackingEvent;

impl LineConverter {
    /// Returns the repairs with which a rejected event would be emitted, in addition to those that were applied. Returns
    /// no repairs if it would be rejected all the same. Leaves out repairs that change the event and are not needed.
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
        let (event, done) = repaired(event, repairs, arena).ok()?;
        if done.without(self.repairs).is_empty() {
            return None;
        }
        let mut batch = ConvertedBatch::default();
        let writer = RecordWriter {
            batch: &mut batch,
            layout: Layout::Lines,
            line: 0,
            byte: 0,
            nth: 0,
            routers: RouterSet::ALL,
        };
        match self.transform(name, event, arena, writer) {
            Ok((1.., _)) => Some(done),
            _ => None,
        }
    }
}

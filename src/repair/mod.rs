//! Repairs, which convert old events to the form of today. Nothing is repaired unless the user asks for it, because the
//! reference repairs nothing.
//!
//! | repair | file | source of the old form |
//! |---|---|---|
//! | `name` | | edx-platform until 2020: `server_track` in `track/views` wrote `event_type` only |
//! | `earlier-names` | `earlier_names` | edx-platform: `save_problem_check` and `show_answer` in `capa_module.py` of 2012, `track/transformers.py` for the others |
//! | `naive-time` | `naive_time` | json_to_relation, test data of June 2013; ol-data-platform, which replaces the blank |
//! | `course-from-url` | `course_from_url` | edx-analytics-pipeline, `get_course_key_from_url` |
//! | `legacy-ids` | [`usage_key`](crate::tracking::usage_key) | opaque-keys, `Location.html_id` |
//! | `problem-from-event` | `problem_from_event` | edX research guide: `referer` was added on 23 February 2015 |
//! | `shipper-time` | `shipper_time` | Vector's `merge`, Logstash |
//! | `extended-json` | `extended_json` | MongoDB Extended JSON 2.0, which `mongoexport` writes |
//!
//! Repairs are applied in an order in which each sees the results of those that it depends on: a naive time may be in
//! Extended JSON.

mod course_from_url;
mod earlier_names;
mod extended_json;
mod naive_time;
mod problem_from_event;
mod shipper_time;

use bumpalo::Bump;

use crate::json::JsonObject;
use crate::outcome::{Fault, Repair, RepairSet};
use crate::tracking::TrackingEvent;

pub use earlier_names::present_name;

/// An event to which repairs were applied.
#[derive(Clone, Copy)]
pub struct RepairedEvent<'a> {
    pub event: TrackingEvent<'a>,
    /// The event as logged, if a repair has changed it.
    pub logged: Option<&'a TrackingEvent<'a>>,
    /// The repairs that changed the event.
    pub repairs: RepairSet,
}

impl<'a> RepairedEvent<'a> {
    /// Returns an event as it is.
    pub fn unchanged(event: TrackingEvent<'a>) -> Self {
        Self {
            event,
            logged: None,
            repairs: RepairSet::NONE,
        }
    }

    /// Applies the chosen repairs to an event.
    ///
    /// # Errors
    /// Returns an error if the repaired event cannot be read, as [`TrackingEvent::of_object`] does.
    pub fn of(
        logged: TrackingEvent<'a>,
        chosen: RepairSet,
        arena: &'a Bump,
    ) -> Result<Self, Fault> {
        let (event, repairs) = repaired(logged, chosen, arena)?;
        Ok(Self {
            event,
            logged: (!repairs.is_empty()).then(|| &*arena.alloc(logged)),
            repairs,
        })
    }
}

/// Returns a repaired event, and the repairs that changed it.
fn repaired<'a>(
    event: TrackingEvent<'a>,
    chosen: RepairSet,
    arena: &'a Bump,
) -> Result<(TrackingEvent<'a>, RepairSet), Fault> {
    let mut done = RepairSet::NONE;
    let mut event = event;
    for (repair, repaired) in STEPS {
        if chosen.contains(repair)
            && let Some(root) = repaired(&event, arena)
        {
            event = TrackingEvent::of_object(root, arena)?;
            done.insert(repair);
        }
    }
    if chosen.contains(Repair::Name) && !event.has_name() && event.event_type().is_some() {
        done.insert(Repair::Name);
    }
    if chosen.contains(Repair::LegacyIds) && event.use_legacy_keys() {
        done.insert(Repair::LegacyIds);
    }
    Ok((event, done))
}

/// A repair as a function from an event to the object of the repaired event. `None` if there is nothing to repair.
type Step = for<'a> fn(&TrackingEvent<'a>, &'a Bump) -> Option<JsonObject<'a>>;

/// The repairs that change the object of an event, in the order in which they are applied.
const STEPS: [(Repair, Step); 6] = [
    (Repair::ExtendedJson, extended_json::repaired),
    (Repair::ShipperTime, shipper_time::repaired),
    (Repair::NaiveTime, naive_time::repaired),
    (Repair::EarlierNames, earlier_names::repaired),
    (Repair::CourseFromUrl, course_from_url::repaired),
    (Repair::ProblemFromEvent, problem_from_event::repaired),
];

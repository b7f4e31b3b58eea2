//! Events in which a log shipper has written the time of arrival to `timestamp`. The LMS writes only `time`.

use bumpalo::Bump;

use crate::json::JsonObject;
use crate::tracking::{TrackingEvent, arrived_later};

/// Returns the event without `timestamp`, if that is more than a second later than `time`, or in a form that the LMS does
/// not write.
pub fn repaired<'a>(event: &TrackingEvent<'a>, arena: &'a Bump) -> Option<JsonObject<'a>> {
    arrived_later(event).then(|| event.root().without("timestamp", arena))
}

//! Converts one tracking event to one Caliper event.
//!
//! [`transform`] chooses a function by the name of the event. There is one file for each family of events; its module
//! docs list the source of each output field. Everything here is a pure function of the event, the settings and the
//! lookup tables.

mod enrollment;
mod event_id;
mod events;
mod model;
mod navigation;
mod problem;
mod transformer;
mod video;
mod vocabulary;

use bumpalo::Bump;
use jiff::civil::DateTime;

pub use events::{DEFAULT_EVENTS, OTHER_EVENTS};
pub use model::{Envelope, Event};
pub use transformer::CaliperSettings;
use transformer::Transformer;
use vocabulary::{action, entity};

use crate::json::Value;
use crate::lms::Lms;
use crate::outcome::Fault;
use crate::time::EventTime;
use crate::tracking::TrackingEvent;

/// The value of `dataVersion` in Caliper envelopes.
pub const DATA_VERSION: &str = vocabulary::CONTEXT;

/// Returns the time of an event in UTC.
///
/// # Errors
/// Returns `MissingField` if the event has no time, `BadTimestamp` if the time is not a full date and time with an
/// offset.
pub fn time_of(event: &TrackingEvent<'_>) -> Result<DateTime, Fault> {
    transformer::event_time(event).map(EventTime::utc)
}

/// Transforms one event. Returns `None` if `name` is neither in [`DEFAULT_EVENTS`] nor in [`OTHER_EVENTS`].
///
/// # Errors
/// Returns the reason why the event cannot be transformed.
pub fn transform<'a>(
    name: &str,
    event: TrackingEvent<'a>,
    settings: &'a CaliperSettings,
    lms: &'a Lms,
    arena: &'a Bump,
) -> Result<Option<Event<'a>>, Fault> {
    let cx = &Transformer {
        event,
        settings,
        lms,
        arena,
    };
    let next = Some(Value::Str("next unit"));
    let previous = Some(Value::Str("previous unit"));
    let event = match name {
        "edx.course.enrollment.activated" => enrollment::course(cx, action::ACTIVATED),
        "edx.course.enrollment.deactivated" => enrollment::course(cx, action::DEACTIVATED),
        "edx.course.grade.passed.first_time" => enrollment::course(cx, action::COMPLETED),

        "edx.ui.lms.link_clicked" => navigation::page(cx, entity::WEBPAGE),
        "edx.ui.lms.outline.selected" => navigation::page(cx, entity::DIGITAL_RESOURCE),
        "edx.ui.lms.sequence.outline.selected" => navigation::tab(cx, entity::DIGITAL_RESOURCE),
        "edx.ui.lms.sequence.next_selected" => {
            navigation::unit(cx, entity::DIGITAL_RESOURCE_COLLECTION, next)
        }
        "edx.ui.lms.sequence.previous_selected" => {
            navigation::unit(cx, entity::DIGITAL_RESOURCE_COLLECTION, previous)
        }
        "edx.ui.lms.sequence.tab_selected" => {
            navigation::tab(cx, entity::DIGITAL_RESOURCE_COLLECTION)
        }

        "problem_check" => problem::checked(cx),
        "edx.grades.problem.submitted" => problem::submitted(cx),
        "edx.problem.completed" => problem::completed(cx),
        "edx.problem.hint.demandhint_displayed" => problem::hint_displayed(cx),
        "showanswer" => problem::answer_shown(cx),

        "load_video" | "edx.video.loaded" => video::media(cx, action::STARTED),
        "play_video" | "edx.video.played" => video::media(cx, action::RESUMED),
        "pause_video" | "edx.video.paused" => video::media(cx, action::PAUSED),
        "stop_video" | "edx.video.stopped" => video::media(cx, action::ENDED),
        "complete_video" | "edx.video.completed" => video::media(cx, action::ENDED),
        "seek_video" | "edx.video.position.changed" => video::seeked(cx),
        "speed_change_video" => video::speed_changed(cx),
        // As in the reference, showing or hiding the captions menu counts as showing or hiding the captions.
        "show_transcript" | "edx.video.transcript.shown" => {
            video::media(cx, action::ENABLED_CLOSED_CAPTIONING)
        }
        "hide_transcript" | "edx.video.transcript.hidden" => {
            video::media(cx, action::DISABLED_CLOSED_CAPTIONING)
        }
        "video_show_cc_menu" | "edx.video.closed_captions.shown" => {
            video::media(cx, action::ENABLED_CLOSED_CAPTIONING)
        }
        "video_hide_cc_menu" | "edx.video.closed_captions.hidden" => {
            video::media(cx, action::DISABLED_CLOSED_CAPTIONING)
        }

        _ => return Ok(None),
    };
    event.map(Some)
}

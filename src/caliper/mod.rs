//! One tracking event → a Caliper event.
//!
//! The same shape as [`crate::xapi`]: the table below is the whole mapping of event names; each family file is the
//! mapping of the fields, told in its module docs. Everything here is a pure function of the event, the settings and the
//! lookup tables.

mod enrollment;
mod event_id;
mod event_time;
mod events;
mod model;
mod navigation;
mod problem;
mod transformer;
mod video;
mod vocabulary;

use bumpalo::Bump;
use jiff::civil::DateTime;

/// The `dataVersion` of envelopes.
pub const DATA_VERSION: &str = vocabulary::CONTEXT;

pub use events::{DEFAULT_EVENTS, OTHER_EVENTS};
pub use model::{Envelope, Event};
use transformer::Transformer;
use vocabulary::{action, entity};

use crate::json::Value;
use crate::lms::Lms;
use crate::outcome::Fault;
use crate::time::EventTime;
use crate::tracking::TrackingEvent;

/// What the reference keeps in its Django settings.
#[derive(Clone, Debug)]
pub struct CaliperSettings {
    /// The value of the transformerVersion extension.
    pub transformer_version: String,
}

/// When an event happened, in UTC.
///
/// # Errors
/// The event has no time, or none that the format takes, for which it is rejected.
pub fn time_of(event: &TrackingEvent<'_>) -> Result<DateTime, Fault> {
    event_time::event_time(event).map(EventTime::utc)
}

/// Transforms one event. A name that has no transformer comes to nothing.
///
/// # Errors
/// Why the event cannot be transformed.
pub fn transform<'a>(
    name: &str,
    event: TrackingEvent<'a>,
    settings: &'a CaliperSettings,
    lms: &'a Lms,
    arena: &'a Bump,
) -> Result<Option<Event<'a>>, Fault> {
    let it = &Transformer {
        event,
        settings,
        lms,
        arena,
    };
    let next = Some(Value::Str("next unit"));
    let previous = Some(Value::Str("previous unit"));
    let event = match name {
        "edx.course.enrollment.activated" => enrollment::course(it, action::ACTIVATED),
        "edx.course.enrollment.deactivated" => enrollment::course(it, action::DEACTIVATED),
        "edx.course.grade.passed.first_time" => enrollment::course(it, action::COMPLETED),

        "edx.ui.lms.link_clicked" => navigation::page(it, entity::WEBPAGE),
        "edx.ui.lms.outline.selected" => navigation::page(it, entity::DIGITAL_RESOURCE),
        "edx.ui.lms.sequence.outline.selected" => navigation::tab(it, entity::DIGITAL_RESOURCE),
        "edx.ui.lms.sequence.next_selected" => {
            navigation::unit(it, entity::DIGITAL_RESOURCE_COLLECTION, next)
        }
        "edx.ui.lms.sequence.previous_selected" => {
            navigation::unit(it, entity::DIGITAL_RESOURCE_COLLECTION, previous)
        }
        "edx.ui.lms.sequence.tab_selected" => {
            navigation::tab(it, entity::DIGITAL_RESOURCE_COLLECTION)
        }

        "problem_check" => problem::checked(it),
        "edx.grades.problem.submitted" => problem::submitted(it),
        "edx.problem.completed" => problem::completed(it),
        "edx.problem.hint.demandhint_displayed" => problem::hint_displayed(it),
        "showanswer" => problem::answer_shown(it),

        "load_video" | "edx.video.loaded" => video::media(it, action::STARTED),
        "play_video" | "edx.video.played" => video::media(it, action::RESUMED),
        "pause_video" | "edx.video.paused" => video::media(it, action::PAUSED),
        "stop_video" | "edx.video.stopped" => video::media(it, action::ENDED),
        "complete_video" | "edx.video.completed" => video::media(it, action::ENDED),
        "seek_video" | "edx.video.position.changed" => video::seeked(it),
        "speed_change_video" => video::speed_changed(it),
        // Caption menus count as captions.
        "show_transcript" | "edx.video.transcript.shown" => {
            video::media(it, action::ENABLED_CLOSED_CAPTIONING)
        }
        "hide_transcript" | "edx.video.transcript.hidden" => {
            video::media(it, action::DISABLED_CLOSED_CAPTIONING)
        }
        "video_show_cc_menu" | "edx.video.closed_captions.shown" => {
            video::media(it, action::ENABLED_CLOSED_CAPTIONING)
        }
        "video_hide_cc_menu" | "edx.video.closed_captions.hidden" => {
            video::media(it, action::DISABLED_CLOSED_CAPTIONING)
        }

        _ => return Ok(None),
    };
    event.map(Some)
}

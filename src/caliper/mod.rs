//! Converts one tracking event to one Caliper event.
//!
//! [`mapping()`] is the table of events: it has the family, the event type, the action, the object type and the function
//! for each name of an event. There is one file for each family of events; its module docs list the source of each output
//! field. Everything here is a pure function of the event, the settings and the lookup tables.

mod conform;
mod enrollment;
mod event_id;
mod mapping;
mod model;
mod navigation;
mod problem;
mod transformer;
mod video;
mod vocabulary;

use bumpalo::Bump;
use jiff::civil::DateTime;

use mapping::Conversion;
pub use mapping::Mapping;
pub use model::{Envelope, Event, EventKind};
pub use transformer::CaliperSettings;
use transformer::Transformer;
use vocabulary::{action, entity, event};

use crate::family::Family;
use crate::format::Conformance;
use crate::json;
use crate::lms::Lms;
use crate::outcome::Fault;
use crate::time::EventTime;
use crate::tracking::TrackingEvent;

/// The names of all events that can be converted. The default list (`EVENT_TRACKING_BACKENDS_ALLOWED_CALIPER_EVENTS` in
/// the reference's settings) has two more, which the reference cannot transform: `edx.course.grade.now_passed` and
/// `.now_failed`.
pub const EVENTS: &[&str] = &[
    "complete_video",
    "edx.course.enrollment.activated",
    "edx.course.enrollment.deactivated",
    "edx.course.grade.passed.first_time",
    "edx.grades.problem.submitted",
    "edx.problem.completed",
    "edx.problem.hint.demandhint_displayed",
    "edx.ui.lms.link_clicked",
    "edx.ui.lms.outline.selected",
    "edx.ui.lms.sequence.next_selected",
    "edx.ui.lms.sequence.outline.selected",
    "edx.ui.lms.sequence.previous_selected",
    "edx.ui.lms.sequence.tab_selected",
    "edx.video.closed_captions.hidden",
    "edx.video.closed_captions.shown",
    "edx.video.completed",
    "edx.video.loaded",
    "edx.video.paused",
    "edx.video.played",
    "edx.video.position.changed",
    "edx.video.stopped",
    "edx.video.transcript.hidden",
    "edx.video.transcript.shown",
    "hide_transcript",
    "load_video",
    "pause_video",
    "play_video",
    "problem_check",
    "seek_video",
    "show_transcript",
    "showanswer",
    "speed_change_video",
    "stop_video",
    "video_hide_cc_menu",
    "video_show_cc_menu",
];

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

/// The table of events: returns what the events of a name become, and how. Returns `None` for names that are not in
/// [`EVENTS`].
#[rustfmt::skip]
pub fn mapping(name: &str) -> Option<Mapping> {
    use Family::{Enrollment, Navigation, Problem, Video};

    let one = |family, event_type, action, object_type, function| {
        let kind = EventKind { event_type, action, object_type };
        Mapping::new(family, Conversion::Fixed(kind, function))
    };
    Some(match name {
        "edx.course.enrollment.activated" =>
            one(Enrollment, event::EVENT, action::ACTIVATED, entity::COURSE_OFFERING, enrollment::course),
        "edx.course.enrollment.deactivated" =>
            one(Enrollment, event::EVENT, action::DEACTIVATED, entity::COURSE_OFFERING, enrollment::course),
        "edx.course.grade.passed.first_time" =>
            one(Enrollment, event::EVENT, action::COMPLETED, entity::COURSE_OFFERING, enrollment::course),

        "edx.ui.lms.link_clicked" =>
            one(Navigation, event::NAVIGATION, action::NAVIGATED_TO, entity::WEBPAGE, navigation::page),
        "edx.ui.lms.outline.selected" =>
            one(Navigation, event::NAVIGATION, action::NAVIGATED_TO, entity::DIGITAL_RESOURCE, navigation::page),
        "edx.ui.lms.sequence.outline.selected" =>
            one(Navigation, event::NAVIGATION, action::NAVIGATED_TO, entity::DIGITAL_RESOURCE, navigation::tab),
        "edx.ui.lms.sequence.next_selected" =>
            one(Navigation, event::NAVIGATION, action::NAVIGATED_TO, entity::DIGITAL_RESOURCE_COLLECTION, navigation::next_unit),
        "edx.ui.lms.sequence.previous_selected" =>
            one(Navigation, event::NAVIGATION, action::NAVIGATED_TO, entity::DIGITAL_RESOURCE_COLLECTION, navigation::previous_unit),
        "edx.ui.lms.sequence.tab_selected" =>
            one(Navigation, event::NAVIGATION, action::NAVIGATED_TO, entity::DIGITAL_RESOURCE_COLLECTION, navigation::tab),

        "problem_check" => Mapping::new(Problem, Conversion::OneOf(&problem::CHECKED, problem::checked)),
        "edx.grades.problem.submitted" =>
            one(Problem, event::ASSESSMENT, action::SUBMITTED, entity::ASSESSMENT, problem::about_block).on_request(),
        "edx.problem.completed" =>
            one(Problem, event::ASSESSMENT_ITEM, action::COMPLETED, entity::ASSESSMENT_ITEM, problem::about_block).on_request(),
        "edx.problem.hint.demandhint_displayed" =>
            one(Problem, event::EVENT, action::VIEWED, entity::ANNOTATION, problem::hint_displayed),
        "showanswer" => one(Problem, event::EVENT, action::VIEWED, entity::ANNOTATION, problem::answer_shown),

        "load_video" | "edx.video.loaded" =>
            one(Video, event::MEDIA, action::STARTED, entity::VIDEO_OBJECT, video::media),
        "play_video" | "edx.video.played" =>
            one(Video, event::MEDIA, action::RESUMED, entity::VIDEO_OBJECT, video::media),
        "pause_video" | "edx.video.paused" =>
            one(Video, event::MEDIA, action::PAUSED, entity::VIDEO_OBJECT, video::media),
        "stop_video" | "edx.video.stopped" =>
            one(Video, event::MEDIA, action::ENDED, entity::VIDEO_OBJECT, video::media),
        "complete_video" | "edx.video.completed" =>
            one(Video, event::MEDIA, action::ENDED, entity::VIDEO_OBJECT, video::media),
        "seek_video" | "edx.video.position.changed" =>
            one(Video, event::MEDIA, action::JUMPED_TO, entity::VIDEO_OBJECT, video::seeked),
        "speed_change_video" =>
            one(Video, event::MEDIA, action::CHANGED_SPEED, entity::VIDEO_OBJECT, video::speed_changed).on_request(),
        // As in the reference, showing or hiding the captions menu counts as showing or hiding the captions.
        "show_transcript" | "edx.video.transcript.shown" =>
            one(Video, event::MEDIA, action::ENABLED_CLOSED_CAPTIONING, entity::VIDEO_OBJECT, video::media).on_request(),
        "hide_transcript" | "edx.video.transcript.hidden" =>
            one(Video, event::MEDIA, action::DISABLED_CLOSED_CAPTIONING, entity::VIDEO_OBJECT, video::media).on_request(),
        "video_show_cc_menu" | "edx.video.closed_captions.shown" =>
            one(Video, event::MEDIA, action::ENABLED_CLOSED_CAPTIONING, entity::VIDEO_OBJECT, video::media).on_request(),
        "video_hide_cc_menu" | "edx.video.closed_captions.hidden" =>
            one(Video, event::MEDIA, action::DISABLED_CLOSED_CAPTIONING, entity::VIDEO_OBJECT, video::media).on_request(),

        _ => return None,
    })
}

/// Transforms one event. Returns `None` if `name` is not in [`EVENTS`].
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
    let event = match mapping(name).map(|mapping| mapping.conversion) {
        None => return Ok(None),
        Some(Conversion::Fixed(kind, event)) => event(cx, kind)?,
        Some(Conversion::OneOf(_, event)) => event(cx)?,
    };
    match settings.conformance {
        Conformance::Reference => Ok(Some(event)),
        // A value that JSON cannot represent makes the event not representable, so such a value must stay.
        Conformance::Spec if !json::is_representable(&event) => Ok(Some(event)),
        Conformance::Spec => conform::event(cx, event).map(Some),
    }
}

//! Converts one tracking event to xAPI statements.
//!
//! [`transform`] chooses a function by the name of the event. There is one file for each family of events; its module
//! docs list the source of each output field. Everything here is a pure function of the event, the settings and the
//! lookup tables.

mod completion;
mod enrollment;
mod events;
mod exam;
mod forum;
mod grading;
mod model;
mod navigation;
mod problem;
mod problem_check;
mod problem_result;
mod statement_id;
mod transformer;
mod video;
mod vocabulary;

use bumpalo::Bump;
use jiff::civil::DateTime;

pub use events::{DEFAULT_EVENTS, OTHER_EVENTS};
pub use model::Statement;
pub use problem_check::lacks_attempt_id;
use transformer::Transformer;
pub use transformer::{ActorKind, XapiSettings};
use vocabulary::{activity, verb};

use crate::lms::Lms;
use crate::outcome::Fault;
use crate::time::Timestamp;
use crate::tracking::TrackingEvent;

/// Returns the time of an event in UTC, or `None` if the event has no time.
///
/// # Errors
/// Returns `BadTimestamp` if the time is neither ISO 8601 text with an offset nor a number of seconds since 1970.
pub fn time_of(event: &TrackingEvent<'_>) -> Result<Option<DateTime>, Fault> {
    let timestamp = transformer::timestamp(transformer::logged_time(event))?;
    Ok(timestamp.map(Timestamp::utc))
}

/// Transforms one event into its statements. Most events have one statement. A checked problem with several questions
/// has one statement for the problem and one for each question. The result is empty if `name` is neither in
/// [`DEFAULT_EVENTS`] nor in [`OTHER_EVENTS`].
///
/// # Errors
/// Returns the reason why the event cannot be transformed.
pub fn transform<'a>(
    name: &'a str,
    event: TrackingEvent<'a>,
    settings: &'a XapiSettings,
    lms: &'a Lms,
    arena: &'a Bump,
) -> Result<&'a [Statement<'a>], Fault> {
    let cx = &Transformer {
        event,
        settings,
        lms,
        arena,
    };
    let statement = match name {
        "edx.completion.block_completion.changed" => completion::progressed(cx),

        "edx.course.enrollment.activated" => enrollment::course(cx, &verb::REGISTERED),
        "edx.course.enrollment.mode_changed" => enrollment::course(cx, &verb::REGISTERED),
        "edx.course.enrollment.deactivated" => enrollment::course(cx, &verb::UNREGISTERED),
        "edx.course.grade.passed.first_time" => enrollment::course(cx, &verb::PASSED),
        "edx.course.grade.now_passed" => enrollment::course(cx, &verb::PASSED),
        "edx.course.grade.now_failed" => enrollment::course(cx, &verb::FAILED),

        "edx.special_exam.timed.attempt.created" => {
            exam::attempt(cx, &verb::INITIALIZED, activity::TIMED_ASSESSMENT)
        }
        "edx.special_exam.timed.attempt.submitted" => {
            exam::attempt(cx, &verb::TERMINATED, activity::TIMED_ASSESSMENT)
        }
        "edx.special_exam.practice.attempt.created" => {
            exam::attempt(cx, &verb::INITIALIZED, activity::PRACTICE_ASSESSMENT)
        }
        "edx.special_exam.practice.attempt.submitted" => {
            exam::attempt(cx, &verb::TERMINATED, activity::PRACTICE_ASSESSMENT)
        }
        "edx.special_exam.proctored.attempt.created" => {
            exam::attempt(cx, &verb::INITIALIZED, activity::PROCTORED_ASSESSMENT)
        }
        "edx.special_exam.proctored.attempt.submitted" => {
            exam::attempt(cx, &verb::TERMINATED, activity::PROCTORED_ASSESSMENT)
        }

        "edx.forum.thread.created" => forum::thread_created(cx),
        "edx.forum.response.created" | "edx.forum.comment.created" => {
            forum::discussion(cx, &verb::POSTED)
        }
        "edx.forum.thread.edited" | "edx.forum.response.edited" | "edx.forum.comment.edited" => {
            forum::discussion(cx, &verb::EDITED)
        }
        "edx.forum.thread.viewed" => forum::discussion(cx, &verb::VIEWED),
        "edx.forum.thread.deleted" | "edx.forum.response.deleted" | "edx.forum.comment.deleted" => {
            forum::discussion(cx, &verb::DELETED)
        }
        "edx.forum.thread.voted" | "edx.forum.response.voted" => forum::voted(cx),
        "edx.forum.thread.reported"
        | "edx.forum.response.reported"
        | "edx.forum.comment.reported" => forum::discussion(cx, &verb::REPORTED),
        "edx.forum.thread.unreported"
        | "edx.forum.response.unreported"
        | "edx.forum.comment.unreported" => forum::discussion(cx, &verb::UNREPORTED),

        "edx.grades.subsection.grade_calculated" => grading::subsection(cx),
        "edx.grades.course.grade_calculated" => grading::course(cx),

        "edx.ui.lms.link_clicked" => navigation::link_clicked(cx),
        "edx.ui.lms.sequence.outline.selected" | "edx.ui.lms.outline.selected" => {
            navigation::outline_selected(cx)
        }
        "edx.ui.lms.sequence.next_selected" => navigation::unit_selected(cx, "next unit"),
        "edx.ui.lms.sequence.previous_selected" => navigation::unit_selected(cx, "previous unit"),
        "edx.ui.lms.sequence.tab_selected" => navigation::tab_selected(cx),

        "showanswer" => problem::answer_shown(cx),
        "edx.problem.hint.demandhint_displayed" => problem::hint_displayed(cx),
        "edx.problem.completed" => problem::completed(cx),
        "edx.grades.problem.submitted" => problem::submitted(cx),
        "problem_check" => return problem_check::checked(cx),

        "load_video" | "edx.video.loaded" => video::loaded(cx),
        "play_video" | "edx.video.played" => video::at_time(cx, &verb::PLAYED),
        "pause_video" | "edx.video.paused" => video::at_time(cx, &verb::PAUSED),
        "stop_video" | "edx.video.stopped" => video::at_time(cx, &verb::TERMINATED),
        "complete_video" | "edx.video.completed" => video::completed(cx),
        "seek_video" | "edx.video.position.changed" => video::seeked(cx),
        "speed_change_video" => video::speed_changed(cx),
        // As in the reference, showing or hiding the captions menu counts as showing or hiding the captions.
        "show_transcript" | "edx.video.transcript.shown" => video::captions(cx, true),
        "hide_transcript" | "edx.video.transcript.hidden" => video::captions(cx, false),
        "video_show_cc_menu" | "edx.video.closed_captions.shown" => video::captions(cx, true),
        "video_hide_cc_menu" | "edx.video.closed_captions.hidden" => video::captions(cx, false),

        _ => return Ok(&[]),
    };
    let cause = || event.missing(object_id_field(name)).detail;
    transformer::with_object_ids(arena.alloc([statement?]), cause)
}

/// Returns the field that has the object id of an event, for events whose object id may be absent.
fn object_id_field(name: &str) -> &'static str {
    match name {
        "edx.completion.block_completion.changed" => "data.block_id",
        "edx.ui.lms.sequence.outline.selected" | "edx.ui.lms.outline.selected" => "data.target_url",
        "edx.problem.completed" | "edx.grades.problem.submitted" => "data.problem_id",
        name if name.starts_with("edx.special_exam.") => "event.exam_content_id",
        _ => "data.id",
    }
}

//! Converts one tracking event to xAPI statements.
//!
//! [`mapping()`] is the table of events: it has the family, the verb, the object type and the function for each name of an
//! event. There is one file for each family of events; its module docs list the source of each output field. Everything
//! here is a pure function of the event, the settings and the lookup tables.

mod completion;
mod conform;
mod enrollment;
mod exam;
mod forum;
mod grading;
mod mapping;
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
use bumpalo::collections::Vec as ArenaVec;
use jiff::civil::DateTime;

use mapping::Conversion;
pub use mapping::{Mapping, StatementKind};
pub use model::Statement;
pub use problem_check::lacks_attempt_id;
use transformer::Transformer;
pub(crate) use transformer::logged_time;
pub use transformer::{ActorKind, XapiSettings};
use vocabulary::{activity, verb};

use crate::family::Family;
use crate::format::Conformance;
use crate::json;
use crate::lms::Lms;
use crate::outcome::Fault;
use crate::time::Timestamp;
use crate::tracking::TrackingEvent;

/// The names of all events that can be converted. The default list (`EVENT_TRACKING_BACKENDS_ALLOWED_XAPI_EVENTS` in the
/// reference's settings) has two more, which the reference cannot transform: `edx.video.language_menu.hidden` and
/// `.shown`.
pub const EVENTS: &[&str] = &[
    "complete_video",
    "edx.completion.block_completion.changed",
    "edx.course.enrollment.activated",
    "edx.course.enrollment.deactivated",
    "edx.course.enrollment.mode_changed",
    "edx.course.grade.now_failed",
    "edx.course.grade.now_passed",
    "edx.course.grade.passed.first_time",
    "edx.forum.comment.created",
    "edx.forum.comment.deleted",
    "edx.forum.comment.edited",
    "edx.forum.comment.reported",
    "edx.forum.comment.unreported",
    "edx.forum.response.created",
    "edx.forum.response.deleted",
    "edx.forum.response.edited",
    "edx.forum.response.reported",
    "edx.forum.response.unreported",
    "edx.forum.response.voted",
    "edx.forum.thread.created",
    "edx.forum.thread.deleted",
    "edx.forum.thread.edited",
    "edx.forum.thread.reported",
    "edx.forum.thread.unreported",
    "edx.forum.thread.viewed",
    "edx.forum.thread.voted",
    "edx.grades.course.grade_calculated",
    "edx.grades.problem.submitted",
    "edx.grades.subsection.grade_calculated",
    "edx.problem.completed",
    "edx.problem.hint.demandhint_displayed",
    "edx.special_exam.practice.attempt.created",
    "edx.special_exam.practice.attempt.submitted",
    "edx.special_exam.proctored.attempt.created",
    "edx.special_exam.proctored.attempt.submitted",
    "edx.special_exam.timed.attempt.created",
    "edx.special_exam.timed.attempt.submitted",
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

/// Returns the time of an event in UTC, or `None` if the event has no time.
///
/// # Errors
/// Returns `BadTimestamp` if the time is neither ISO 8601 text with an offset nor a number of seconds since 1970.
pub fn time_of(event: &TrackingEvent<'_>) -> Result<Option<DateTime>, Fault> {
    let timestamp = transformer::timestamp(transformer::logged_time(event))?;
    Ok(timestamp.map(Timestamp::utc))
}

/// The table of events: returns what the events of a name become, and how. Returns `None` for names that are not in
/// [`EVENTS`].
#[rustfmt::skip]
pub fn mapping(name: &str) -> Option<Mapping> {
    use Family::{Completion, Enrollment, Exam, Forum, Grading, Navigation, Problem, Video};

    let one = |family, verb, object_type, function| {
        let kind = StatementKind { verb, object_type };
        Mapping::new(family, Conversion::One(kind, function))
    };
    Some(match name {
        "edx.completion.block_completion.changed" =>
            one(Completion, &verb::PROGRESSED, activity::RESOURCE, completion::progressed),

        "edx.course.enrollment.activated" =>
            one(Enrollment, &verb::REGISTERED, activity::COURSE, enrollment::course),
        "edx.course.enrollment.mode_changed" =>
            one(Enrollment, &verb::REGISTERED, activity::COURSE, enrollment::course),
        "edx.course.enrollment.deactivated" =>
            one(Enrollment, &verb::UNREGISTERED, activity::COURSE, enrollment::course),
        "edx.course.grade.passed.first_time" =>
            one(Enrollment, &verb::PASSED, activity::COURSE, enrollment::course),
        "edx.course.grade.now_passed" => one(Enrollment, &verb::PASSED, activity::COURSE, enrollment::course),
        "edx.course.grade.now_failed" => one(Enrollment, &verb::FAILED, activity::COURSE, enrollment::course),

        "edx.special_exam.timed.attempt.created" =>
            one(Exam, &verb::INITIALIZED, activity::TIMED_ASSESSMENT, exam::attempt),
        "edx.special_exam.timed.attempt.submitted" =>
            one(Exam, &verb::TERMINATED, activity::TIMED_ASSESSMENT, exam::attempt),
        "edx.special_exam.practice.attempt.created" =>
            one(Exam, &verb::INITIALIZED, activity::PRACTICE_ASSESSMENT, exam::attempt),
        "edx.special_exam.practice.attempt.submitted" =>
            one(Exam, &verb::TERMINATED, activity::PRACTICE_ASSESSMENT, exam::attempt),
        "edx.special_exam.proctored.attempt.created" =>
            one(Exam, &verb::INITIALIZED, activity::PROCTORED_ASSESSMENT, exam::attempt),
        "edx.special_exam.proctored.attempt.submitted" =>
            one(Exam, &verb::TERMINATED, activity::PROCTORED_ASSESSMENT, exam::attempt),

        "edx.forum.thread.created" => one(Forum, &verb::POSTED, activity::DISCUSSION, forum::thread_created),
        "edx.forum.response.created" | "edx.forum.comment.created" =>
            one(Forum, &verb::POSTED, activity::DISCUSSION, forum::discussion),
        "edx.forum.thread.edited" | "edx.forum.response.edited" | "edx.forum.comment.edited" =>
            one(Forum, &verb::EDITED, activity::DISCUSSION, forum::discussion),
        "edx.forum.thread.viewed" => one(Forum, &verb::VIEWED, activity::DISCUSSION, forum::discussion),
        "edx.forum.thread.deleted" | "edx.forum.response.deleted" | "edx.forum.comment.deleted" =>
            one(Forum, &verb::DELETED, activity::DISCUSSION, forum::discussion),
        "edx.forum.thread.voted" | "edx.forum.response.voted" =>
            one(Forum, &verb::VOTED, activity::DISCUSSION, forum::voted),
        "edx.forum.thread.reported" | "edx.forum.response.reported"
        | "edx.forum.comment.reported" =>
            one(Forum, &verb::REPORTED, activity::DISCUSSION, forum::discussion),
        "edx.forum.thread.unreported" | "edx.forum.response.unreported"
        | "edx.forum.comment.unreported" =>
            one(Forum, &verb::UNREPORTED, activity::DISCUSSION, forum::discussion),

        "edx.grades.subsection.grade_calculated" =>
            one(Grading, &verb::EARNED, activity::RESOURCE, grading::subsection),
        "edx.grades.course.grade_calculated" => one(Grading, &verb::EARNED, activity::COURSE, grading::course),

        "edx.ui.lms.link_clicked" => one(Navigation, &verb::NAVIGATED, activity::LINK, navigation::link_clicked),
        "edx.ui.lms.sequence.outline.selected" | "edx.ui.lms.outline.selected" =>
            one(Navigation, &verb::NAVIGATED, activity::MODULE, navigation::outline_selected),
        "edx.ui.lms.sequence.next_selected" =>
            one(Navigation, &verb::NAVIGATED, activity::RESOURCE, navigation::next_selected),
        "edx.ui.lms.sequence.previous_selected" =>
            one(Navigation, &verb::NAVIGATED, activity::RESOURCE, navigation::previous_selected),
        "edx.ui.lms.sequence.tab_selected" =>
            one(Navigation, &verb::NAVIGATED, activity::RESOURCE, navigation::tab_selected),

        "showanswer" => one(Problem, &verb::ASKED, activity::SOLUTION, problem::answer_shown),
        "edx.problem.hint.demandhint_displayed" =>
            one(Problem, &verb::ASKED, activity::SUPPLEMENTAL_INFO, problem::hint_displayed),
        "edx.problem.completed" =>
            one(Problem, &verb::COMPLETED, activity::INTERACTION, problem::completed).on_request(),
        "edx.grades.problem.submitted" =>
            one(Problem, &verb::ATTEMPTED, activity::QUESTION, problem::submitted).on_request(),
        "problem_check" =>
            Mapping::new(Problem, Conversion::Several(&problem_check::KINDS, problem_check::checked)),

        "load_video" | "edx.video.loaded" => one(Video, &verb::INITIALIZED, activity::VIDEO, video::loaded),
        "play_video" | "edx.video.played" => one(Video, &verb::PLAYED, activity::VIDEO, video::at_time),
        "pause_video" | "edx.video.paused" => one(Video, &verb::PAUSED, activity::VIDEO, video::at_time),
        "stop_video" | "edx.video.stopped" => one(Video, &verb::TERMINATED, activity::VIDEO, video::at_time),
        "complete_video" | "edx.video.completed" =>
            one(Video, &verb::COMPLETED, activity::VIDEO, video::completed),
        "seek_video" | "edx.video.position.changed" => one(Video, &verb::SEEKED, activity::VIDEO, video::seeked),
        "speed_change_video" => one(Video, &verb::INTERACTED, activity::VIDEO, video::speed_changed),
        // As in the reference, showing or hiding the captions menu counts as showing or hiding the captions.
        "show_transcript" | "edx.video.transcript.shown" =>
            one(Video, &verb::INTERACTED, activity::VIDEO, video::captions_shown),
        "hide_transcript" | "edx.video.transcript.hidden" =>
            one(Video, &verb::INTERACTED, activity::VIDEO, video::captions_hidden),
        "video_show_cc_menu" | "edx.video.closed_captions.shown" =>
            one(Video, &verb::INTERACTED, activity::VIDEO, video::captions_shown),
        "video_hide_cc_menu" | "edx.video.closed_captions.hidden" =>
            one(Video, &verb::INTERACTED, activity::VIDEO, video::captions_hidden),

        _ => return None,
    })
}

/// Transforms one event into its statements. Most events have one statement. A checked problem with several questions
/// has one statement for the problem and one for each question. The result is empty if `name` is not in [`EVENTS`].
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
    let statements = match mapping(name).map(|mapping| mapping.conversion) {
        None => &[],
        Some(Conversion::Several(_, statements)) => statements(cx)?,
        Some(Conversion::One(kind, statement)) => {
            let cause = || event.missing(object_id_field(name)).detail;
            transformer::with_object_ids(arena.alloc([statement(cx, kind)?]), cause)?
        }
    };
    match settings.conformance {
        Conformance::Reference => Ok(statements),
        Conformance::Spec => conforming(cx, statements),
    }
}

/// Returns the statements in the form that the specification demands. Returns them unchanged if JSON cannot represent them, so
/// that the event is rejected as without the option.
fn conforming<'a>(
    cx: &Transformer<'a>,
    statements: &'a [Statement<'a>],
) -> Result<&'a [Statement<'a>], Fault> {
    // A value that JSON cannot represent makes the event not representable, so such a value must stay.
    if !json::is_representable(statements) {
        return Ok(statements);
    }
    let mut conforming = ArenaVec::with_capacity_in(statements.len(), cx.arena);
    for statement in statements {
        conforming.push(conform::statement(cx, statement)?);
    }
    Ok(conforming.into_bump_slice())
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

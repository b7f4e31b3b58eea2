//! One tracking event → xAPI statements.
//!
//! The table below is the whole mapping of event names; each family file is the mapping of the fields, told in its
//! module docs. Everything here is a pure function of the event, the settings and the lookup tables.

mod completion;
mod enrollment;
mod event_time;
mod events;
mod exam;
mod forum;
mod grading;
mod model;
mod navigation;
mod problem;
mod problem_check;
mod statement_id;
mod transformer;
mod video;
mod vocabulary;

use bumpalo::Bump;
use jiff::civil::DateTime;

pub use events::{DEFAULT_EVENTS, OTHER_EVENTS};
pub use model::Statement;
use transformer::Transformer;
use vocabulary::{activity, verb};

use crate::lms::Lms;
use crate::outcome::Fault;
use crate::time::Timestamp;
use crate::tracking::TrackingEvent;

/// What the reference keeps in its Django settings.
#[derive(Clone, Debug)]
pub struct XapiSettings {
    pub actor: ActorKind,
    /// The value of the transformer-version extension.
    pub transformer_version: String,
}

/// Which inverse functional identifier an actor has (the reference's `XAPI_AGENT_IFI_TYPE`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActorKind {
    ExternalId,
    Mbox,
    MboxSha1Sum,
}

/// When an event happened, in UTC. A statement may have no time.
///
/// # Errors
/// The time is none that a statement can have, for which the event is rejected.
pub fn time_of(event: &TrackingEvent<'_>) -> Result<Option<DateTime>, Fault> {
    let timestamp = event_time::timestamp(event_time::logged_time(event))?;
    Ok(timestamp.map(Timestamp::utc))
}

/// Transforms one event into its statements: one, or for a problem of several questions one and its children.
///
/// # Errors
/// Why the event cannot be transformed. A name that has no transformer is no error, it comes to no statement.
pub fn transform<'a>(
    name: &'a str,
    event: TrackingEvent<'a>,
    settings: &'a XapiSettings,
    lms: &'a Lms,
    arena: &'a Bump,
) -> Result<&'a [Statement<'a>], Fault> {
    let it = &Transformer {
        event,
        settings,
        lms,
        arena,
    };
    let statement = match name {
        "edx.completion.block_completion.changed" => completion::progressed(it),

        "edx.course.enrollment.activated" => enrollment::course(it, verb::REGISTERED),
        "edx.course.enrollment.mode_changed" => enrollment::course(it, verb::REGISTERED),
        "edx.course.enrollment.deactivated" => enrollment::course(it, verb::UNREGISTERED),
        "edx.course.grade.passed.first_time" => enrollment::course(it, verb::PASSED),
        "edx.course.grade.now_passed" => enrollment::course(it, verb::PASSED),
        "edx.course.grade.now_failed" => enrollment::course(it, verb::FAILED),

        "edx.special_exam.timed.attempt.created" => {
            exam::attempt(it, verb::INITIALIZED, activity::TIMED_ASSESSMENT)
        }
        "edx.special_exam.timed.attempt.submitted" => {
            exam::attempt(it, verb::TERMINATED, activity::TIMED_ASSESSMENT)
        }
        "edx.special_exam.practice.attempt.created" => {
            exam::attempt(it, verb::INITIALIZED, activity::PRACTICE_ASSESSMENT)
        }
        "edx.special_exam.practice.attempt.submitted" => {
            exam::attempt(it, verb::TERMINATED, activity::PRACTICE_ASSESSMENT)
        }
        "edx.special_exam.proctored.attempt.created" => {
            exam::attempt(it, verb::INITIALIZED, activity::PROCTORED_ASSESSMENT)
        }
        "edx.special_exam.proctored.attempt.submitted" => {
            exam::attempt(it, verb::TERMINATED, activity::PROCTORED_ASSESSMENT)
        }

        "edx.forum.thread.created" => forum::thread_created(it),
        "edx.forum.response.created" | "edx.forum.comment.created" => {
            forum::discussion(it, verb::POSTED)
        }
        "edx.forum.thread.edited" | "edx.forum.response.edited" | "edx.forum.comment.edited" => {
            forum::discussion(it, verb::EDITED)
        }
        "edx.forum.thread.viewed" => forum::discussion(it, verb::VIEWED),
        "edx.forum.thread.deleted" | "edx.forum.response.deleted" | "edx.forum.comment.deleted" => {
            forum::discussion(it, verb::DELETED)
        }
        "edx.forum.thread.voted" | "edx.forum.response.voted" => forum::voted(it),
        "edx.forum.thread.reported"
        | "edx.forum.response.reported"
        | "edx.forum.comment.reported" => forum::discussion(it, verb::REPORTED),
        "edx.forum.thread.unreported"
        | "edx.forum.response.unreported"
        | "edx.forum.comment.unreported" => forum::discussion(it, verb::UNREPORTED),

        "edx.grades.subsection.grade_calculated" => grading::subsection(it),
        "edx.grades.course.grade_calculated" => grading::course(it),

        "edx.ui.lms.link_clicked" => navigation::link_clicked(it),
        "edx.ui.lms.sequence.outline.selected" | "edx.ui.lms.outline.selected" => {
            navigation::outline_selected(it)
        }
        "edx.ui.lms.sequence.next_selected" => navigation::next_selected(it),
        "edx.ui.lms.sequence.previous_selected" => navigation::previous_selected(it),
        "edx.ui.lms.sequence.tab_selected" => navigation::tab_selected(it),

        "showanswer" => problem::answer_shown(it),
        "edx.problem.hint.demandhint_displayed" => problem::hint_displayed(it),
        "edx.problem.completed" => problem::completed(it),
        "edx.grades.problem.submitted" => problem::submitted(it),
        "problem_check" => return problem_check::checked(it),

        "load_video" | "edx.video.loaded" => video::loaded(it),
        "play_video" | "edx.video.played" => video::at_time(it, verb::PLAYED),
        "pause_video" | "edx.video.paused" => video::at_time(it, verb::PAUSED),
        "stop_video" | "edx.video.stopped" => video::at_time(it, verb::TERMINATED),
        "complete_video" | "edx.video.completed" => video::completed(it),
        "seek_video" | "edx.video.position.changed" => video::seeked(it),
        "speed_change_video" => video::speed_changed(it),
        // Caption menus count as captions.
        "show_transcript" | "edx.video.transcript.shown" => video::captions(it, true),
        "hide_transcript" | "edx.video.transcript.hidden" => video::captions(it, false),
        "video_show_cc_menu" | "edx.video.closed_captions.shown" => video::captions(it, true),
        "video_hide_cc_menu" | "edx.video.closed_captions.hidden" => video::captions(it, false),

        _ => return Ok(&[]),
    };
    transformer::deliverable(arena.alloc([statement?]))
}

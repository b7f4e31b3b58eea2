//! The events of a log and their proportions.

use event_routing_backends::{caliper, xapi};

use super::draft::Draft;
use super::{IMPLICIT, Scene, families, implicit, problem, unsupported, video};

/// A kind of event.
pub struct EventKind {
    /// The number of lines among ten thousand lines of a log.
    pub shares: usize,
    pub name: &'static str,
    /// Fills in the event.
    pub fill: fn(&mut Draft, &mut Scene<'_>),
}

impl EventKind {
    const fn new(shares: usize, name: &'static str, fill: fn(&mut Draft, &mut Scene<'_>)) -> Self {
        Self { shares, name, fill }
    }

    pub fn is_supported(&self) -> bool {
        let of_xapi = xapi::mapping(self.name).is_some_and(|mapping| mapping.is_default);
        let of_caliper = caliper::mapping(self.name).is_some_and(|mapping| mapping.is_default);
        of_xapi || of_caliper
    }
}

/// All kinds of events, in the proportions of an active course: learners watch videos, answer problems and change
/// pages, and each click causes one or two requests, which are implicit events.
#[rustfmt::skip]
pub const EVENTS: &[EventKind] = &[
    EventKind::new(1950, IMPLICIT, implicit::block_handler),
    EventKind::new(700, IMPLICIT, implicit::problem_check),
    EventKind::new(1350, IMPLICIT, implicit::page),
    EventKind::new(750, IMPLICIT, implicit::app_request),
    EventKind::new(250, IMPLICIT, implicit::anonymous),

    EventKind::new(290, "problem_graded", unsupported::problem_graded),
    EventKind::new(270, "edx.grades.problem.submitted", problem::submitted),
    EventKind::new(251, "page_close", unsupported::page_close),
    EventKind::new(80, "problem_show", unsupported::problem_shown),
    EventKind::new(50, "book", unsupported::book),
    EventKind::new(40, "edx.problem.hint.feedback_displayed", unsupported::feedback),
    EventKind::new(40, "edx.bookmark.added", unsupported::bookmark),
    EventKind::new(30, "edx.video.language_menu.shown", video::menu),
    EventKind::new(30, "edx.user.settings.viewed", unsupported::settings),
    EventKind::new(20, "edx.course_home.resume_course.clicked", unsupported::resumed),
    EventKind::new(10, "edx.problem.completed", problem::completed),

    EventKind::new(400, "play_video", video::at_time),
    EventKind::new(360, "load_video", video::loaded),
    EventKind::new(350, "pause_video", video::at_time),
    EventKind::new(230, "seek_video", video::seeked),
    EventKind::new(100, "stop_video", video::at_end),
    EventKind::new(40, "complete_video", video::at_end),
    EventKind::new(50, "speed_change_video", video::speed_changed),
    EventKind::new(30, "show_transcript", video::at_time),
    EventKind::new(30, "hide_transcript", video::at_time),
    EventKind::new(15, "video_show_cc_menu", video::menu),
    EventKind::new(15, "video_hide_cc_menu", video::menu),
    EventKind::new(40, "edx.video.loaded", video::loaded_on_mobile),
    EventKind::new(50, "edx.video.played", video::at_time_on_mobile),
    EventKind::new(45, "edx.video.paused", video::at_time_on_mobile),
    EventKind::new(15, "edx.video.position.changed", video::seeked_on_mobile),
    EventKind::new(15, "edx.video.stopped", video::at_time_on_mobile),
    EventKind::new(5, "edx.video.completed", video::at_time_on_mobile),
    EventKind::new(4, "edx.video.transcript.shown", video::at_time_on_mobile),
    EventKind::new(4, "edx.video.transcript.hidden", video::at_time_on_mobile),
    EventKind::new(4, "edx.video.closed_captions.shown", video::at_time_on_mobile),
    EventKind::new(4, "edx.video.closed_captions.hidden", video::at_time_on_mobile),

    EventKind::new(420, "problem_check", problem::checked),
    EventKind::new(380, "problem_check", problem::checked_in_browser),
    EventKind::new(80, "showanswer", problem::answer_shown),
    EventKind::new(30, "edx.problem.hint.demandhint_displayed", problem::hint_shown),

    EventKind::new(210, "edx.ui.lms.sequence.next_selected", families::to_neighbour),
    EventKind::new(60, "edx.ui.lms.sequence.previous_selected", families::to_neighbour),
    EventKind::new(130, "edx.ui.lms.sequence.tab_selected", families::to_tab),
    EventKind::new(80, "edx.ui.lms.link_clicked", families::link_clicked),
    EventKind::new(40, "edx.ui.lms.outline.selected", families::outline_selected),
    EventKind::new(10, "edx.ui.lms.sequence.outline.selected", families::outline_selected),

    EventKind::new(170, "edx.completion.block_completion.changed", families::completion),
    EventKind::new(150, "edx.grades.subsection.grade_calculated", families::subsection_grade),
    EventKind::new(80, "edx.grades.course.grade_calculated", families::course_grade),

    EventKind::new(40, "edx.course.enrollment.activated", families::enrollment),
    EventKind::new(10, "edx.course.enrollment.deactivated", families::enrollment),
    EventKind::new(10, "edx.course.enrollment.mode_changed", families::enrollment),
    EventKind::new(6, "edx.course.grade.passed.first_time", families::course_passed),
    EventKind::new(20, "edx.course.grade.now_passed", families::course_passed),
    EventKind::new(20, "edx.course.grade.now_failed", families::course_passed),

    EventKind::new(50, "edx.forum.thread.viewed", families::thread),
    EventKind::new(8, "edx.forum.thread.created", families::thread),
    EventKind::new(2, "edx.forum.thread.edited", families::thread),
    EventKind::new(1, "edx.forum.thread.deleted", families::thread),
    EventKind::new(8, "edx.forum.thread.voted", families::thread),
    EventKind::new(1, "edx.forum.thread.reported", families::thread),
    EventKind::new(1, "edx.forum.thread.unreported", families::thread),
    EventKind::new(10, "edx.forum.response.created", families::reply),
    EventKind::new(2, "edx.forum.response.edited", families::reply),
    EventKind::new(1, "edx.forum.response.deleted", families::reply),
    EventKind::new(5, "edx.forum.response.voted", families::reply),
    EventKind::new(1, "edx.forum.response.reported", families::reply),
    EventKind::new(1, "edx.forum.response.unreported", families::reply),
    EventKind::new(6, "edx.forum.comment.created", families::reply),
    EventKind::new(1, "edx.forum.comment.edited", families::reply),
    EventKind::new(1, "edx.forum.comment.deleted", families::reply),
    EventKind::new(1, "edx.forum.comment.reported", families::reply),
    EventKind::new(1, "edx.forum.comment.unreported", families::reply),

    EventKind::new(8, "edx.special_exam.timed.attempt.created", families::exam_attempt),
    EventKind::new(8, "edx.special_exam.timed.attempt.submitted", families::exam_attempt),
    EventKind::new(4, "edx.special_exam.practice.attempt.created", families::exam_attempt),
    EventKind::new(4, "edx.special_exam.practice.attempt.submitted", families::exam_attempt),
    EventKind::new(6, "edx.special_exam.proctored.attempt.created", families::exam_attempt),
    EventKind::new(6, "edx.special_exam.proctored.attempt.submitted", families::exam_attempt),
];

const _: () = {
    let (mut sum, mut nth) = (0, 0);
    while nth < EVENTS.len() {
        sum += EVENTS[nth].shares;
        nth += 1;
    }
    assert!(sum == 10_000);
};

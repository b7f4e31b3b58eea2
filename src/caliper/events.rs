//! The names of the tracking events that can be converted to Caliper events.

/// The events that the reference's default settings allow (`EVENT_TRACKING_BACKENDS_ALLOWED_CALIPER_EVENTS`), except
/// two that the reference cannot transform, `edx.course.grade.now_passed` and `.now_failed`.
pub const DEFAULT_EVENTS: &[&str] = &[
    "complete_video",
    "edx.course.enrollment.activated",
    "edx.course.enrollment.deactivated",
    "edx.course.grade.passed.first_time",
    "edx.problem.hint.demandhint_displayed",
    "edx.ui.lms.link_clicked",
    "edx.ui.lms.outline.selected",
    "edx.ui.lms.sequence.next_selected",
    "edx.ui.lms.sequence.outline.selected",
    "edx.ui.lms.sequence.previous_selected",
    "edx.ui.lms.sequence.tab_selected",
    "edx.video.completed",
    "edx.video.loaded",
    "edx.video.paused",
    "edx.video.played",
    "edx.video.position.changed",
    "edx.video.stopped",
    "load_video",
    "pause_video",
    "play_video",
    "problem_check",
    "seek_video",
    "showanswer",
    "stop_video",
];

/// All other events that can be converted. They are converted only if `--events` selects them.
pub const OTHER_EVENTS: &[&str] = &[
    "edx.grades.problem.submitted",
    "edx.problem.completed",
    "edx.video.closed_captions.hidden",
    "edx.video.closed_captions.shown",
    "edx.video.transcript.hidden",
    "edx.video.transcript.shown",
    "hide_transcript",
    "show_transcript",
    "speed_change_video",
    "video_hide_cc_menu",
    "video_show_cc_menu",
];

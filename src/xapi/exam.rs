//! Attempts at timed, practice and proctored exams (`exam_events.py`).
//!
//! | statement | from |
//! |---|---|
//! | verb | initialized (created), terminated (submitted) |
//! | object id, name | `event.exam_content_id`, `event.exam_name` |
//! | object extension time-limit | `event.exam_default_time_limit_mins` |
//! | context parent | the course, which is required |
//! | context grouping | the attempt: `event.attempt_code`, `event.exam_name` |
//! | extensions of the attempt | `event.attempt_started_at`, `.attempt_completed_at`, `.attempt_event_elapsed_time_secs`, `.attempt_id` |
//!
//! The fields are read from `event` as logged: if `event` is a string of JSON, all of them are absent.

use super::model::{Activity, ActivityDefinition, Extensions, LanguageMap, Statement};
use super::transformer::{Transformer, activity, english};
use super::vocabulary::{self, VerbIri, extension};
use crate::outcome::Fault;
use crate::tracking::field::{required, str_of};

pub(super) fn attempt<'a>(
    cx: &Transformer<'a>,
    verb: VerbIri,
    exam_type: &'static str,
) -> Result<Statement<'a>, Fault> {
    let actor = cx.actor()?;
    let context = cx.context_with_grouping(&[], || attempt_activity(cx))?;
    let id = match cx.event.event("exam_content_id") {
        Some(id) => Some(cx.id_text("event.exam_content_id", id)?),
        None => None,
    };
    let time_limit = cx.event.event("exam_default_time_limit_mins");
    let definition = ActivityDefinition {
        activity_type: exam_type,
        name: Some(exam_name(cx)?),
        extensions: Some(Extensions(
            cx.arena.alloc([(extension::TIME_LIMIT, time_limit)]),
        )),
        ..ActivityDefinition::default()
    };
    cx.statement(verb, actor, context, activity(id, definition), None)
}

fn attempt_activity<'a>(cx: &Transformer<'a>) -> Result<Activity<'a>, Fault> {
    let id = match cx.event.event("attempt_code") {
        Some(code) => Some(cx.id_text("event.attempt_code", code)?),
        None => None,
    };
    let extensions = [
        (
            extension::ATTEMPT_STARTED,
            cx.event.event("attempt_started_at"),
        ),
        (
            extension::ATTEMPT_COMPLETED,
            cx.event.event("attempt_completed_at"),
        ),
        (
            extension::DURATION,
            cx.event.event("attempt_event_elapsed_time_secs"),
        ),
        (extension::ATTEMPT_ID, cx.event.event("attempt_id")),
    ];
    let definition = ActivityDefinition {
        activity_type: vocabulary::activity::ATTEMPT,
        name: Some(exam_name(cx)?),
        extensions: Some(Extensions(cx.arena.alloc(extensions))),
        ..ActivityDefinition::default()
    };
    Ok(activity(id, definition))
}

fn exam_name<'a>(cx: &Transformer<'a>) -> Result<LanguageMap<'a>, Fault> {
    let name = required("event.exam_name", cx.event.event("exam_name"))?;
    Ok(english(str_of("event.exam_name", name, "a text")?))
}

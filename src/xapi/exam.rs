//! Attempts at timed, practice and proctored exams (`exam_events.py`).
//!
//! | part of the statement | source |
//! |---|---|
//! | verb | initialized (created), terminated (submitted) |
//! | object id, name | `event.exam_content_id`, `event.exam_name` |
//! | object extension time-limit | `event.exam_default_time_limit_mins` |
//! | context parent | the course, which is required |
//! | context grouping | the attempt: `event.attempt_code`, `event.exam_name` |
//! | extensions of the attempt | `event.attempt_started_at`, `.attempt_completed_at`, `.attempt_event_elapsed_time_secs`, `.attempt_id` |
//!
//! Unlike `data` in other families, `event` is not decoded here. So if `event` is a string of JSON, all fields of the
//! exam are absent.

use super::mapping::StatementKind;
use super::model::{Activity, ActivityDefinition, LanguageMap, Statement};
use super::transformer::{Transformer, activity, english};
use super::vocabulary::{self, extension};
use crate::outcome::Fault;
use crate::tracking::field::str_of;

pub(super) fn attempt<'a>(
    cx: &Transformer<'a>,
    kind: StatementKind,
) -> Result<Statement<'a>, Fault> {
    let base = cx.base_with_grouping(&[], || attempt_activity(cx))?;
    let id = cx.optional_id("event.exam_content_id", cx.event.event("exam_content_id"))?;
    let time_limit = cx.event.event("exam_default_time_limit_mins");
    let definition = ActivityDefinition {
        name: Some(exam_name(cx)?),
        extensions: Some(cx.extensions([(extension::TIME_LIMIT, time_limit)])),
        ..ActivityDefinition::of(kind.object_type)
    };
    cx.statement(kind.verb, base, activity(id, definition), None)
}

fn attempt_activity<'a>(cx: &Transformer<'a>) -> Result<Activity<'a>, Fault> {
    let id = cx.optional_id("event.attempt_code", cx.event.event("attempt_code"))?;
    let extensions = [
        (extension::ATTEMPT_STARTED, "attempt_started_at"),
        (extension::ATTEMPT_COMPLETED, "attempt_completed_at"),
        (extension::DURATION, "attempt_event_elapsed_time_secs"),
        (extension::ATTEMPT_ID, "attempt_id"),
    ];
    let extensions = extensions.map(|(iri, key)| (iri, cx.event.event(key)));
    let definition = ActivityDefinition {
        name: Some(exam_name(cx)?),
        extensions: Some(cx.extensions(extensions)),
        ..ActivityDefinition::of(vocabulary::activity::ATTEMPT)
    };
    Ok(activity(id, definition))
}

fn exam_name<'a>(cx: &Transformer<'a>) -> Result<LanguageMap<'a>, Fault> {
    let name = cx
        .event
        .required("event.exam_name", cx.event.event("exam_name"))?;
    Ok(english(str_of("event.exam_name", name, "a string")?))
}

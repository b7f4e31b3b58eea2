//! Problems that were checked, submitted or completed, and answers and hints that were shown
//! (`problem_interaction_events.py`).
//!
//! | event | type, action | object id | object |
//! |---|---|---|---|
//! | problem_check | AssessmentEvent, Submitted | `/xblock/` + block | Assessment |
//! | problem_check with `context.event_source` server | GradeEvent, Graded | `/xblock/` + block + `/user/` + user + `/attempt/` + `data.attempts` | Attempt, with assignee, assignable and count |
//! | edx.grades.problem.submitted | AssessmentEvent, Submitted | `/xblock/` + block | Assessment |
//! | edx.problem.completed | AssessmentItemEvent, Completed | `/xblock/` + block | AssessmentItem |
//! | showanswer | Event, Viewed | `/xblock/` + block + `/solution` | Annotation, named Solution |
//! | demandhint_displayed | Event, Viewed | `/xblock/` + block + `/hint/` + `data.hint_index` | Annotation, named Hint |
//!
//! The block is `data.problem_id`, else `data.module_id`, else the block that `context.referer` names, else the block
//! that the form in `data` names. A GradeEvent has a score in `generated`, made of `max_grade`, `grade` and `attempts`,
//! which may be anywhere in the tracking event.

use super::conform::no_object_id;
use super::model::{
    Entity, Event, EventKind, Generated, Object, ObjectExtensions, Score, ScoreExtensions,
};
use super::transformer::Transformer;
use super::vocabulary::{action, entity, event};
use crate::format::Conformance;
use crate::json::{JsonObject, Value};
use crate::outcome::Fault;
use crate::tracking::field::{object_of, required, truthy};
use crate::tracking::{format_in, usage_key};

const GRADED: EventKind = EventKind {
    event_type: event::GRADE,
    action: action::GRADED,
    object_type: entity::ATTEMPT,
};

const SUBMITTED: EventKind = EventKind {
    event_type: event::ASSESSMENT,
    action: action::SUBMITTED,
    object_type: entity::ASSESSMENT,
};

/// The kinds of events of checked problems: the first if the server sent the tracking event, else the second.
pub(super) static CHECKED: [EventKind; 2] = [GRADED, SUBMITTED];

pub(super) fn checked<'a>(cx: &Transformer<'a>) -> Result<Event<'a>, Fault> {
    if cx.event.context("event_source") == Some(Value::Str("server")) {
        graded(cx, GRADED)
    } else {
        about_block(cx, SUBMITTED)
    }
}

/// Makes the event of a problem that was submitted or completed.
pub(super) fn about_block<'a>(cx: &Transformer<'a>, kind: EventKind) -> Result<Event<'a>, Fault> {
    let base = cx.base()?;
    let object = object(cx, block(cx)?, kind.object_type, None)?;
    Ok(cx.event(base, kind, object))
}

pub(super) fn answer_shown<'a>(cx: &Transformer<'a>, kind: EventKind) -> Result<Event<'a>, Fault> {
    viewed(cx, kind, "Solution", |block| {
        Ok(format_in(cx.arena, format_args!("{block}/solution")))
    })
}

pub(super) fn hint_displayed<'a>(
    cx: &Transformer<'a>,
    kind: EventKind,
) -> Result<Event<'a>, Fault> {
    viewed(cx, kind, "Hint", |block| {
        let index = logged(cx, required_data(cx)?, "hint_index")?;
        Ok(format_in(cx.arena, format_args!("{block}/hint/{index}")))
    })
}

/// Makes the event of a viewed solution or hint. `id_of` turns the id of the block into the id of the solution or hint.
fn viewed<'a>(
    cx: &Transformer<'a>,
    kind: EventKind,
    name: &'static str,
    id_of: impl FnOnce(&str) -> Result<&'a str, Fault>,
) -> Result<Event<'a>, Fault> {
    let base = cx.base()?;
    let id = id_of(block_in_id(cx, block(cx)?)?)?;
    let object = object(cx, Some(id), kind.object_type, Some(name))?;
    Ok(cx.event(base, kind, object))
}

/// The text that the reference puts into an id if the event names no block.
const NO_BLOCK: &str = "None";

/// Returns the id of the block for the start of a longer id.
///
/// # Errors
/// Returns `NoObjectId` if the event names no block and the events follow the specification, which demands unique ids.
fn block_in_id<'a>(cx: &Transformer<'a>, block: Option<&'a str>) -> Result<&'a str, Fault> {
    match (block, cx.settings.conformance) {
        (Some(block), _) => Ok(block),
        (None, Conformance::Reference) => Ok(NO_BLOCK),
        (None, Conformance::Spec) => Err(no_object_id()),
    }
}

fn graded<'a>(cx: &Transformer<'a>, kind: EventKind) -> Result<Event<'a>, Fault> {
    let base = cx.base()?;
    let block = block(cx)?;
    let data = required_data(cx)?;
    let attempts = logged(cx, data, "attempts")?;
    let of_block = block_in_id(cx, block)?;
    let id = format_in(
        cx.arena,
        format_args!("{of_block}/user/{}/attempt/{attempts}", base.user),
    );
    let mut object = object(cx, Some(id), kind.object_type, None)?;
    let Some(part_of_course) = object.extensions else {
        return Err(cx.event.missing("context.course_id"));
    };
    object.extensions = Some(ObjectExtensions {
        assignee: Some(base.actor),
        assignable: Some(Entity {
            id: block.map(|block| cx.lms.iri("xblock", block, cx.arena)),
            entity_type: entity::ASSESSMENT,
        }),
        count: cx.kept(data.get("attempts")),
        ..part_of_course
    });
    let is_correct = cx.event.find("success") == Some(Value::Str("correct"));
    let score = Score {
        id: "_:score",
        entity_type: entity::SCORE,
        max_score: cx.kept(cx.event.find("max_grade")),
        score_given: cx.kept(cx.event.find("grade")),
        attempts: cx.kept(cx.event.find("attempts")),
        extensions: ScoreExtensions {
            success: if is_correct { "True" } else { "False" },
        },
    };
    Ok(Event {
        generated: Some(Generated::Wrapped { score }),
        ..cx.event(base, kind, object)
    })
}

/// Returns the id of the block that the event is about, or `None` if the event names no block.
fn block<'a>(cx: &Transformer<'a>) -> Result<Option<&'a str>, Fault> {
    let data = cx.event.whole_data().and_then(Value::as_object);
    let logged = data.and_then(|data| data.get("problem_id").or_else(|| data.get("module_id")));
    if let Some(block) = truthy(logged) {
        let field = "data.problem_id or data.module_id";
        return cx.id_text(field, block).map(Some);
    }
    let referer = cx
        .event
        .required("context.referer", cx.event.context("referer"))?;
    usage_key::problem(&cx.event, referer, cx.arena)
}

/// Returns `data`, which must be an object.
fn required_data<'a>(cx: &Transformer<'a>) -> Result<JsonObject<'a>, Fault> {
    object_of("data", required("data", cx.event.whole_data())?)
}

/// Returns a field of `data` as text. As in the reference, an absent field is an empty text, and null is the text
/// `None`.
fn logged<'a>(cx: &Transformer<'a>, data: JsonObject<'a>, key: &str) -> Result<&'a str, Fault> {
    data.get(key).map_or(Ok(""), |value| {
        cx.id_text(format_args!("data.{key}"), value)
    })
}

/// Makes an object. `id` is the id of a block, or a longer id that begins with the id of a block.
fn object<'a>(
    cx: &Transformer<'a>,
    id: Option<&'a str>,
    entity_type: &'static str,
    name: Option<&'static str>,
) -> Result<Object<'a>, Fault> {
    let id = id.map(|id| Value::Str(cx.lms.iri("xblock", id, cx.arena)));
    Ok(Object {
        name: name.map(Value::Str),
        extensions: cx.part_of_course()?,
        ..Object::of(id, entity_type)
    })
}

//! Navigation in a course (`navigation_events.py`).
//!
//! | event | object id | object name | object type | object extension target |
//! |---|---|---|---|---|
//! | link_clicked | `data.target_url` | `data.target_name` | Webpage | |
//! | outline.selected | `data.target_url` | `data.target_name` | DigitalResource | |
//! | sequence.outline.selected | `/xblock/` + `data.id` | Unit | DigitalResource | `data.target_tab` |
//! | next_selected | `/xblock/` + `data.id` | Unit | DigitalResourceCollection | `next unit` |
//! | previous_selected | `/xblock/` + `data.id` | Unit | DigitalResourceCollection | `previous unit` |
//! | tab_selected | `/xblock/` + `data.id` | Unit | DigitalResourceCollection | `data.target_tab` |
//!
//! Objects with the extension target also have the extensions tab_count and current_tab, from `data`. The action of all
//! events is NavigatedTo, and every object is part of the course `context.course_id`.

use super::model::{Event, EventKind, Object, ObjectExtensions};
use super::transformer::Transformer;
use crate::json::Value;
use crate::outcome::Fault;
use crate::tracking::field::truthy;

/// Makes the event of a user who opened a page with its own URL.
pub(super) fn page<'a>(cx: &Transformer<'a>, kind: EventKind) -> Result<Event<'a>, Fault> {
    let base = cx.base()?;
    let part_of_course = part_of_course(cx)?;
    let url = cx
        .event
        .required("data.target_url", cx.event.data("target_url"))?;
    // This call only rejects objects and arrays. Its result is not used, since the id of the object is the logged value
    // itself: as in the reference, a number stays a number.
    cx.id_text("data.target_url", url)?;
    let object = Object {
        name: cx.kept(cx.event.data("target_name")),
        extensions: part_of_course,
        ..Object::of(Some(url), kind.object_type)
    };
    Ok(cx.event(base, kind, object))
}

pub(super) fn next_unit<'a>(cx: &Transformer<'a>, kind: EventKind) -> Result<Event<'a>, Fault> {
    unit(cx, kind, Some(Value::Str("next unit")))
}

pub(super) fn previous_unit<'a>(cx: &Transformer<'a>, kind: EventKind) -> Result<Event<'a>, Fault> {
    unit(cx, kind, Some(Value::Str("previous unit")))
}

/// Makes the event of a user who chose a unit of a sequence by its tab.
pub(super) fn tab<'a>(cx: &Transformer<'a>, kind: EventKind) -> Result<Event<'a>, Fault> {
    unit(cx, kind, cx.event.data("target_tab"))
}

/// Makes the event of a user who went to a unit of a sequence. `target` says which unit.
fn unit<'a>(
    cx: &Transformer<'a>,
    kind: EventKind,
    target: Option<Value<'a>>,
) -> Result<Event<'a>, Fault> {
    let base = cx.base()?;
    let part_of_course = part_of_course(cx)?;
    let id = cx.id_text(
        "data.id",
        cx.event.required("data.id", cx.event.data("id"))?,
    )?;
    let id = Value::Str(cx.lms.iri("xblock", id, cx.arena));
    let object = Object {
        name: Some(Value::Str("Unit")),
        extensions: Some(ObjectExtensions {
            tab_count: cx.kept(cx.event.data("tab_count")),
            current_tab: cx.kept(cx.event.data("current_tab")),
            target: cx.kept(target),
            ..part_of_course.unwrap_or_default()
        }),
        ..Object::of(Some(id), kind.object_type)
    };
    Ok(cx.event(base, kind, object))
}

/// Makes the extensions of an object: the course, if the event names one. Unlike the events of other families,
/// navigation events ignore a course id that is zero or `false`.
fn part_of_course<'a>(cx: &Transformer<'a>) -> Result<Option<ObjectExtensions<'a>>, Fault> {
    let extensions = cx.part_of_course()?;
    Ok(extensions.filter(|_| truthy(cx.event.context("course_id")).is_some()))
}

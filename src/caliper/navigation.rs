//! Navigation in a course (`navigation_events.py`).
//!
//! | event | object id | object name, type | object extensions |
//! |---|---|---|---|
//! | link_clicked | `data.target_url` | `data.target_name`, Webpage | |
//! | outline.selected | `data.target_url` | `data.target_name`, DigitalResource | |
//! | sequence.outline.selected | `/xblock/` + `data.id` | Unit, DigitalResource | the tabs, to `data.target_tab` |
//! | next_selected | the same | Unit, DigitalResourceCollection | `data.tab_count`, `data.current_tab`, to `next unit` |
//! | previous_selected | the same | the same | the same, to `previous unit` |
//! | tab_selected | the same | the same | the same, to `data.target_tab` |
//!
//! The action is NavigatedTo, and the object is part of the course `context.course_id`.

use super::model::{Event, Object, ObjectExtensions};
use super::transformer::Transformer;
use super::vocabulary::{action, event};
use crate::json::Value;
use crate::outcome::Fault;
use crate::tracking::field::{required, truthy};

/// Makes the event of a page that has its own address.
pub(super) fn page<'a>(
    cx: &Transformer<'a>,
    entity_type: &'static str,
) -> Result<Event<'a>, Fault> {
    let base = cx.base()?;
    let part_of_course = part_of_course(cx)?;
    let url = required("data.target_url", cx.event.data("target_url"))?;
    // The text is not used: the id is the logged value, so that a number stays a number. The call rejects objects and
    // arrays.
    cx.id_text("data.target_url", url)?;
    let object = Object {
        id: Some(url),
        entity_type,
        name: cx.kept(cx.event.data("target_name")),
        duration: None,
        extensions: part_of_course,
    };
    Ok(cx.event(base, event::NAVIGATION, action::NAVIGATED_TO, object))
}

/// Makes the event of a unit in a sequence.
pub(super) fn unit<'a>(
    cx: &Transformer<'a>,
    entity_type: &'static str,
    target: Option<Value<'a>>,
) -> Result<Event<'a>, Fault> {
    let base = cx.base()?;
    let part_of_course = part_of_course(cx)?;
    let id = cx.id_text("data.id", required("data.id", cx.event.data("id"))?)?;
    let object = Object {
        id: Some(Value::Str(cx.lms.iri("xblock", id, cx.arena))),
        entity_type,
        name: Some(Value::Str("Unit")),
        duration: None,
        extensions: Some(ObjectExtensions {
            tab_count: cx.kept(cx.event.data("tab_count")),
            current_tab: cx.kept(cx.event.data("current_tab")),
            target: cx.kept(target),
            ..part_of_course.unwrap_or_default()
        }),
    };
    Ok(cx.event(base, event::NAVIGATION, action::NAVIGATED_TO, object))
}

/// Makes the event of a unit that was chosen by its tab.
pub(super) fn tab<'a>(cx: &Transformer<'a>, entity_type: &'static str) -> Result<Event<'a>, Fault> {
    unit(cx, entity_type, cx.event.data("target_tab"))
}

/// Makes the extensions of an object. Only these events ignore a course id that is zero or `false`.
fn part_of_course<'a>(cx: &Transformer<'a>) -> Result<Option<ObjectExtensions<'a>>, Fault> {
    let extensions = cx.part_of_course()?;
    Ok(extensions.filter(|_| truthy(cx.event.context("course_id")).is_some()))
}

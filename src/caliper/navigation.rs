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

/// A page that has an address of its own.
pub(super) fn page<'a>(
    it: &Transformer<'a>,
    entity_type: &'static str,
) -> Result<Event<'a>, Fault> {
    let base = it.base()?;
    let part_of_course = it.part_of_course()?;
    let url = required("data.target_url", it.event.data("target_url"))?;
    // An address that is a number stays one.
    it.id_text("data.target_url", url)?;
    let object = Object {
        id: Some(url),
        entity_type,
        name: it.kept(it.event.data("target_name")),
        duration: None,
        extensions: part_of_course.filter(|_| is_course_truthy(it)),
    };
    Ok(it.event(base, event::NAVIGATION, action::NAVIGATED_TO, object))
}

/// A unit of a sequence.
pub(super) fn unit<'a>(
    it: &Transformer<'a>,
    entity_type: &'static str,
    target: Option<Value<'a>>,
) -> Result<Event<'a>, Fault> {
    let base = it.base()?;
    let part_of_course = it.part_of_course()?;
    let id = it.id_text("data.id", required("data.id", it.event.data("id"))?)?;
    let object = Object {
        id: Some(Value::Str(it.lms.iri("xblock", id, it.arena))),
        entity_type,
        name: Some(Value::Str("Unit")),
        duration: None,
        extensions: Some(ObjectExtensions {
            tab_count: it.kept(it.event.data("tab_count")),
            current_tab: it.kept(it.event.data("current_tab")),
            target: it.kept(target),
            ..part_of_course
                .filter(|_| is_course_truthy(it))
                .unwrap_or_default()
        }),
    };
    Ok(it.event(base, event::NAVIGATION, action::NAVIGATED_TO, object))
}

/// A unit of a sequence, chosen by its tab.
pub(super) fn tab<'a>(it: &Transformer<'a>, entity_type: &'static str) -> Result<Event<'a>, Fault> {
    unit(it, entity_type, it.event.data("target_tab"))
}

/// Unlike elsewhere, a course id that is zero or `false` is none here.
fn is_course_truthy(it: &Transformer<'_>) -> bool {
    truthy(it.event.context("course_id")).is_some()
}

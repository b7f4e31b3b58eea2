//! Enrollment, and courses passed (`enrollment_events.py`).
//!
//! | event | from |
//! |---|---|
//! | action | Activated, Deactivated, Completed (passed for the first time) |
//! | object id | `/course/` + `data.course_id` |
//! | object name | the display name of the course `context.course_id` |
//! | object extension mode | `data.mode` |

use super::model::{Event, Object, ObjectExtensions};
use super::transformer::Transformer;
use super::vocabulary::{entity, event};
use crate::json::Value;
use crate::outcome::Fault;
use crate::tracking::field::{required, str_of};

pub(super) fn course<'a>(it: &Transformer<'a>, action: &'static str) -> Result<Event<'a>, Fault> {
    let base = it.base()?;
    let course_id = required("context.course_id", it.event.context("course_id"))?;
    let name = it
        .lms
        .course_name(str_of("context.course_id", course_id, "a course id")?)?;
    let course_id = required("data.course_id", it.event.data("course_id"))?;
    let course_id = it.id_text("data.course_id", course_id)?;
    let mode = it.event.data("mode");
    let object = Object {
        id: Some(Value::Str(it.lms.iri("course", course_id, it.arena))),
        entity_type: entity::COURSE_OFFERING,
        name: it.kept(name.map(Value::Str)),
        duration: None,
        extensions: mode.map(|mode| ObjectExtensions {
            mode: it.kept(Some(mode)),
            ..ObjectExtensions::default()
        }),
    };
    Ok(it.event(base, event::EVENT, action, object))
}

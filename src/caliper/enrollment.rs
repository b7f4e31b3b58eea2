//! Enrollment events, and the event of a passed course (`enrollment_events.py`).
//!
//! | part of the Caliper event | source |
//! |---|---|
//! | action | Activated, Deactivated, Completed (passed for the first time) |
//! | object id | `/course/` + `data.course_id` |
//! | object name | the display name of the course `context.course_id` |
//! | object extension mode | `data.mode` |

use super::model::{Event, EventKind, Object, ObjectExtensions};
use super::transformer::Transformer;
use crate::json::Value;
use crate::outcome::Fault;
use crate::tracking::field::str_of;

pub(super) fn course<'a>(cx: &Transformer<'a>, kind: EventKind) -> Result<Event<'a>, Fault> {
    let base = cx.base()?;
    let course_id = cx
        .event
        .required("context.course_id", cx.event.context("course_id"))?;
    let name = cx
        .lms
        .course_name(str_of("context.course_id", course_id, "a course id")?)?;
    let course_id = cx
        .event
        .required("data.course_id", cx.event.data("course_id"))?;
    let course_id = cx.id_text("data.course_id", course_id)?;
    let mode = cx.event.data("mode");
    let id = Value::Str(cx.lms.iri("course", course_id, cx.arena));
    let object = Object {
        name: cx.kept(name.map(Value::Str)),
        extensions: mode.map(|mode| ObjectExtensions {
            mode: cx.kept(Some(mode)),
            ..ObjectExtensions::default()
        }),
        ..Object::of(Some(id), kind.object_type)
    };
    Ok(cx.event(base, kind, object))
}

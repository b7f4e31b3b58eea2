//! Enrollment events, and course grades passed and failed (`enrollment_events.py`).
//!
//! | statement | from |
//! |---|---|
//! | verb | registered (activated and mode_changed), unregistered, passed, failed |
//! | object id | `/course/` + `context.course_id` |
//! | object name | the course's display name, as `en` |
//! | object extension type | `data.mode` |
//! | context activities | none |

use super::model::{Extensions, Statement};
use super::transformer::Transformer;
use super::vocabulary::{VerbIri, extension};
use crate::outcome::Fault;

pub(super) fn course<'a>(cx: &Transformer<'a>, verb: VerbIri) -> Result<Statement<'a>, Fault> {
    let actor = cx.actor()?;
    let context = cx.bare_context();
    let extensions = Extensions(cx.arena.alloc([(extension::TYPE, cx.event.data("mode"))]));
    let object = cx.course_object(Some(extensions))?;
    cx.statement(verb, actor, context, object, None)
}

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

pub(super) fn course<'a>(it: &Transformer<'a>, verb: VerbIri) -> Result<Statement<'a>, Fault> {
    let actor = it.actor()?;
    let context = it.bare_context();
    let extensions = Extensions(it.arena.alloc([(extension::TYPE, it.event.data("mode"))]));
    let object = it.course_object(Some(extensions))?;
    it.statement(verb, actor, context, object, None)
}

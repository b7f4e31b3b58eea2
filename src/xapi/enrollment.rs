//! Enrollment events, and events of passed and failed courses (`enrollment_events.py`).
//!
//! | part of the statement | source |
//! |---|---|
//! | verb | registered (activated and mode_changed), unregistered, passed, failed |
//! | object id | `/course/` + `context.course_id` |
//! | object name | the course's display name, as `en` |
//! | object extension type | `data.mode` |
//! | context activities | none |

use super::mapping::StatementKind;
use super::model::Statement;
use super::transformer::Transformer;
use super::vocabulary::extension;
use crate::outcome::Fault;

pub(super) fn course<'a>(
    cx: &Transformer<'a>,
    kind: StatementKind,
) -> Result<Statement<'a>, Fault> {
    let base = cx.base_without_activities()?;
    let extensions = cx.extensions([(extension::TYPE, cx.event.data("mode"))]);
    let object = cx.course_object(kind.object_type, Some(extensions))?;
    cx.statement(kind.verb, base, object, None)
}

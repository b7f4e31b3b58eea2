//! Answers and hints that were shown, and problems that were completed or submitted (`problem_interaction_events.py`).
//! The file `problem_check.rs` has the event problem_check.
//!
//! | event | verb | object id | object |
//! |---|---|---|---|
//! | showanswer | asked | `/xblock/` + `problem_id` + `/answer` | solution |
//! | demandhint_displayed | asked | `/xblock/` + `module_id` + `/hint/` + `hint_index` | supplemental-info |
//! | edx.problem.completed | completed | `data.problem_id`, else `data.module_id` | interaction |
//! | edx.grades.problem.submitted | attempted | `/xblock/` + `data.problem_id`, else `data.module_id` | question, with a score |
//!
//! `problem_id`, `module_id` and `hint_index` may be anywhere in the event.

use super::grading::weighted_result;
use super::mapping::StatementKind;
use super::model::{ActivityDefinition, Statement};
use super::transformer::{Transformer, activity};
use crate::json::Value;
use crate::outcome::Fault;
use crate::tracking::field::{required, truthy};

pub(super) fn answer_shown<'a>(
    cx: &Transformer<'a>,
    kind: StatementKind,
) -> Result<Statement<'a>, Fault> {
    let base = cx.base(&[])?;
    // The reference fails if `data` names no block, although the statement uses another field.
    logged_block(cx)?;
    let problem = found_id(cx, "problem_id")?;
    let id = cx.text(format_args!("{}/answer", cx.iri("xblock", problem)));
    let object = activity(Some(id), ActivityDefinition::of(kind.object_type));
    cx.statement(kind.verb, base, object, None)
}

pub(super) fn hint_displayed<'a>(
    cx: &Transformer<'a>,
    kind: StatementKind,
) -> Result<Statement<'a>, Fault> {
    let base = cx.base(&[])?;
    // The reference fails if `data` names no block, although the statement uses another field.
    logged_block(cx)?;
    let module = found_id(cx, "module_id")?;
    let hint = found_id(cx, "hint_index")?;
    let id = cx.text(format_args!("{}/hint/{hint}", cx.iri("xblock", module)));
    let object = activity(Some(id), ActivityDefinition::of(kind.object_type));
    cx.statement(kind.verb, base, object, None)
}

pub(super) fn completed<'a>(
    cx: &Transformer<'a>,
    kind: StatementKind,
) -> Result<Statement<'a>, Fault> {
    let base = cx.base(&[])?;
    let object = activity(logged_id(cx)?, ActivityDefinition::of(kind.object_type));
    cx.statement(kind.verb, base, object, None)
}

pub(super) fn submitted<'a>(
    cx: &Transformer<'a>,
    kind: StatementKind,
) -> Result<Statement<'a>, Fault> {
    let base = cx.base(&[])?;
    let id = logged_id(cx)?.map(|block| cx.iri("xblock", block));
    let object = activity(id, ActivityDefinition::of(kind.object_type));
    let result = weighted_result(cx, "weighted_earned", "weighted_possible")?;
    cx.statement(kind.verb, base, object, Some(result))
}

/// Returns the logged id of the block that the event is about. The id may be a value of any kind. If `data` is an
/// object, the id is `data.problem_id`, else `data.module_id`. Otherwise the id is a `usage_key` anywhere in the event,
/// or `None`.
///
/// # Errors
/// Returns `MissingField` if `data` is an object that names no block.
pub(super) fn logged_block<'a>(cx: &Transformer<'a>) -> Result<Option<Value<'a>>, Fault> {
    match cx.event.whole_data() {
        Some(Value::Object(_)) => {
            let block = truthy(cx.event.data("problem_id")).or_else(|| cx.event.data("module_id"));
            cx.event.required("data.module_id", block).map(Some)
        }
        _ => Ok(cx.event.find("usage_key")),
    }
}

/// Returns the logged id of the block that the event is about, as text.
fn logged_id<'a>(cx: &Transformer<'a>) -> Result<Option<&'a str>, Fault> {
    cx.optional_id("problem_id, module_id or usage_key", logged_block(cx)?)
}

fn found_id<'a>(cx: &Transformer<'a>, key: &str) -> Result<&'a str, Fault> {
    cx.id_text(key, required(key, cx.event.find(key))?)
}

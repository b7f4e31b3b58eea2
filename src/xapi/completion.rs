//! Completion events (`completion_events.py`).
//!
//! | part of the statement | source |
//! |---|---|
//! | verb | progressed |
//! | object id | `/xblock/` + `data.block_id` |
//! | result completion | whether `data.completion` is 1 |
//! | result extension progress | `data.completion` × 100 |

use super::mapping::StatementKind;
use super::model::{ActivityDefinition, Statement, StatementResult};
use super::transformer::{Transformer, activity};
use super::vocabulary::extension;
use crate::json::Value;
use crate::outcome::{Fault, Reason};
use crate::tracking::field::wrong_type;
use crate::tracking::number::Number;

/// The largest length of a list that is repeated 100 times. Repeating a longer list could fill the memory.
const LONGEST_LIST: usize = 1000;

pub(super) fn progressed<'a>(
    cx: &Transformer<'a>,
    kind: StatementKind,
) -> Result<Statement<'a>, Fault> {
    let base = cx.base(&[])?;
    let block = cx.optional_id("data.block_id", cx.event.data("block_id"))?;
    let id = block.map(|block| cx.iri("xblock", block));
    let completion = cx
        .event
        .required("data.completion", cx.event.data("completion"))?;
    let progress = match (completion, Number::of(completion)) {
        (_, Some(number)) => number.times_100(cx.arena).ok_or_else(|| {
            let detail = "`data.completion` has too many digits to be multiplied by 100";
            Fault::new(Reason::NotRepresentable, detail)
        })?,
        // The reference computes `completion * 100`. If `completion` is a list, Python repeats the list 100 times.
        (Value::Array(items), None) if items.len() <= LONGEST_LIST => {
            let repeated = items.iter().cycle().take(100 * items.len()).copied();
            Value::Array(cx.arena.alloc_slice_fill_iter(repeated.collect::<Vec<_>>()))
        }
        _ => return Err(wrong_type("data.completion", completion, "a number")),
    };
    let result = StatementResult {
        completion: Some(Number::of(completion).is_some_and(|number| number.to_float() == 1.0)),
        extensions: Some(cx.extensions([(extension::PROGRESS, Some(progress))])),
        ..StatementResult::default()
    };
    let object = activity(id, ActivityDefinition::of(kind.object_type));
    cx.statement(kind.verb, base, object, Some(result))
}

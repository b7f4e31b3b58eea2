//! Calculated grades of subsections and courses (`grading_events.py`), and the score that problems share with them.
//!
//! | statement | subsection | course |
//! |---|---|---|
//! | verb | earned | earned |
//! | object id | `/xblock/` + `data.block_id` | `/course/` + `context.course_id` |
//! | score raw | `data.weighted_total_earned` | `data.percent_grade` |
//! | score max | `data.weighted_total_possible` | 1 |
//! | score scaled | raw / max, 0 when max is not positive | raw |
//! | success | raw ≥ max | |
//! | extension grade_classification | | `data.letter_grade`, else `Fail` |

use super::model::{ActivityDefinition, Decimal, Extensions, Score, Statement, StatementResult};
use super::transformer::{Transformer, activity};
use super::vocabulary::{self, extension, verb};
use crate::json::Value;
use crate::outcome::Fault;
use crate::tracking::field::{required, truthy};
use crate::tracking::number::{self, Number};

pub(super) fn subsection<'a>(cx: &Transformer<'a>) -> Result<Statement<'a>, Fault> {
    let actor = cx.actor()?;
    let context = cx.context(&[])?;
    let block = required("data.block_id", cx.event.data("block_id"))?;
    let id = cx.iri("xblock", cx.id_text("data.block_id", block)?);
    let definition = ActivityDefinition {
        activity_type: vocabulary::activity::RESOURCE,
        ..ActivityDefinition::default()
    };
    let result = weighted_result(cx, "weighted_total_earned", "weighted_total_possible")?;
    cx.statement(
        verb::EARNED,
        actor,
        context,
        activity(Some(id), definition),
        Some(result),
    )
}

pub(super) fn course<'a>(cx: &Transformer<'a>) -> Result<Statement<'a>, Fault> {
    let actor = cx.actor()?;
    let context = cx.context(&[])?;
    let object = cx.course_object(None)?;
    let grade = zero_unless_truthy(logged(cx, "percent_grade")?);
    let Some(grade_float) = number::float(grade) else {
        return Err(Fault::wrong_type(
            "data.percent_grade",
            grade.kind(),
            "a number",
        ));
    };
    let letter = truthy(cx.event.data("letter_grade")).unwrap_or(Value::Str("Fail"));
    let result = StatementResult {
        score: Some(Score {
            scaled: Some(Decimal(grade_float)),
            raw: Some(Decimal(grade_float)),
            min: Decimal(0.0),
            max: Some(Decimal(1.0)),
        }),
        extensions: Some(Extensions(
            cx.arena
                .alloc([(extension::GRADE_CLASSIFICATION, Some(letter))]),
        )),
        ..StatementResult::default()
    };
    cx.statement(verb::EARNED, actor, context, object, Some(result))
}

/// Makes the result of a weighted score of two fields of `data`.
///
/// # Errors
/// Returns `MissingField` if a field is absent; `null` counts as 0.
pub(super) fn weighted_result<'a>(
    cx: &Transformer<'a>,
    earned: &str,
    possible: &str,
) -> Result<StatementResult<'a>, Fault> {
    let number = |key: &str| {
        let value = zero_unless_truthy(logged(cx, key)?);
        Number::of(value)
            .ok_or_else(|| Fault::wrong_type(&format!("data.{key}"), value.kind(), "a number"))
    };
    let (possible, earned) = (number(possible)?, number(earned)?);
    let scaled = if possible.is_positive() {
        earned.divided_by(possible)
    } else {
        0.0
    };
    Ok(StatementResult {
        success: Some(earned.at_least(possible)),
        score: Some(Score {
            scaled: Some(Decimal(scaled)),
            raw: Some(Decimal(earned.to_float())),
            min: Decimal(0.0),
            max: Some(Decimal(possible.to_float())),
        }),
        ..StatementResult::default()
    })
}

/// Returns a field of `data`, which may be null but not absent.
fn logged<'a>(cx: &Transformer<'a>, key: &str) -> Result<Value<'a>, Fault> {
    let data = cx.event.whole_data().and_then(Value::as_object);
    required(&format!("data.{key}"), data.and_then(|data| data.get(key)))
}

/// Returns the value of Python's `value or 0`.
fn zero_unless_truthy(value: Value<'_>) -> Value<'_> {
    if value.is_truthy() {
        value
    } else {
        Value::Int(0)
    }
}

//! Calculated grades of subsections and courses (`grading_events.py`). Submitted problems have a score of the same
//! form, made by [`weighted_result`].
//!
//! | part of the statement | source for a subsection | source for a course |
//! |---|---|---|
//! | verb | earned | earned |
//! | object id | `/xblock/` + `data.block_id` | `/course/` + `context.course_id` |
//! | score raw | `data.weighted_total_earned` | `data.percent_grade` |
//! | score max | `data.weighted_total_possible` | 1 |
//! | score scaled | raw / max, 0 when max is not positive | raw |
//! | success | raw ≥ max | |
//! | extension grade_classification | | `data.letter_grade`, else `Fail` |

use super::mapping::StatementKind;
use super::model::{ActivityDefinition, Score, Statement, StatementResult};
use super::transformer::{Transformer, activity};
use super::vocabulary::extension;
use crate::json::Value;
use crate::outcome::Fault;
use crate::tracking::field::{truthy, wrong_type};
use crate::tracking::number::{self, Number};

pub(super) fn subsection<'a>(
    cx: &Transformer<'a>,
    kind: StatementKind,
) -> Result<Statement<'a>, Fault> {
    let base = cx.base(&[])?;
    let block = cx
        .event
        .required("data.block_id", cx.event.data("block_id"))?;
    let id = cx.iri("xblock", cx.id_text("data.block_id", block)?);
    let object = activity(Some(id), ActivityDefinition::of(kind.object_type));
    let result = weighted_result(cx, "weighted_total_earned", "weighted_total_possible")?;
    cx.statement(kind.verb, base, object, Some(result))
}

pub(super) fn course<'a>(
    cx: &Transformer<'a>,
    kind: StatementKind,
) -> Result<Statement<'a>, Fault> {
    let base = cx.base(&[])?;
    let object = cx.course_object(kind.object_type, None)?;
    let grade = logged_or_zero(cx, "percent_grade")?;
    let Some(grade) = number::float(grade).map(Value::Float) else {
        return Err(wrong_type("data.percent_grade", grade, "a number"));
    };
    let letter = truthy(cx.event.data("letter_grade")).unwrap_or(Value::Str("Fail"));
    let result = StatementResult {
        score: Some(Score {
            scaled: Some(grade),
            raw: Some(grade),
            min: Some(Value::Float(0.0)),
            max: Some(Value::Float(1.0)),
        }),
        extensions: Some(cx.extensions([(extension::GRADE_CLASSIFICATION, Some(letter))])),
        ..StatementResult::default()
    };
    cx.statement(kind.verb, base, object, Some(result))
}

/// Makes the result with the score from two fields of `data`, whose names are `earned` and `possible`.
///
/// # Errors
/// Returns `MissingField` if a field is absent, `WrongType` if a field is not a number. Null counts as 0.
pub(super) fn weighted_result<'a>(
    cx: &Transformer<'a>,
    earned: &str,
    possible: &str,
) -> Result<StatementResult<'a>, Fault> {
    let number = |key: &str| {
        let value = logged_or_zero(cx, key)?;
        Number::of(value).ok_or_else(|| wrong_type(format_args!("data.{key}"), value, "a number"))
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
            scaled: Some(Value::Float(scaled)),
            raw: Some(Value::Float(earned.to_float())),
            min: Some(Value::Float(0.0)),
            max: Some(Value::Float(possible.to_float())),
        }),
        ..StatementResult::default()
    })
}

/// Returns a field of `data`, or 0 if the value is null, empty or `false` (Python's `value or 0`).
///
/// # Errors
/// Returns `MissingField` if the field is absent.
fn logged_or_zero<'a>(cx: &Transformer<'a>, key: &str) -> Result<Value<'a>, Fault> {
    let data = cx.event.whole_data().and_then(Value::as_object);
    let logged = data.and_then(|data| data.get(key));
    let value = logged.ok_or_else(|| cx.event.missing(&format!("data.{key}")))?;
    Ok(truthy(Some(value)).unwrap_or(Value::Int(0)))
}

//! The result of a checked problem, and of each of its questions. `problem_check` has the mapping table.

use super::model::{Decimal, Score, StatementResult};
use super::transformer::Transformer;
use crate::json::{JsonObject, Value};
use crate::outcome::Fault;
use crate::tracking::field::required;
use crate::tracking::number::{self, Number};
use crate::tracking::{python, python_json};

/// The fields of the event that a result is made of.
pub(super) struct ResultFields<'a> {
    success: Option<Value<'a>>,
    grade: Option<Value<'a>>,
    max_grade: Option<Value<'a>>,
    /// `data.answers`, which logs older than 2014 have instead of a submission.
    answers: Option<Value<'a>>,
}

impl<'a> ResultFields<'a> {
    pub(super) fn of_event(cx: &Transformer<'a>) -> Self {
        let data = cx.event.whole_data().and_then(Value::as_object);
        Self {
            success: cx.event.find("success"),
            grade: cx.event.find("grade"),
            max_grade: cx.event.find("max_grade"),
            answers: data.and_then(|data| data.get("answers")),
        }
    }
}

/// Returns the result of a submission or, without one, of the event as a whole.
pub(super) fn result<'a>(
    cx: &Transformer<'a>,
    fields: &ResultFields<'a>,
    submission: Option<JsonObject<'a>>,
) -> Result<StatementResult<'a>, Fault> {
    let (answer, success) = match submission {
        Some(submission) => {
            let answer = required("submission.answer", submission.get("answer"))?;
            (
                Some(answer),
                submission
                    .get("correct")
                    .filter(|correct| *correct != Value::Null)
                    .map(Value::is_truthy),
            )
        }
        None => (
            logged_answers(cx, fields)?,
            Some(fields.success == Some(Value::Str("correct"))),
        ),
    };
    Ok(StatementResult {
        score: Some(score(fields)?),
        success,
        response: response(cx, answer),
        ..StatementResult::default()
    })
}

/// Returns the answers of an event without submissions.
pub(super) fn logged_answers<'a>(
    cx: &Transformer<'a>,
    fields: &ResultFields<'a>,
) -> Result<Option<Value<'a>>, Fault> {
    match cx.event.whole_data() {
        None | Some(Value::Object(_)) => Ok(fields.answers),
        Some(value) => Err(Fault::wrong_type("data", value.kind(), "an object")),
    }
}

/// Returns a list as JSON text, and any other answer as the text that Python makes of it.
fn response<'a>(cx: &Transformer<'a>, answer: Option<Value<'a>>) -> Option<&'a str> {
    let mut text = String::new();
    match answer? {
        Value::Null => return None,
        Value::Str(text) => return Some(text),
        answer @ Value::Array(_) => text = python_json::dumps(answer),
        answer => python::write_str(answer, &mut text),
    }
    Some(cx.arena.alloc_str(&text))
}

fn score(fields: &ResultFields<'_>) -> Result<Score, Fault> {
    let (max, raw) = (fields.max_grade, fields.grade);
    let not_a_number =
        |field: &str, value: Value<'_>| Fault::wrong_type(field, value.kind(), "a number");
    let scaled = match (max, raw) {
        (Some(max), Some(raw)) => {
            let max = Number::of(max).ok_or_else(|| not_a_number("max_grade", max))?;
            if max.is_positive() {
                let raw = Number::of(raw).ok_or_else(|| not_a_number("grade", raw))?;
                Some(Decimal(raw.divided_by(max)))
            } else {
                Some(Decimal(0.0))
            }
        }
        _ => None,
    };
    let decimal = |field: &str, value: Option<_>| match value {
        None => Ok(None),
        Some(value) => number::float(value)
            .map(|float| Some(Decimal(float)))
            .ok_or_else(|| not_a_number(field, value)),
    };
    Ok(Score {
        scaled,
        raw: decimal("grade", raw)?,
        min: Decimal(0.0),
        max: decimal("max_grade", max)?,
    })
}

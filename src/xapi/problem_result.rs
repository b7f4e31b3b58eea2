//! Makes the result of a checked problem and the result of each of its questions. The docs of `problem_check.rs` list
//! the source of each field.

use super::model::{Score, StatementResult};
use super::transformer::Transformer;
use crate::format::Conformance;
use crate::json::{self, JsonObject, Value};
use crate::outcome::{Fault, Reason};
use crate::tracking::field::{object_of, required, wrong_type};
use crate::tracking::number::{self, Number};
use crate::tracking::{python, python_json};

/// The fields of the event from which results are made.
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

/// Returns the result of the submission, or of the whole event if `submission` is `None`.
pub(super) fn result<'a>(
    cx: &Transformer<'a>,
    fields: &ResultFields<'a>,
    submission: Option<JsonObject<'a>>,
) -> Result<StatementResult<'a>, Fault> {
    let (answer, success) = match submission {
        Some(submission) => {
            let answer = required("submission.answer", submission.get("answer"))?;
            let correct = submission.get("correct");
            let correct = correct.filter(|correct| *correct != Value::Null);
            (Some(answer), correct.map(Value::is_truthy))
        }
        None => {
            let is_correct = fields.success == Some(Value::Str("correct"));
            (logged_answers(cx, fields)?, Some(is_correct))
        }
    };
    Ok(StatementResult {
        score: Some(score(fields)?),
        success,
        response: response(cx, answer)?,
        ..StatementResult::default()
    })
}

/// Returns the answers of an event without submissions.
///
/// # Errors
/// Returns `WrongType` if `data` is not an object.
pub(super) fn logged_answers<'a>(
    cx: &Transformer<'a>,
    fields: &ResultFields<'a>,
) -> Result<Option<Value<'a>>, Fault> {
    if let Some(data) = cx.event.whole_data() {
        object_of("data", data)?;
    }
    Ok(fields.answers)
}

/// Returns the text of an answer: JSON for a list, and for any other value the text that Python's `str` makes of it.
/// Returns `None` for an absent or null answer.
///
/// If statements follow the specification, any value but a string becomes JSON.
///
/// # Errors
/// Returns `NotRepresentable` if statements follow the specification and the answer holds NaN or an infinity.
fn response<'a>(cx: &Transformer<'a>, answer: Option<Value<'a>>) -> Result<Option<&'a str>, Fault> {
    let mut text = String::new();
    match (answer, cx.settings.conformance) {
        (None | Some(Value::Null), _) => return Ok(None),
        (Some(Value::Str(text)), _) => return Ok(Some(text)),
        (Some(answer), Conformance::Spec) => text = json_text(answer)?,
        (Some(answer @ Value::Array(_)), _) => text = python_json::dumps(answer),
        (Some(answer), _) => python::write_str(answer, &mut text),
    }
    Ok(Some(cx.arena.alloc_str(&text)))
}

fn json_text(answer: Value<'_>) -> Result<String, Fault> {
    if json::is_representable(&answer) {
        return Ok(python_json::dumps(answer));
    }
    let detail = "the answer holds NaN or an infinity, which JSON does not have";
    Err(Fault::new(Reason::NotRepresentable, detail))
}

fn score<'a>(fields: &ResultFields<'a>) -> Result<Score<'a>, Fault> {
    let (max, raw) = (fields.max_grade, fields.grade);
    let number =
        |field, value| Number::of(value).ok_or_else(|| wrong_type(field, value, "a number"));
    let scaled = match (max, raw) {
        (Some(max), Some(raw)) => {
            let max = number("max_grade", max)?;
            Some(if max.is_positive() {
                number("grade", raw)?.divided_by(max)
            } else {
                0.0
            })
        }
        _ => None,
    };
    let float = |field, value: Option<Value<'a>>| {
        let float =
            |value| number::float(value).ok_or_else(|| wrong_type(field, value, "a number"));
        Ok(value.map(float).transpose()?.map(Value::Float))
    };
    Ok(Score {
        scaled: scaled.map(Value::Float),
        raw: float("grade", raw)?,
        min: Some(Value::Float(0.0)),
        max: float("max_grade", max)?,
    })
}

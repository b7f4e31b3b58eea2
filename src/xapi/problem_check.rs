//! Checked problems (`problem_interaction_events.py`, `ProblemCheckTransformer` and its child).
//!
//! | statement | from |
//! |---|---|
//! | verb | evaluated; attempted when a browser sent the event |
//! | object id | `/xblock/` + `data.problem_id`; of a browser event, the block that the referer or the form names |
//! | object description, interaction type | `question` and `response_type` of the first submission with a response type |
//! | object name | `display_name`, without such a submission |
//! | object extension attempt-id | `data.attempts` |
//! | result score | `grade` of `max_grade` |
//! | result success, response | `correct` and `answer` of the submission, else `success` and `data.answers` |
//!
//! A browser event has no result. A problem of several questions is a `GroupActivity` with one child statement for each
//! entry of `submission`: the child's object id ends with the question's id, its parent is the group, it has no score.

use bumpalo::collections::Vec as ArenaVec;

use super::model::{
    Activity, ActivityDefinition, Context, ContextActivities, Decimal, Extensions, LanguageMap,
    ObjectType, Score, Statement, StatementRef, StatementResult,
};
use super::problem::logged_block;
use super::transformer::{Transformer, activity, deliverable};
use super::vocabulary::{self, extension, verb};
use crate::json::{JsonObject, Value};
use crate::outcome::{Fault, Reason};
use crate::tracking::field::{required, str_of, truthy};
use crate::tracking::number::{self, Number};
use crate::tracking::{python, python_json, usage_key};

/// More questions than any problem has, and few enough to hold a statement for each.
const MOST_QUESTIONS: usize = 10_000;

pub(super) fn checked<'a>(it: &Transformer<'a>) -> Result<&'a [Statement<'a>], Fault> {
    let actor = it.actor()?;
    let context = it.context(&[])?;
    let questions = questions(it)?;
    if questions.len() > MOST_QUESTIONS {
        let detail = format!(
            "`submission` has {} questions, more than {MOST_QUESTIONS}",
            questions.len()
        );
        return Err(Fault::new(Reason::NotRepresentable, detail));
    }
    let found = &Found::in_event(it);
    let verb = if found.is_from_browser {
        verb::ATTEMPTED
    } else {
        verb::EVALUATED
    };

    let block = logged_block(it)?;
    let submission = first_submission(it)?;
    let mut object = object(it, found, block, definition(it, found, submission)?)?;
    if questions.len() > 1 {
        object.object_type = ObjectType::GroupActivity;
        object.definition.interaction_type = Some(OTHER);
    }
    let parent = it.statement(verb, actor, context, object, result(it, found, submission)?)?;

    let mut statements = ArenaVec::with_capacity_in(1 + questions.len(), it.arena);
    statements.push(parent);
    if questions.len() > 1 {
        for &(question, submission) in questions {
            statements.push(child(it, found, &parent, block, question, submission)?);
        }
    }
    deliverable(statements.into_bump_slice())
}

/// What is found anywhere in the event, and so is looked for once and not for each question.
struct Found<'a> {
    /// Whether a browser sent the event. It may say so in two places; the verb and the result believe the first, the
    /// object believes its context.
    is_from_browser: bool,
    has_browser_context: bool,
    referer: Option<Value<'a>>,
    response_type: Option<Value<'a>>,
    display_name: Option<Value<'a>>,
    success: Option<Value<'a>>,
    grade: Option<Value<'a>>,
    max_grade: Option<Value<'a>>,
    attempts: Option<Value<'a>>,
    /// `data.answers`, which logs older than 2014 have in place of a submission.
    answers: Option<Value<'a>>,
    logged_time: Option<Value<'a>>,
}

impl<'a> Found<'a> {
    fn in_event(it: &Transformer<'a>) -> Self {
        let event = &it.event;
        let data = event.whole_data().and_then(Value::as_object);
        let (found, in_context) = (event.find("event_source"), event.context("event_source"));
        let is_browser = |source: Option<Value<'_>>| source == Some(Value::Str("browser"));
        Self {
            is_from_browser: is_browser(truthy(found).or(in_context)),
            has_browser_context: is_browser(truthy(in_context).or(found)),
            referer: truthy(event.find("referer")).or_else(|| event.context("referer")),
            response_type: event.find("response_type"),
            display_name: event.find("display_name"),
            success: event.find("success"),
            grade: event.find("grade"),
            max_grade: event.find("max_grade"),
            attempts: truthy(event.data("attempts")),
            answers: data.and_then(|data| data.get("answers")),
            logged_time: it.logged_time(),
        }
    }
}

/// The entries of `submission`, wherever it is: question ids and what was submitted to each.
fn questions<'a>(it: &Transformer<'a>) -> Result<&'a [(&'a str, Value<'a>)], Fault> {
    match truthy(it.event.find("submission")) {
        None => Ok(&[]),
        Some(Value::Object(submission)) => Ok(submission.members()),
        Some(value) => Err(Fault::wrong_type("submission", value.kind(), "an object")),
    }
}

fn child<'a>(
    it: &Transformer<'a>,
    found: &Found<'a>,
    parent: &Statement<'a>,
    block: Option<Value<'a>>,
    question: &'a str,
    submission: Value<'a>,
) -> Result<Statement<'a>, Fault> {
    let Some(of_parent) = parent.context.context_activities else {
        return Err(Fault::missing("context.course_id"));
    };
    let context = Context {
        context_activities: Some(ContextActivities {
            parent: [parent.object],
            grouping: Some(of_parent.parent),
        }),
        statement: Some(StatementRef { id: parent.id }),
        extensions: parent.context.extensions,
    };
    let submission = match submission {
        Value::Object(submission) if !submission.members().is_empty() => Some(submission),
        value if value.is_truthy() => {
            return Err(Fault::wrong_type(
                &format!("submission.{question}"),
                value.kind(),
                "an object",
            ));
        }
        _ => None,
    };
    let block = match truthy(block) {
        Some(block) => str_of("the id of the block", block, "a text")?,
        None => "",
    };
    let id = match block.rsplit_once('@') {
        Some((block, _)) => it.text(format_args!("{block}@{question}")),
        None => question,
    };
    if id.is_empty() {
        return Err(Fault::new(
            Reason::NoObjectId,
            "a question without an id has no object",
        ));
    }
    let definition = definition(it, found, submission)?;
    let object = if found.has_browser_context {
        // The block that was found for the parent, since the log does not name it.
        activity(parent.object.id, definition)
    } else {
        activity(Some(it.iri("xblock", id)), definition)
    };
    let Some(result) = result(it, found, submission)? else {
        return Err(Fault::missing("result of a question that a browser sent"));
    };
    let response = match submission {
        Some(_) => result.response,
        // Without a submission there is nothing in place of an answer, least of all a list.
        None if matches!(logged_answers(it, found)?, Some(Value::Array(_))) => {
            return Err(Fault::missing(&format!("submission.{question}")));
        }
        None => None,
    };
    let result = StatementResult {
        score: None,
        response,
        ..result
    };
    Ok(it.child_statement(question, found.logged_time, parent, context, object, result))
}

/// The object of the event, given the block that the log names. A browser's event does not name it, or not reliably.
fn object<'a>(
    it: &Transformer<'a>,
    found: &Found<'a>,
    block: Option<Value<'a>>,
    definition: ActivityDefinition<'a>,
) -> Result<Activity<'a>, Fault> {
    let referer = required("referer", found.referer)?;
    let block = if found.has_browser_context {
        usage_key::problem(&it.event, referer, it.arena)?
    } else {
        block
            .map(|block| it.id_text("the id of the block", block))
            .transpose()?
    };
    Ok(activity(
        block.map(|block| it.iri("xblock", block)),
        definition,
    ))
}

fn definition<'a>(
    it: &Transformer<'a>,
    found: &Found<'a>,
    submission: Option<JsonObject<'a>>,
) -> Result<ActivityDefinition<'a>, Fault> {
    let mut definition = ActivityDefinition {
        activity_type: vocabulary::activity::INTERACTION,
        extensions: found
            .attempts
            .map(|attempts| Extensions(it.arena.alloc([(extension::ATTEMPT_ID, Some(attempts))]))),
        ..ActivityDefinition::default()
    };
    let mut response_type = found.response_type;
    interaction_type(response_type)?;
    let us_english = |text| LanguageMap {
        tag: "en-US",
        text: Some(text),
    };
    if let Some(submission) = submission {
        response_type = submission.get("response_type");
        interaction_type(response_type)?;
        let question = required("submission.question", submission.get("question"))?;
        definition.description = Some(us_english(str_of(
            "submission.question",
            question,
            "a text",
        )?));
    } else if let Some(name) = truthy(found.display_name) {
        definition.name = Some(us_english(str_of("display_name", name, "a text")?));
    }
    definition.interaction_type = Some(interaction_type(response_type)?);
    Ok(definition)
}

/// The first submission of `data.submission` that has a response type.
fn first_submission<'a>(it: &Transformer<'a>) -> Result<Option<JsonObject<'a>>, Fault> {
    let submissions = match truthy(it.event.data("submission")) {
        None => return Ok(None),
        Some(Value::Object(submissions)) => submissions,
        Some(value) => {
            return Err(Fault::wrong_type(
                "data.submission",
                value.kind(),
                "an object",
            ));
        }
    };
    for &(question, submission) in submissions.members() {
        let has_response_type = match submission {
            Value::Object(submission) => submission
                .get("response_type")
                .is_some_and(Value::is_truthy),
            // Python's `in` also looks into texts and lists; only when it finds something is that an error.
            Value::Str(text) if !text.contains("response_type") => false,
            Value::Array(items) if !items.contains(&Value::Str("response_type")) => false,
            _ => {
                return Err(Fault::wrong_type(
                    &format!("submission.{question}"),
                    submission.kind(),
                    "an object",
                ));
            }
        };
        if has_response_type {
            return Ok(submission.as_object());
        }
    }
    Ok(None)
}

/// What a response type does not map to.
const OTHER: &str = "other";

/// xAPI's interaction type of an Open edX response type.
fn interaction_type(response_type: Option<Value<'_>>) -> Result<&'static str, Fault> {
    let response_type = match response_type {
        Some(Value::Str(response_type)) => response_type,
        Some(value @ (Value::Array(_) | Value::Object(_))) => {
            return Err(Fault::wrong_type("response_type", value.kind(), "a text"));
        }
        _ => return Ok(OTHER),
    };
    Ok(match response_type {
        "choiceresponse" | "multiplechoiceresponse" | "choicetextresponse" | "optionresponse" => {
            "choice"
        }
        "numericalresponse" => "numeric",
        "stringresponse" | "formularesponse" | "annotationresponse" | "symbolicresponse" => {
            "fill-in"
        }
        "imageresponse" => "matching",
        "truefalseresponse" => "true-false",
        _ => OTHER,
    })
}

/// The result of a submission, or of the event as a whole. A browser event has none.
fn result<'a>(
    it: &Transformer<'a>,
    found: &Found<'a>,
    submission: Option<JsonObject<'a>>,
) -> Result<Option<StatementResult<'a>>, Fault> {
    if found.is_from_browser {
        return Ok(None);
    }
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
            logged_answers(it, found)?,
            Some(found.success == Some(Value::Str("correct"))),
        ),
    };
    Ok(Some(StatementResult {
        score: Some(score(found)?),
        success,
        response: response(it, answer),
        ..StatementResult::default()
    }))
}

/// The answers where there is no submission.
fn logged_answers<'a>(it: &Transformer<'a>, found: &Found<'a>) -> Result<Option<Value<'a>>, Fault> {
    match it.event.whole_data() {
        None | Some(Value::Object(_)) => Ok(found.answers),
        Some(value) => Err(Fault::wrong_type("data", value.kind(), "an object")),
    }
}

/// A list is JSON text; anything else is Python's text of it.
fn response<'a>(it: &Transformer<'a>, answer: Option<Value<'a>>) -> Option<&'a str> {
    let mut text = String::new();
    match answer? {
        Value::Null => return None,
        Value::Str(text) => return Some(text),
        answer @ Value::Array(_) => text = python_json::dumps(answer),
        answer => python::write_str(answer, &mut text),
    }
    Some(it.arena.alloc_str(&text))
}

fn score(found: &Found<'_>) -> Result<Score, Fault> {
    let (max, raw) = (found.max_grade, found.grade);
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

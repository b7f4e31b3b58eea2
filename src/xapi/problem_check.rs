//! Problems whose answers were checked (`ProblemCheckTransformer` in `problem_interaction_events.py`).
//!
//! | part of the statement | source |
//! |---|---|
//! | verb | evaluated; attempted when a browser sent the event |
//! | object id | `/xblock/` + `data.problem_id`, or for a browser event the block that the referer or the form in `data` names |
//! | object description, interaction type | `question` and `response_type` of the first submission with a response type |
//! | object name | `display_name`, if no submission has a response type |
//! | object extension attempt-id | `data.attempts` |
//! | result score | `grade` of `max_grade` |
//! | result success, response | `correct` and `answer` of that submission, or without it `success` and `data.answers` |
//!
//! A browser event has no result. A problem of several questions is a `GroupActivity` with one child statement for each
//! entry of `submission`. The object id of a child ends with the id of the question, its parent is the group, and its
//! result has no score.

use bumpalo::collections::Vec as ArenaVec;

use super::mapping::StatementKind;
use super::model::{
    Activity, ActivityDefinition, Context, ContextActivities, ObjectType, Statement, StatementRef,
    StatementResult,
};
use super::problem::logged_block;
use super::problem_result::{ResultFields, logged_answers, result};
use super::transformer::{Transformer, activity, logged_time, us_english, with_object_ids};
use super::vocabulary::activity::INTERACTION;
use super::vocabulary::{extension, verb};
use crate::json::{JsonObject, Value};
use crate::outcome::{Fault, Reason};
use crate::tracking::field::{object_of, required, str_of, truthy, wrong_type};
use crate::tracking::usage_key;

/// The largest number of questions in a problem. No real problem has so many, and the statements of so many questions
/// still fit in memory.
const MOST_QUESTIONS: usize = 10_000;

/// The kinds of statements of checked problems and of their questions: the verb says whether the server or a browser sent
/// the event.
pub(super) static KINDS: [StatementKind; 2] = [
    StatementKind {
        verb: &verb::EVALUATED,
        object_type: INTERACTION,
    },
    StatementKind {
        verb: &verb::ATTEMPTED,
        object_type: INTERACTION,
    },
];

pub(super) fn checked<'a>(cx: &Transformer<'a>) -> Result<&'a [Statement<'a>], Fault> {
    let base = cx.base(&[])?;
    let questions = questions(cx)?;
    if questions.len() > MOST_QUESTIONS {
        let count = questions.len();
        let detail =
            format!("`submission` has {count} questions, more than the limit of {MOST_QUESTIONS}");
        return Err(Fault::new(Reason::NotRepresentable, detail));
    }
    let fields = &CheckFields::of_event(cx);
    let [evaluated, attempted] = &KINDS;
    let kind = if fields.is_from_browser {
        attempted
    } else {
        evaluated
    };

    let block = logged_block(cx)?;
    let submission = first_submission(cx)?;
    let mut object = object(cx, fields, block, definition(cx, fields, submission)?)?;
    if questions.len() > 1 {
        object.object_type = ObjectType::GroupActivity;
        object.definition.interaction_type = Some(OTHER);
    }
    let result = if fields.is_from_browser {
        None
    } else {
        Some(result(cx, &fields.result, submission)?)
    };
    let parent = cx.statement(kind.verb, base, object, result)?;

    let mut statements = ArenaVec::with_capacity_in(1 + questions.len(), cx.arena);
    statements.push(parent);
    if questions.len() > 1 {
        for &question in questions {
            statements.push(child(cx, fields, &parent, block, question)?);
        }
    }
    with_object_ids(statements.into_bump_slice(), || {
        if fields.has_browser_context {
            "neither `referer` nor the form in `event` names the problem".into()
        } else {
            cx.event.missing("data.problem_id").detail
        }
    })
}

/// The fields that every question needs. They are looked up only once, because most of them may be anywhere in the
/// event, so that the lookup searches the whole event.
struct CheckFields<'a> {
    /// Whether a browser sent the event, according to the first `event_source` anywhere in the event, else to
    /// `context.event_source`. The reference looks in this order to choose the verb and the result.
    is_from_browser: bool,
    /// Whether a browser sent the event, according to `context.event_source`, else to the first `event_source` anywhere
    /// in the event. The reference looks in this order to choose the object.
    has_browser_context: bool,
    referer: Option<Value<'a>>,
    response_type: Option<Value<'a>>,
    display_name: Option<Value<'a>>,
    attempts: Option<Value<'a>>,
    logged_time: Option<Value<'a>>,
    result: ResultFields<'a>,
}

impl<'a> CheckFields<'a> {
    fn of_event(cx: &Transformer<'a>) -> Self {
        let event = &cx.event;
        let (found, in_context) = (event.find("event_source"), event.context("event_source"));
        let is_browser = |source: Option<Value<'_>>| source == Some(Value::Str("browser"));
        Self {
            is_from_browser: is_browser(truthy(found).or(in_context)),
            has_browser_context: is_browser(truthy(in_context).or(found)),
            referer: truthy(event.find("referer")).or_else(|| event.context("referer")),
            response_type: event.find("response_type"),
            display_name: event.find("display_name"),
            attempts: truthy(event.data("attempts")),
            logged_time: logged_time(event),
            result: ResultFields::of_event(cx),
        }
    }
}

/// The id of a question, and what the user submitted for this question.
type Question<'a> = (&'a str, Value<'a>);

/// Returns the questions in the field `submission`, which may be anywhere in the event.
fn questions<'a>(cx: &Transformer<'a>) -> Result<&'a [Question<'a>], Fault> {
    match truthy(cx.event.find("submission")) {
        None => Ok(&[]),
        Some(submission) => Ok(object_of("submission", submission)?.members()),
    }
}

/// Makes the statement of one question of a problem with several questions.
fn child<'a>(
    cx: &Transformer<'a>,
    fields: &CheckFields<'a>,
    parent: &Statement<'a>,
    block: Option<Value<'a>>,
    (question, submission): Question<'a>,
) -> Result<Statement<'a>, Fault> {
    let context = child_context(cx, parent)?;
    let submission = truthy(Some(submission))
        .map(|submission| object_of(format_args!("submission.{question}"), submission))
        .transpose()?;
    let block = child_block(cx, block, question)?;
    let definition = definition(cx, fields, submission)?;
    let object = if fields.has_browser_context {
        // A browser event does not name the block of the question, so the object of the problem is used.
        activity(parent.object.id, definition)
    } else {
        activity(Some(cx.iri("xblock", block)), definition)
    };
    let result = child_result(cx, fields, question, submission)?;
    let id = cx.statement_id(
        parent.verb,
        parent.actor,
        fields.logged_time,
        Some(question),
    );
    Ok(Statement {
        id,
        context,
        object,
        result: Some(result),
        ..*parent
    })
}

fn child_context<'a>(cx: &Transformer<'a>, parent: &Statement<'a>) -> Result<Context<'a>, Fault> {
    let Some(of_parent) = parent.context.context_activities else {
        return Err(cx.event.missing("context.course_id"));
    };
    Ok(Context {
        context_activities: Some(ContextActivities {
            parent: [parent.object],
            grouping: Some(of_parent.parent),
        }),
        statement: Some(StatementRef { id: parent.id }),
        extensions: parent.context.extensions,
    })
}

/// Returns the id of the block of a question: the id of the problem's block, with the id of the question in place of
/// the part after the last `@`. If there is no `@`, returns the id of the question.
fn child_block<'a>(
    cx: &Transformer<'a>,
    block: Option<Value<'a>>,
    question: &'a str,
) -> Result<&'a str, Fault> {
    let block = match truthy(block) {
        Some(block) => str_of("problem_id, module_id or usage_key", block, "a string")?,
        None => "",
    };
    let id = match block.rsplit_once('@') {
        Some((block, _)) => cx.text(format_args!("{block}@{question}")),
        None => question,
    };
    if id.is_empty() {
        let detail = "a question in `submission` has an empty id, so the object of its statement would have no id";
        return Err(Fault::new(Reason::NoObjectId, detail));
    }
    Ok(id)
}

fn child_result<'a>(
    cx: &Transformer<'a>,
    fields: &CheckFields<'a>,
    question: &str,
    submission: Option<JsonObject<'a>>,
) -> Result<StatementResult<'a>, Fault> {
    if fields.is_from_browser {
        let detail = "a browser event has no result, which the statement of a question needs";
        return Err(Fault::new(Reason::MissingField, detail));
    }
    let result = result(cx, &fields.result, submission)?;
    let response = match submission {
        Some(_) => result.response,
        // A list in `data.answers` has the answers to all questions, so it cannot be the response to one question.
        None if matches!(logged_answers(cx, &fields.result)?, Some(Value::Array(_))) => {
            return Err(Fault::missing(format_args!("submission.{question}")));
        }
        None => None,
    };
    Ok(StatementResult {
        score: None,
        response,
        ..result
    })
}

/// Makes the object of the problem's statement. For a browser event, the reference ignores the logged block and takes
/// the block from the referer or the form.
fn object<'a>(
    cx: &Transformer<'a>,
    fields: &CheckFields<'a>,
    block: Option<Value<'a>>,
    definition: ActivityDefinition<'a>,
) -> Result<Activity<'a>, Fault> {
    let referer = required("referer", fields.referer)?;
    let block = if fields.has_browser_context {
        usage_key::problem(&cx.event, referer, cx.arena)?
    } else {
        cx.optional_id("problem_id, module_id or usage_key", block)?
    };
    let id = block.map(|block| cx.iri("xblock", block));
    Ok(activity(id, definition))
}

fn definition<'a>(
    cx: &Transformer<'a>,
    fields: &CheckFields<'a>,
    submission: Option<JsonObject<'a>>,
) -> Result<ActivityDefinition<'a>, Fault> {
    let attempts = fields.attempts;
    let mut definition = ActivityDefinition {
        interaction_type: Some(interaction_type(fields.response_type)?),
        extensions: attempts.map(|_| cx.extensions([(extension::ATTEMPT_ID, attempts)])),
        ..ActivityDefinition::of(INTERACTION)
    };
    if let Some(submission) = submission {
        definition.interaction_type = Some(interaction_type(submission.get("response_type"))?);
        let question = required("submission.question", submission.get("question"))?;
        let question = str_of("submission.question", question, "a string")?;
        definition.description = Some(us_english(question));
    } else if let Some(name) = truthy(fields.display_name) {
        definition.name = Some(us_english(str_of("display_name", name, "a string")?));
    }
    Ok(definition)
}

/// Returns the first submission of `data.submission` that has a response type.
fn first_submission<'a>(cx: &Transformer<'a>) -> Result<Option<JsonObject<'a>>, Fault> {
    let Some(submissions) = truthy(cx.event.data("submission")) else {
        return Ok(None);
    };
    for &(question, submission) in object_of("data.submission", submissions)?.members() {
        match submission {
            // The reference tests `"response_type" in submission`. Python allows this test for strings and lists too.
            // If the result is false, the reference skips the submission. If it is true, the reference fails, since a
            // string or list has no fields.
            Value::Str(text) if !text.contains("response_type") => {}
            Value::Array(items) if !items.contains(&Value::Str("response_type")) => {}
            _ => {
                let submission = object_of(format_args!("submission.{question}"), submission)?;
                if truthy(submission.get("response_type")).is_some() {
                    return Ok(Some(submission));
                }
            }
        }
    }
    Ok(None)
}

/// The interaction type of all problems that fit none of xAPI's other interaction types.
pub(super) const OTHER: &str = "other";

/// Returns xAPI's interaction type for a response type of Open edX.
fn interaction_type(response_type: Option<Value<'_>>) -> Result<&'static str, Fault> {
    let response_type = match response_type {
        Some(Value::Str(response_type)) => response_type,
        Some(value @ (Value::Array(_) | Value::Object(_))) => {
            return Err(wrong_type("response_type", value, "a string"));
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

/// Returns whether a statement has the verb `evaluated`, and no attempt-id that is an integer, which the models of Aspects
/// read.
pub fn lacks_attempt_id(statement: &Statement<'_>) -> bool {
    let is_integer = |value: Value<'_>| match value {
        Value::Int(_) => true,
        Value::Str(text) => text.parse::<i64>().is_ok(),
        _ => false,
    };
    let extensions = statement.object.definition.extensions.unwrap_or_default();
    let attempt_id = extensions
        .0
        .iter()
        .find(|(iri, _)| *iri == extension::ATTEMPT_ID);
    statement.verb.id == verb::EVALUATED.id
        && !attempt_id.is_some_and(|(_, value)| value.is_some_and(is_integer))
}

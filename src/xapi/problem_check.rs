//! Checked problems (`problem_interaction_events.py`, `ProblemCheckTransformer` and its child).
//!
//! | statement | from |
//! |---|---|
//! | verb | evaluated; attempted when a browser sent the event |
//! | object id | `/xblock/` + `data.problem_id`, or for a browser event the block that the referer or the form names |
//! | object description, interaction type | `question` and `response_type` of the first submission with a response type |
//! | object name | `display_name`, if there is no such submission |
//! | object extension attempt-id | `data.attempts` |
//! | result score | `grade` of `max_grade` |
//! | result success, response | `correct` and `answer` of the submission, else `success` and `data.answers` |
//!
//! A browser event has no result. A problem of several questions is a `GroupActivity` with one child statement for each
//! entry of `submission`. The object id of a child ends with the id of the question, its parent is the group, and its
//! result has no score.

use bumpalo::collections::Vec as ArenaVec;

use super::model::{
    Activity, ActivityDefinition, Context, ContextActivities, Extensions, LanguageMap, ObjectType,
    Statement, StatementRef, StatementResult,
};
use super::problem::logged_block;
use super::problem_result::{ResultFields, logged_answers, result};
use super::transformer::{Transformer, activity, with_object_ids};
use super::vocabulary::{self, extension, verb};
use crate::json::{JsonObject, Value};
use crate::outcome::{Fault, Reason};
use crate::tracking::field::{required, str_of, truthy};
use crate::tracking::usage_key;

/// More questions than any problem has, and few enough to hold a statement for each in memory.
const MOST_QUESTIONS: usize = 10_000;

pub(super) fn checked<'a>(cx: &Transformer<'a>) -> Result<&'a [Statement<'a>], Fault> {
    let actor = cx.actor()?;
    let context = cx.context(&[])?;
    let questions = questions(cx)?;
    if questions.len() > MOST_QUESTIONS {
        let detail = format!(
            "`submission` has {} questions, more than {MOST_QUESTIONS}",
            questions.len()
        );
        return Err(Fault::new(Reason::NotRepresentable, detail));
    }
    let fields = &CheckFields::of_event(cx);
    let verb = if fields.is_from_browser {
        verb::ATTEMPTED
    } else {
        verb::EVALUATED
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
    let parent = cx.statement(verb, actor, context, object, result)?;

    let mut statements = ArenaVec::with_capacity_in(1 + questions.len(), cx.arena);
    statements.push(parent);
    if questions.len() > 1 {
        for &question in questions {
            statements.push(child(cx, fields, &parent, block, question)?);
        }
    }
    with_object_ids(statements.into_bump_slice())
}

/// The fields that are looked up once for all questions, since most of them may be anywhere in the event.
struct CheckFields<'a> {
    /// Whether a browser sent the event, for the verb and the result. The reference reads two fields named `event_source`,
    /// and prefers one for these and the other for the object.
    is_from_browser: bool,
    /// The same for the object.
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
            logged_time: cx.logged_time(),
            result: ResultFields::of_event(cx),
        }
    }
}

/// The id of a question, and the submission to this question.
type Question<'a> = (&'a str, Value<'a>);

/// Returns the questions of `submission`, which may be anywhere in the event.
fn questions<'a>(cx: &Transformer<'a>) -> Result<&'a [Question<'a>], Fault> {
    match truthy(cx.event.find("submission")) {
        None => Ok(&[]),
        Some(Value::Object(submission)) => Ok(submission.members()),
        Some(value) => Err(Fault::wrong_type("submission", value.kind(), "an object")),
    }
}

/// Makes the statement of one question of several.
fn child<'a>(
    cx: &Transformer<'a>,
    fields: &CheckFields<'a>,
    parent: &Statement<'a>,
    block: Option<Value<'a>>,
    (question, submission): Question<'a>,
) -> Result<Statement<'a>, Fault> {
    let context = child_context(parent)?;
    let submission = match submission {
        Value::Object(submission) if !submission.members().is_empty() => Some(submission),
        value if value.is_truthy() => {
            let field = format!("submission.{question}");
            return Err(Fault::wrong_type(&field, value.kind(), "an object"));
        }
        _ => None,
    };
    let id = child_id(cx, block, question)?;
    let definition = definition(cx, fields, submission)?;
    let object = if fields.has_browser_context {
        // The block of the parent, since the log does not name the block.
        activity(parent.object.id, definition)
    } else {
        activity(Some(cx.iri("xblock", id)), definition)
    };
    let result = child_result(cx, fields, question, submission)?;
    Ok(cx.child_statement(
        question,
        fields.logged_time,
        parent,
        context,
        object,
        result,
    ))
}

fn child_context<'a>(parent: &Statement<'a>) -> Result<Context<'a>, Fault> {
    let Some(of_parent) = parent.context.context_activities else {
        return Err(Fault::missing("context.course_id"));
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

/// Returns the id of a question: the id of the block with its last part replaced.
fn child_id<'a>(
    cx: &Transformer<'a>,
    block: Option<Value<'a>>,
    question: &'a str,
) -> Result<&'a str, Fault> {
    let block = match truthy(block) {
        Some(block) => str_of("the id of the block", block, "a text")?,
        None => "",
    };
    let id = match block.rsplit_once('@') {
        Some((block, _)) => cx.text(format_args!("{block}@{question}")),
        None => question,
    };
    if id.is_empty() {
        return Err(Fault::new(
            Reason::NoObjectId,
            "a question without an id has no object",
        ));
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
        return Err(Fault::missing("result of a question that a browser sent"));
    }
    let result = result(cx, &fields.result, submission)?;
    let response = match submission {
        Some(_) => result.response,
        // A list has the answers to all questions, so it is not the response to one of them.
        None if matches!(logged_answers(cx, &fields.result)?, Some(Value::Array(_))) => {
            return Err(Fault::missing(&format!("submission.{question}")));
        }
        None => None,
    };
    Ok(StatementResult {
        score: None,
        response,
        ..result
    })
}

/// Makes the object of the event. The block that the log names is not used for a browser's event, which may name the wrong
/// block or none.
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
        block
            .map(|block| cx.id_text("the id of the block", block))
            .transpose()?
    };
    Ok(activity(
        block.map(|block| cx.iri("xblock", block)),
        definition,
    ))
}

fn definition<'a>(
    cx: &Transformer<'a>,
    fields: &CheckFields<'a>,
    submission: Option<JsonObject<'a>>,
) -> Result<ActivityDefinition<'a>, Fault> {
    let mut definition = ActivityDefinition {
        activity_type: vocabulary::activity::INTERACTION,
        extensions: fields
            .attempts
            .map(|attempts| Extensions(cx.arena.alloc([(extension::ATTEMPT_ID, Some(attempts))]))),
        ..ActivityDefinition::default()
    };
    let mut response_type = fields.response_type;
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
    } else if let Some(name) = truthy(fields.display_name) {
        definition.name = Some(us_english(str_of("display_name", name, "a text")?));
    }
    definition.interaction_type = Some(interaction_type(response_type)?);
    Ok(definition)
}

/// Returns the first submission of `data.submission` that has a response type.
fn first_submission<'a>(cx: &Transformer<'a>) -> Result<Option<JsonObject<'a>>, Fault> {
    let submissions = match truthy(cx.event.data("submission")) {
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
            // Python's `in` also looks into texts and lists, and the reference fails only if it finds something.
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

/// The interaction type of response types that have none in xAPI.
const OTHER: &str = "other";

/// Returns xAPI's interaction type for a response type of Open edX.
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

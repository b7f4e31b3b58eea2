//! Statements that follow xAPI 1.0.3 where those of the reference do not (`--conformance spec`).
//!
//! [`statement`] changes a statement that is already made. So the statements of all families of events, and the activities
//! of their contexts, follow the same rules. It leaves the actor, the verb and the timestamp as they are, and so the id.
//! Only the text of an answer needs the logged value: `problem_result.rs` writes it.
//!
//! | property | of the reference | here |
//! |---|---|---|
//! | object type | `GroupActivity` | `Activity` |
//! | id of an attempt | its code | `urn:uuid:` with the code; without one, no grouping activity |
//! | id of another activity | any text | the text if it is an IRI, else with characters percent-encoded; a link is resolved against its page, a block gets the address of the LMS |
//! | interaction type of an interaction | may be missing | `other` |
//! | score | any numbers | min < max, raw within them, scaled from -1 to 1; other numbers are left out |
//! | duration | may be negative | left out |
//! | name, description, extensions, result | may be empty | left out |

use uuid::Uuid;

use super::model::{
    Activity, ActivityDefinition, Context, ContextActivities, Extensions, LanguageMap, ObjectType,
    Score, Statement, StatementResult,
};
use super::problem_check::OTHER;
use super::transformer::Transformer;
use super::vocabulary::activity::{ATTEMPT, INTERACTION, LINK, MODULE};
use crate::iri;
use crate::json::Value;
use crate::outcome::Fault;
use crate::tracking::link_target;

/// Returns the statement in the form that the specification demands.
///
/// # Errors
/// Returns `NoObjectId` if the object is the target of a link which cannot be made an IRI.
pub(super) fn statement<'a>(
    cx: &Transformer<'a>,
    statement: &Statement<'a>,
) -> Result<Statement<'a>, Fault> {
    let object = Activity {
        id: object_id(cx, &statement.object)?,
        ..described(&statement.object)
    };
    let activities = statement.context.context_activities;
    let context_activities = match activities {
        Some(activities) => Some(context_activities(cx, &activities)?),
        None => None,
    };
    Ok(Statement {
        object,
        result: statement.result.and_then(result),
        context: Context {
            context_activities,
            ..statement.context
        },
        ..*statement
    })
}

fn context_activities<'a>(
    cx: &Transformer<'a>,
    activities: &ContextActivities<'a>,
) -> Result<ContextActivities<'a>, Fault> {
    let [parent] = &activities.parent;
    let grouping = match &activities.grouping {
        Some([grouping]) => object_id(cx, grouping)?.map(|id| {
            [Activity {
                id: Some(id),
                ..described(grouping)
            }]
        }),
        None => None,
    };
    Ok(ContextActivities {
        parent: [Activity {
            id: object_id(cx, parent)?,
            ..described(parent)
        }],
        grouping,
    })
}

/// Returns the id of an activity as an IRI. Returns `None` if the activity has no id, or is an attempt whose code is no UUID.
fn object_id<'a>(cx: &Transformer<'a>, activity: &Activity<'a>) -> Result<Option<&'a str>, Fault> {
    let Some(id) = activity.id else {
        return Ok(None);
    };
    let activity_type = activity.definition.activity_type;
    if activity_type == ATTEMPT {
        let uuid = Uuid::try_parse(id.trim()).ok();
        return Ok(uuid.map(|uuid| cx.text(format_args!("{}", uuid.urn()))));
    }
    if iri::is_iri(id) {
        return Ok(Some(id));
    }
    let iri = match activity_type {
        LINK | MODULE => link_target(&cx.event, id, cx.arena)?,
        _ => match iri::encoded(id) {
            Some(iri) => cx.arena.alloc_str(&iri),
            // Some events name a block without the address that the blocks of other events have.
            None => {
                let address = cx.iri("xblock", id);
                let iri = iri::encoded(address);
                iri.map_or(address, |iri| cx.arena.alloc_str(&iri))
            }
        },
    };
    Ok(Some(iri))
}

/// Returns the activity with the object type and the definition that the specification demands, and its id as it is.
fn described<'a>(activity: &Activity<'a>) -> Activity<'a> {
    let definition = activity.definition;
    let is_typed = definition.activity_type == INTERACTION;
    Activity {
        object_type: ObjectType::Activity,
        definition: ActivityDefinition {
            name: definition.name.filter(has_text),
            description: definition.description.filter(has_text),
            interaction_type: definition.interaction_type.or(is_typed.then_some(OTHER)),
            extensions: definition.extensions.filter(has_values),
            ..definition
        },
        ..*activity
    }
}

fn has_text(map: &LanguageMap<'_>) -> bool {
    map.text.is_some()
}

fn has_values(extensions: &Extensions<'_>) -> bool {
    extensions.0.iter().any(|(_, value)| value.is_some())
}

/// Returns the result, or `None` if nothing of it may stay.
fn result(result: StatementResult<'_>) -> Option<StatementResult<'_>> {
    let result = StatementResult {
        score: result.score.and_then(score),
        // Only negative durations have a minus sign.
        duration: result.duration.filter(|duration| !duration.contains('-')),
        extensions: result.extensions.filter(has_values),
        ..result
    };
    let StatementResult {
        score,
        success,
        completion,
        response,
        duration,
        extensions,
    } = &result;
    let is_empty = score.is_none()
        && success.is_none()
        && completion.is_none()
        && response.is_none()
        && duration.is_none()
        && extensions.is_none();
    (!is_empty).then_some(result)
}

/// Returns the score without the numbers that contradict each other, or `None` if none is left. The raw score is what the
/// LMS logged, so it stays, and bounds that it is not within are left out.
fn score(score: Score<'_>) -> Option<Score<'_>> {
    let is_scaled = |value: &Value<'_>| number(*value).is_some_and(|value| value.abs() <= 1.0);
    let (min, max) = (score.min.and_then(number), score.max.and_then(number));
    let raw = score.raw.and_then(number);
    let is_below = |low: Option<f64>, high: Option<f64>, may_be_equal| match (low, high) {
        (Some(low), Some(high)) => low < high || may_be_equal && low == high,
        _ => true,
    };
    let are_bounds =
        is_below(min, max, false) && is_below(min, raw, true) && is_below(raw, max, true);
    let score = Score {
        scaled: score.scaled.filter(is_scaled),
        min: score.min.filter(|_| are_bounds),
        max: score.max.filter(|_| are_bounds),
        ..score
    };
    let Score {
        scaled,
        raw,
        min,
        max,
    } = &score;
    let is_empty = scaled.is_none() && raw.is_none() && min.is_none() && max.is_none();
    (!is_empty).then_some(score)
}

/// The numbers of scores are floats, whatever was logged.
fn number(value: Value<'_>) -> Option<f64> {
    match value {
        Value::Float(number) => Some(number),
        _ => None,
    }
}

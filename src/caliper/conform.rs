//! Events that follow Caliper 1.2 where those of the reference do not (`--conformance spec`).
//!
//! [`event`] changes an event that is already made. So the events of all families follow the same rules. Their ids are made
//! of the tracking event, and stay.
//!
//! | property | of the reference | here |
//! |---|---|---|
//! | profile | none | the profile of the type of the event |
//! | actor of a grade | the user | the LMS, a SoftwareApplication; the user is the assignee |
//! | ids | any text, number, or none | IRIs; a link is resolved against its page |
//! | type of a web page | `Webpage` | `WebPage` |
//! | course of the object | extension | `isPartOf`, of an attempt that of its `assignable`; of other entities that have no such attribute, an extension |
//! | assignee, assignable and count of an attempt | extensions | attributes |
//! | generated | an object with a score | the score, with an id, its `attempt`, and numbers |
//! | target | `_:MediaLocation` | the video's id with the position as a media fragment; without a position, none |
//! | durations | may be negative, or zero | left out; a position of zero is `PT0S` |
//! | extensions | may be empty | left out |

use super::model::{
    Assignable, Duration, Entity, Event, Generated, Object, ObjectExtensions, Score, ScoreEntity,
    ScoreEntityExtensions, TargetExtensions,
};
use super::transformer::Transformer;
use super::vocabulary::{entity, event as events, profile};
use crate::iri;
use crate::json::Value;
use crate::outcome::{Fault, Reason};
use crate::time::IsodateDuration;
use crate::tracking::{format_in, link_target, number};

/// Returns the event in the form that the specification demands.
///
/// # Errors
/// Returns `NoObjectId` if the object has no id, or is the target of a link which cannot be made an IRI.
pub(super) fn event<'a>(cx: &Transformer<'a>, event: Event<'a>) -> Result<Event<'a>, Fault> {
    let id = object_id(cx, event.object.id)?;
    let actor = match event.event_type {
        events::GRADE => Entity {
            id: Some(&cx.lms.root_url),
            entity_type: entity::SOFTWARE_APPLICATION,
        },
        _ => with_iri(cx, event.actor),
    };
    let event = Event {
        profile: Some(profile_of(event.event_type)),
        actor,
        object: object(cx, id, event.object),
        session: event.session.map(|session| with_iri(cx, session)),
        generated: event.generated.map(|generated| match generated {
            Generated::Wrapped { score } => {
                Generated::Entity(cx.arena.alloc(scored(cx, id, score)))
            }
            Generated::Entity(_) => generated,
        }),
        ..event
    };
    Ok(with_location(cx, id, event))
}

/// The fault of an event whose object has no id.
pub(super) fn no_object_id() -> Fault {
    let detail = "the object of the event has no id: no field names the problem, neither `data.problem_id` nor `data.module_id` nor the referer";
    Fault::new(Reason::NoObjectId, detail)
}

fn profile_of(event_type: &str) -> &'static str {
    match event_type {
        events::ASSESSMENT | events::ASSESSMENT_ITEM => profile::ASSESSMENT,
        events::GRADE => profile::GRADING,
        events::MEDIA => profile::MEDIA,
        events::NAVIGATION => profile::READING,
        _ => profile::GENERAL,
    }
}

/// Returns the id of the object as an IRI. All ids but the targets of links begin with the address of the LMS.
fn object_id<'a>(cx: &Transformer<'a>, id: Option<Value<'a>>) -> Result<&'a str, Fault> {
    let id = cx.id_text("the id of the object", id.ok_or_else(no_object_id)?)?;
    let id = encoded(cx, id);
    match iri::is_iri(id) {
        true => Ok(id),
        false => link_target(&cx.event, id, cx.arena),
    }
}

/// Returns an id with the characters percent-encoded that keep it from being an IRI.
fn encoded<'a>(cx: &Transformer<'a>, id: &'a str) -> &'a str {
    if iri::is_iri(id) {
        return id;
    }
    iri::encoded(id).map_or(id, |iri| cx.arena.alloc_str(&iri))
}

fn with_iri<'a>(cx: &Transformer<'a>, entity: Entity<'a>) -> Entity<'a> {
    Entity {
        id: entity.id.map(|id| encoded(cx, id)),
        ..entity
    }
}

fn object<'a>(cx: &Transformer<'a>, id: &'a str, object: Object<'a>) -> Object<'a> {
    let extensions = object.extensions.unwrap_or_default();
    let [course, assignee] = [extensions.is_part_of, extensions.assignee]
        .map(|entity| entity.map(|entity| with_iri(cx, entity)));
    let name = match object.name {
        Some(name @ Value::Str(_)) => Some(name),
        Some(Value::Array(_) | Value::Object(_)) | None => None,
        Some(name) => cx.id_text("name", name).ok().map(Value::Str),
    };
    let entity_type = match object.entity_type {
        entity::WEBPAGE => entity::WEB_PAGE,
        entity_type => entity_type,
    };
    let object = Object {
        name,
        duration: object
            .duration
            .filter(|duration| duration.value > IsodateDuration::ZERO),
        ..Object::of(Some(Value::Str(id)), entity_type)
    };
    match entity_type {
        entity::ATTEMPT => {
            let count = extensions.count.and_then(integer);
            Object {
                assignee: assignee.map(|assignee| &*cx.arena.alloc(assignee)),
                assignable: extensions.assignable.map(|problem| {
                    &*cx.arena.alloc(Assignable {
                        id: problem.id.map(|id| encoded(cx, id)),
                        entity_type: problem.entity_type,
                        is_part_of: course,
                    })
                }),
                count,
                extensions: filled(ObjectExtensions {
                    is_part_of: None,
                    assignee: None,
                    assignable: None,
                    count: extensions.count.filter(|_| count.is_none()),
                    ..extensions
                }),
                ..object
            }
        }
        entity::ANNOTATION | entity::COURSE_OFFERING => Object {
            extensions: filled(ObjectExtensions {
                is_part_of: course,
                ..extensions
            }),
            ..object
        },
        _ => Object {
            is_part_of: course.map(|course| &*cx.arena.alloc(course)),
            extensions: filled(ObjectExtensions {
                is_part_of: None,
                ..extensions
            }),
            ..object
        },
    }
}

/// Returns the extensions, or `None` if the object is empty.
fn filled(extensions: ObjectExtensions<'_>) -> Option<ObjectExtensions<'_>> {
    let ObjectExtensions {
        is_part_of,
        mode,
        tab_count,
        current_tab,
        target,
        assignee,
        assignable,
        count,
    } = &extensions;
    let has_entity = is_part_of.is_some() || assignee.is_some() || assignable.is_some();
    let values = [mode, tab_count, current_tab, target, count];
    (has_entity || values.iter().any(|value| value.is_some())).then_some(extensions)
}

/// Returns the score of the attempt `attempt`. Grades that are no numbers are left out.
fn scored<'a>(cx: &Transformer<'a>, attempt: &'a str, score: Score<'a>) -> ScoreEntity<'a> {
    let decimal = |value: Option<Value<'a>>| {
        let number = number::float(value?).filter(|number| number.is_finite());
        number.map(Value::Float)
    };
    ScoreEntity {
        id: format_in(cx.arena, format_args!("{attempt}/score")),
        entity_type: score.entity_type,
        attempt,
        max_score: decimal(score.max_score),
        score_given: decimal(score.score_given),
        extensions: ScoreEntityExtensions {
            success: score.extensions.success,
            attempts: score.attempts,
        },
    }
}

/// Returns a logged number as an integer. Returns `None` for other numbers, such as 1.5.
fn integer(value: Value<'_>) -> Option<Value<'_>> {
    match value {
        Value::Int(_) | Value::BigInt(_) => Some(value),
        Value::Str(text) => text.trim().parse().ok().map(Value::Int),
        Value::Float(number) if number.fract() == 0.0 && number.abs() < 1e15 => {
            Some(Value::Int(number as i64))
        }
        _ => None,
    }
}

/// Returns the event with the position in the video as a media fragment (`#t=SECONDS`) of the video's id. Without a position,
/// the event has no target, and the position to which the user jumped is an extension of the event.
fn with_location<'a>(cx: &Transformer<'a>, video: &str, event: Event<'a>) -> Event<'a> {
    let Some(mut target) = event.target else {
        return event;
    };
    let new_time = target
        .extensions
        .and_then(|extensions| extensions.new_time)
        .and_then(position);
    target.current_time = target.current_time.and_then(position);
    let Some(time) = target.current_time else {
        let mut extensions = event.extensions;
        extensions.new_time = new_time;
        return Event {
            target: None,
            extensions,
            ..event
        };
    };
    let seconds = time.value.seconds();
    target.id = Some(format_in(cx.arena, format_args!("{video}#t={seconds}")));
    target.extensions = new_time.map(|new_time| TargetExtensions {
        new_time: Some(new_time),
    });
    Event {
        target: Some(target),
        ..event
    }
}

/// Returns a position in a video, or `None` if it is negative. The start of the video is `PT0S`, since the reference's `P0D`
/// looks like no duration at all.
fn position(time: Duration<'_>) -> Option<Duration<'_>> {
    match time.value {
        value if value.is_negative() => None,
        IsodateDuration::ZERO => Some(Duration {
            text: "PT0S",
            ..time
        }),
        _ => Some(time),
    }
}

//! The parts of a Caliper event that are made in the same way for all families of events (the reference's
//! `CaliperTransformer`).

use std::fmt::Display;

use bumpalo::Bump;
use bumpalo::collections::Vec as ArenaVec;

use super::event_id::event_id;
use super::model::{Duration, Entity, Event, EventExtensions, EventKind, Object, ObjectExtensions};
use super::vocabulary::{self, entity};
use crate::format::Conformance;
use crate::json::{JsonObject, Value};
use crate::lms::{Lms, UserRef};
use crate::outcome::Fault;
use crate::time::{EventTime, IsodateDuration};
use crate::tracking::field::{id_text, required, truthy, wrong_type};
use crate::tracking::{TrackingEvent, format_in, python};

/// The settings of a conversion to Caliper events.
#[derive(Clone, Debug)]
pub struct CaliperSettings {
    pub conformance: Conformance,
    /// The value of the extension transformerVersion.
    pub transformer_version: String,
}

/// An event, and all that its transformation needs: the settings, the lookup tables, and the arena that holds new
/// texts.
pub(super) struct Transformer<'a> {
    pub event: TrackingEvent<'a>,
    pub settings: &'a CaliperSettings,
    pub lms: &'a Lms,
    pub arena: &'a Bump,
}

/// The parts that every Caliper event has: its time, its actor, and the session if the tracking event names one.
#[derive(Clone, Copy)]
pub(super) struct Base<'a> {
    event_time: &'a str,
    moment: EventTime,
    pub actor: Entity<'a>,
    /// The external id of the actor.
    pub user: &'a str,
    session: Option<Entity<'a>>,
}

/// Reads the time of an event.
///
/// # Errors
/// Returns `MissingField` if the event has no time, `BadTimestamp` if it is not a full date and time with an offset.
pub(super) fn event_time(event: &TrackingEvent<'_>) -> Result<EventTime, Fault> {
    let timestamp = required("timestamp", event.find("timestamp"))?;
    let bad_timestamp =
        |problem: &dyn Display| Fault::bad_timestamp(problem, &python::repr(timestamp));
    match timestamp.as_str() {
        Some(text) => EventTime::parse_any_form(text).map_err(|problem| bad_timestamp(&problem)),
        None => {
            let kind = timestamp.kind();
            Err(bad_timestamp(&format_args!("is {kind}, not a text")))
        }
    }
}

impl<'a> Transformer<'a> {
    /// Makes the parts that every Caliper event has.
    pub fn base(&self) -> Result<Base<'a>, Fault> {
        let moment = event_time(&self.event)?;
        let event_time = format_in(self.arena, format_args!("{moment}"));
        let user = UserRef::of_event(&self.event, self.arena)?;
        let user = self.lms.external_id(user, self.arena)?;
        let actor = self.entity("user", user, entity::PERSON);
        let session = truthy(self.event.find("session"))
            .map(|session| self.id_text("session", session))
            .transpose()?;
        Ok(Base {
            event_time,
            moment,
            actor,
            user,
            session: session.map(|session| self.entity("sessions", session, entity::SESSION)),
        })
    }

    /// Makes the Caliper event from `base`, which has the parts that every event has, and the other arguments.
    pub fn event(&self, base: Base<'a>, kind: EventKind, object: Object<'a>) -> Event<'a> {
        Event {
            context: vocabulary::CONTEXT,
            id: event_id(&self.event, self.arena),
            event_type: kind.event_type,
            profile: None,
            actor: base.actor,
            action: kind.action,
            object,
            event_time: base.event_time,
            session: base.session,
            target: None,
            generated: None,
            extensions: EventExtensions {
                transformer_version: &self.settings.transformer_version,
                old_speed: None,
                new_speed: None,
                new_time: None,
            },
            moment: base.moment,
        }
    }

    /// Makes the extensions that most objects have: the course as `isPartOf`. Returns `None` if the event names no
    /// course.
    pub fn part_of_course(&self) -> Result<Option<ObjectExtensions<'a>>, Fault> {
        let Some(course_id) = self.event.context("course_id") else {
            return Ok(None);
        };
        let course_id = self.id_text("context.course_id", course_id)?;
        let course = self.entity("course", course_id, entity::COURSE_OFFERING);
        Ok(Some(ObjectExtensions {
            is_part_of: Some(course),
            ..ObjectExtensions::default()
        }))
    }

    /// Makes an entity with the IRI `ROOT/KIND/ID` as its id. ROOT is the root URL of the LMS.
    pub fn entity(&self, kind: &str, id: &str, entity_type: &'static str) -> Entity<'a> {
        Entity {
            id: Some(self.lms.iri(kind, id, self.arena)),
            entity_type,
        }
    }

    /// Returns an id as text. An error names `field`.
    pub fn id_text(&self, field: impl Display, value: Value<'a>) -> Result<&'a str, Fault> {
        id_text(field, value, self.arena)
    }

    /// Prints a number of seconds as an ISO 8601 duration (`helpers.convert_seconds_to_iso`). Returns `None` for an
    /// absent or null value.
    pub fn duration(
        &self,
        field: &str,
        value: Option<Value<'a>>,
    ) -> Result<Option<Duration<'a>>, Fault> {
        let Some(value) = value.filter(|value| *value != Value::Null) else {
            return Ok(None);
        };
        let duration = match value {
            Value::Bool(seconds) => IsodateDuration::from_seconds(i64::from(seconds)),
            Value::Int(seconds) => IsodateDuration::from_seconds(seconds),
            Value::Float(seconds) => IsodateDuration::from_seconds_f64(seconds),
            _ => None,
        };
        match duration {
            Some(value) => {
                let text = format_in(self.arena, format_args!("{value}"));
                Ok(Some(Duration { text, value }))
            }
            None => {
                let wanted = "a number of seconds that fits in a duration";
                Err(wrong_type(field, value, wanted))
            }
        }
    }

    /// Returns the value, or `None` if it is null or empty. Members of objects are also removed if they are null or
    /// empty (`del_none`). Zero and `false` are not removed, nor are items of lists, nor an object that becomes empty
    /// by this.
    pub fn kept(&self, value: Option<Value<'a>>) -> Option<Value<'a>> {
        match value? {
            Value::Object(object) if !object.members().is_empty() => {
                Some(Value::Object(self.pruned(object)))
            }
            value if value.is_present() => Some(value),
            _ => None,
        }
    }

    fn pruned(&self, object: JsonObject<'a>) -> JsonObject<'a> {
        let mut members = ArenaVec::new_in(self.arena);
        for &(key, value) in object.members() {
            members.extend(self.kept(Some(value)).map(|value| (key, value)));
        }
        JsonObject::from_unique(members.into_bump_slice())
    }
}

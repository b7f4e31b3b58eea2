//! The parts that events of all families share (the reference's `CaliperTransformer`).

use bumpalo::Bump;
use bumpalo::collections::Vec as ArenaVec;

use super::event_id::event_id;
use super::event_time::event_time;
use super::model::{Entity, Event, EventExtensions, Object, ObjectExtensions};
use super::settings::CaliperSettings;
use super::vocabulary::{self, entity};
use crate::json::{JsonObject, Value};
use crate::lms::{Lms, UserRef};
use crate::outcome::Fault;
use crate::time::{EventTime, IsodateDuration};
use crate::tracking::field::{id_text, truthy};
use crate::tracking::{TrackingEvent, format_in};

/// An event with the settings, the lookup tables and the arena of its transformation.
pub(super) struct Transformer<'a> {
    pub event: TrackingEvent<'a>,
    pub settings: &'a CaliperSettings,
    pub lms: &'a Lms,
    pub arena: &'a Bump,
}

/// The parts that every event has, made before its other parts.
#[derive(Clone, Copy)]
pub(super) struct Base<'a> {
    event_time: &'a str,
    moment: EventTime,
    pub actor: Entity<'a>,
    /// The external id of the actor.
    pub user: &'a str,
    session: Option<Entity<'a>>,
}

impl<'a> Transformer<'a> {
    /// Makes the time, the actor and the session.
    pub fn base(&self) -> Result<Base<'a>, Fault> {
        let moment = event_time(&self.event)?;
        let event_time = format_in(self.arena, format_args!("{moment}"));
        let user = self
            .lms
            .external_id(UserRef::of_event(&self.event, self.arena)?, self.arena)?;
        let actor = self.entity("user", user, entity::PERSON);
        let session = match truthy(self.event.find("session")) {
            Some(session) => Some(self.entity(
                "sessions",
                self.id_text("session", session)?,
                entity::SESSION,
            )),
            None => None,
        };
        Ok(Base {
            event_time,
            moment,
            actor,
            user,
            session,
        })
    }

    /// Makes the event of its parts.
    pub fn event(
        &self,
        base: Base<'a>,
        event_type: &'static str,
        action: &'static str,
        object: Object<'a>,
    ) -> Event<'a> {
        Event {
            context: vocabulary::CONTEXT,
            id: event_id(&self.event, self.arena),
            event_type,
            actor: base.actor,
            action,
            object,
            event_time: base.event_time,
            session: base.session,
            target: None,
            generated: None,
            extensions: EventExtensions {
                transformer_version: &self.settings.transformer_version,
                old_speed: None,
                new_speed: None,
            },
            moment: base.moment,
        }
    }

    /// Makes the extensions of most objects: the course, if the event names one.
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

    /// Makes an entity with the id `ROOT/KIND/ID`.
    pub fn entity(&self, kind: &str, id: &str, entity_type: &'static str) -> Entity<'a> {
        Entity {
            id: Some(self.lms.iri(kind, id, self.arena)),
            entity_type,
        }
    }

    /// Returns the text of an id.
    pub fn id_text(&self, field: &str, value: Value<'a>) -> Result<&'a str, Fault> {
        id_text(field, value, self.arena)
    }

    /// Reads seconds and prints them as a duration (`helpers.convert_seconds_to_iso`).
    pub fn duration(
        &self,
        field: &str,
        value: Option<Value<'a>>,
    ) -> Result<Option<&'a str>, Fault> {
        let value = match value {
            None | Some(Value::Null) => return Ok(None),
            Some(value) => value,
        };
        let duration = match value {
            Value::Bool(seconds) => IsodateDuration::from_seconds(i64::from(seconds)),
            Value::Int(seconds) => IsodateDuration::from_seconds(seconds),
            Value::Float(seconds) => IsodateDuration::from_seconds_f64(seconds),
            _ => None,
        };
        match duration {
            Some(duration) => Ok(Some(format_in(self.arena, format_args!("{duration}")))),
            None => Err(Fault::wrong_type(
                field,
                value.kind(),
                "a number of seconds that a duration can hold",
            )),
        }
    }

    /// Drops null and empty values, also from objects, as `del_none` does. Zero and `false` are kept, and so is an object that
    /// becomes empty. The items of lists are kept.
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

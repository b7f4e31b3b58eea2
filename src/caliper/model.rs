//! The types that serialize to the JSON of a Caliper 1.2 event and of its envelope, as the reference or the specification has
//! them.
//!
//! Names and shapes are those of the [Caliper specification](https://www.imsglobal.org/spec/caliper/v1p2), with the
//! reference's own extensions. Fields that are `None` are not written. The fields that only one of both has say so.

use jiff::civil::DateTime;
use serde::Serialize;
use serde::ser::Serializer;
use uuid::Uuid;

use super::vocabulary;
use crate::json::{Value, Word, word};
use crate::time::{EventTime, IsodateDuration};

/// An event (section 3.1).
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Event<'a> {
    #[serde(rename = "@context", serialize_with = "word")]
    pub(super) context: &'static str,
    #[serde(serialize_with = "urn")]
    pub(super) id: Uuid,
    #[serde(rename = "type", serialize_with = "word")]
    pub(super) event_type: &'static str,
    /// Only in the form of the specification.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) profile: Option<&'static str>,
    pub(super) actor: Entity<'a>,
    #[serde(serialize_with = "word")]
    pub(super) action: &'static str,
    pub(super) object: Object<'a>,
    #[serde(rename = "eventTime")]
    pub(super) event_time: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) session: Option<Entity<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) target: Option<Target<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) generated: Option<Generated<'a>>,
    pub(super) extensions: EventExtensions<'a>,
    /// The time that `event_time` shows as text. Not part of the output.
    #[serde(skip)]
    pub(super) moment: EventTime,
}

impl Event<'_> {
    /// The id.
    pub fn id(&self) -> Uuid {
        self.id
    }

    /// The event time, in UTC.
    pub fn time(&self) -> DateTime {
        self.moment.utc()
    }
}

/// The type and the action of a Caliper event, and the type of the entity that is its object.
#[derive(Clone, Copy, Debug)]
pub struct EventKind {
    pub event_type: &'static str,
    pub action: &'static str,
    pub object_type: &'static str,
}

/// A reference to an entity (section 3.2).
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Entity<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<&'a str>,
    #[serde(rename = "type", serialize_with = "word")]
    pub entity_type: &'static str,
}

/// The object of an event.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Object<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<Value<'a>>,
    #[serde(rename = "type", serialize_with = "word")]
    pub entity_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<Value<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration: Option<Duration<'a>>,
    /// The course. The reference writes this and the next three fields as extensions.
    #[serde(rename = "isPartOf", skip_serializing_if = "Option::is_none")]
    pub is_part_of: Option<&'a Entity<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assignee: Option<&'a Entity<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assignable: Option<&'a Assignable<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<Value<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extensions: Option<ObjectExtensions<'a>>,
}

impl<'a> Object<'a> {
    /// Makes an object that has only an id and a type.
    pub fn of(id: Option<Value<'a>>, entity_type: &'static str) -> Self {
        Self {
            id,
            entity_type,
            name: None,
            duration: None,
            is_part_of: None,
            assignee: None,
            assignable: None,
            count: None,
            extensions: None,
        }
    }
}

/// The problem that an attempt is about. Only in the form of the specification.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Assignable<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<&'a str>,
    #[serde(rename = "type", serialize_with = "word")]
    pub entity_type: &'static str,
    #[serde(rename = "isPartOf", skip_serializing_if = "Option::is_none")]
    pub is_part_of: Option<Entity<'a>>,
}

/// A duration with its text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Duration<'a> {
    pub text: &'a str,
    pub value: IsodateDuration,
}

impl Serialize for Duration<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.text)
    }
}

/// The extensions that objects can have. No object has all of them.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(super) struct ObjectExtensions<'a> {
    #[serde(rename = "isPartOf", skip_serializing_if = "Option::is_none")]
    pub is_part_of: Option<Entity<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<Value<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tab_count: Option<Value<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current_tab: Option<Value<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<Value<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assignee: Option<Entity<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assignable: Option<Entity<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<Value<'a>>,
}

/// A position in a video (MediaLocation).
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Target<'a> {
    /// The id, or `None` for that of the reference, which is the same for all targets.
    #[serde(serialize_with = "location_id")]
    pub id: Option<&'a str>,
    #[serde(rename = "type", serialize_with = "word")]
    pub entity_type: &'static str,
    #[serde(rename = "currentTime", skip_serializing_if = "Option::is_none")]
    pub current_time: Option<Duration<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extensions: Option<TargetExtensions<'a>>,
}

/// The extensions of the target of a seek: the position in the video to which the user jumped.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct TargetExtensions<'a> {
    #[serde(rename = "newTime", skip_serializing_if = "Option::is_none")]
    pub new_time: Option<Duration<'a>>,
}

/// The result of a graded problem: an object with a score, as in the reference, or a score itself, which is an entity, as in
/// the specification.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(untagged)]
pub(super) enum Generated<'a> {
    Wrapped { score: Score<'a> },
    Entity(&'a ScoreEntity<'a>),
}

/// A score in the form of the specification.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct ScoreEntity<'a> {
    pub id: &'a str,
    #[serde(rename = "type", serialize_with = "word")]
    pub entity_type: &'static str,
    /// The id of the attempt.
    pub attempt: &'a str,
    #[serde(rename = "maxScore", skip_serializing_if = "Option::is_none")]
    pub max_score: Option<Value<'a>>,
    #[serde(rename = "scoreGiven", skip_serializing_if = "Option::is_none")]
    pub score_given: Option<Value<'a>>,
    pub extensions: ScoreEntityExtensions<'a>,
}

/// The extensions of a score in the form of the specification.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct ScoreEntityExtensions<'a> {
    #[serde(serialize_with = "word")]
    pub success: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempts: Option<Value<'a>>,
}

/// A score.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Score<'a> {
    #[serde(serialize_with = "word")]
    pub id: &'static str,
    #[serde(rename = "type", serialize_with = "word")]
    pub entity_type: &'static str,
    #[serde(rename = "maxScore", skip_serializing_if = "Option::is_none")]
    pub max_score: Option<Value<'a>>,
    #[serde(rename = "scoreGiven", skip_serializing_if = "Option::is_none")]
    pub score_given: Option<Value<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempts: Option<Value<'a>>,
    pub extensions: ScoreExtensions,
}

/// The extensions of a score. `success` says whether the answer was correct, in Python's spelling: `True` or `False`.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct ScoreExtensions {
    #[serde(serialize_with = "word")]
    pub success: &'static str,
}

/// The extensions of an event.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct EventExtensions<'a> {
    #[serde(rename = "transformerVersion")]
    pub transformer_version: &'a str,
    #[serde(rename = "oldSpeed", skip_serializing_if = "Option::is_none")]
    pub old_speed: Option<Value<'a>>,
    #[serde(rename = "newSpeed", skip_serializing_if = "Option::is_none")]
    pub new_speed: Option<Value<'a>>,
    /// The position to which the user jumped from an unknown position. Only in the form of the specification.
    #[serde(rename = "newTime", skip_serializing_if = "Option::is_none")]
    pub new_time: Option<Duration<'a>>,
}

/// An envelope of one event (section 3.3), as the reference's `CaliperEnvelopeProcessor` makes it.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Envelope<'a> {
    sensor: &'a str,
    send_time: &'a str,
    data_version: &'static str,
    data: [Event<'a>; 1],
}

impl<'a> Envelope<'a> {
    /// Puts an event into an envelope. `send_time` is a time in UTC, printed with milliseconds.
    pub fn new(sensor: &'a str, send_time: &'a str, event: Event<'a>) -> Self {
        Self {
            sensor,
            send_time,
            data_version: vocabulary::CONTEXT,
            data: [event],
        }
    }
}

fn location_id<S: Serializer>(id: &Option<&str>, serializer: S) -> Result<S::Ok, S::Error> {
    match id {
        Some(id) => serializer.serialize_str(id),
        None => Word("_:MediaLocation").serialize(serializer),
    }
}

fn urn<S: Serializer>(id: &Uuid, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(id.urn().encode_lower(&mut Uuid::encode_buffer()))
}

//! The parts of a statement that are made in the same way for all families of events (the reference's
//! `XApiTransformer`).

use std::borrow::Cow;

use bumpalo::Bump;
use bumpalo::collections::Vec as ArenaVec;
use sha1::{Digest, Sha1};
use uuid::Uuid;

use super::model::{
    Activity, ActivityDefinition, Actor, Context, ContextActivities, Extensions, LanguageMap,
    ObjectType, Statement, StatementResult, Verb,
};
use super::statement_id::statement_id;
use super::vocabulary::activity::COURSE;
use super::vocabulary::{XAPI_VERSION, extension};
use crate::format::Conformance;
use crate::json::Value;
use crate::lms::{Lms, UserRef};
use crate::outcome::{Fault, Reason};
use crate::time::Timestamp;
use crate::tracking::field::{id_text, str_of, truthy};
use crate::tracking::{TrackingEvent, format_in, python};

/// The settings of a conversion to xAPI statements.
#[derive(Clone, Debug)]
pub struct XapiSettings {
    pub actor: ActorKind,
    pub conformance: Conformance,
    /// The value of the extension transformer-version.
    pub transformer_version: String,
}

/// The kind of identifier that statements give to their actors: xAPI's inverse functional identifier (the reference's
/// setting `XAPI_AGENT_IFI_TYPE`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ActorKind {
    ExternalId,
    Mbox,
    MboxSha1Sum,
}

/// The IRI of an extension, and its value unless it is absent.
pub(super) type Extension<'a> = (&'static str, Option<Value<'a>>);

/// The actor and the context of a statement.
pub(super) struct Base<'a> {
    pub actor: Actor<'a>,
    pub context: Context<'a>,
}

/// An event, and all that its transformation needs: the settings, the lookup tables, and the arena that holds new
/// texts.
pub(super) struct Transformer<'a> {
    pub event: TrackingEvent<'a>,
    pub settings: &'a XapiSettings,
    pub lms: &'a Lms,
    pub arena: &'a Bump,
}

/// Returns the statements unchanged if the object of each statement has an id.
///
/// # Errors
/// Returns `NoObjectId` if the object of a statement has no id. `cause` says why, such as "`data.id` is missing".
pub(super) fn with_object_ids<'a>(
    statements: &'a [Statement<'a>],
    cause: impl FnOnce() -> Cow<'static, str>,
) -> Result<&'a [Statement<'a>], Fault> {
    if statements
        .iter()
        .all(|statement| statement.object.id.is_some())
    {
        return Ok(statements);
    }
    let detail = format!("the object of the statement has no id: {}", cause());
    Err(Fault::new(Reason::NoObjectId, detail))
}

/// Makes an activity whose object type is `Activity`, not `GroupActivity`.
pub(super) fn activity<'a>(
    id: Option<&'a str>,
    definition: ActivityDefinition<'a>,
) -> Activity<'a> {
    Activity {
        id,
        object_type: ObjectType::Activity,
        definition,
    }
}

/// Makes a language map of an English text.
pub(super) fn english<'a>(text: impl Into<Option<&'a str>>) -> LanguageMap<'a> {
    LanguageMap {
        tag: "en",
        text: text.into(),
    }
}

/// Makes a language map of a text in the English of the United States.
pub(super) fn us_english(text: &str) -> LanguageMap<'_> {
    LanguageMap {
        tag: "en-US",
        text: Some(text),
    }
}

/// Returns the field that holds the time of an event: `timestamp`, else `time`.
pub(crate) fn logged_time<'a>(event: &TrackingEvent<'a>) -> Option<Value<'a>> {
    truthy(event.find("timestamp")).or_else(|| event.find("time"))
}

/// Converts the logged time of an event: ISO 8601 text with an offset, or seconds since 1970.
///
/// # Errors
/// Returns `BadTimestamp` for any other value.
pub(super) fn timestamp(logged: Option<Value<'_>>) -> Result<Option<Timestamp>, Fault> {
    let Some(logged) = logged else {
        return Ok(None);
    };
    let timestamp = match logged {
        Value::Str(text) => Timestamp::parse(text),
        Value::Bool(seconds) => Timestamp::from_unix(i64::from(seconds)),
        Value::Int(seconds) => Timestamp::from_unix(seconds),
        Value::Float(seconds) => Timestamp::from_unix_f64(seconds),
        Value::Null | Value::BigInt(_) | Value::Array(_) | Value::Object(_) => None,
    };
    if timestamp.is_none() {
        return Err(bad_timestamp(logged));
    }
    Ok(timestamp)
}

/// Returns whether a text from the table of users is an e-mail address: two texts around an `@`, of which the second is a
/// domain.
fn is_address(text: &str) -> bool {
    let is_text = |c: char| !c.is_whitespace() && !c.is_control() && !"\"(),:;<>@[\\]".contains(c);
    text.split_once('@').is_some_and(|(user, domain)| {
        let has_labels = domain.contains('.') && domain.split('.').all(|label| !label.is_empty());
        !user.is_empty() && has_labels && user.chars().chain(domain.chars()).all(is_text)
    })
}

fn bad_timestamp(logged: Value<'_>) -> Fault {
    let shown = &python::repr(logged);
    match logged {
        Value::Str(text) => Fault::bad_timestamp(Timestamp::problem(text), shown),
        Value::Int(_) | Value::Float(_) | Value::BigInt(_) => {
            let problem = "is a number too large for seconds since 1970";
            Fault::bad_timestamp(problem, shown)
        }
        _ => {
            let kind = logged.kind();
            let problem = format_args!("is {kind}, not a text or a number of seconds");
            Fault::bad_timestamp(problem, shown)
        }
    }
}

impl<'a> Transformer<'a> {
    /// Makes the actor of the user that the event names.
    pub fn actor(&self) -> Result<Actor<'a>, Fault> {
        let user = UserRef::of_event(&self.event, self.arena)?;
        Ok(match self.settings.actor {
            ActorKind::ExternalId => Actor::Account {
                home_page: &self.lms.root_url,
                name: self.lms.external_id(user, self.arena)?,
            },
            ActorKind::Mbox => {
                let email = self.lms.email(user)?;
                let address = email.strip_prefix("mailto:").unwrap_or(email);
                if self.settings.conformance == Conformance::Spec && !is_address(address) {
                    return Err(user.fault(Reason::NoEmail));
                }
                Actor::Mbox(if email.starts_with("mailto:") {
                    email
                } else {
                    self.text(format_args!("mailto:{email}"))
                })
            }
            ActorKind::MboxSha1Sum => {
                let sum = Sha1::digest(self.lms.email(user)?.as_bytes());
                let hex: String = sum.iter().map(|byte| format!("{byte:02x}")).collect();
                Actor::MboxSha1Sum(self.arena.alloc_str(&hex))
            }
        })
    }

    /// Makes the actor and the context of most statements. [`context`](Self::context) describes the context.
    pub fn base(&self, extensions: &[Extension<'a>]) -> Result<Base<'a>, Fault> {
        Ok(Base {
            actor: self.actor()?,
            context: self.context(extensions)?,
        })
    }

    /// Makes the context of most statements: the course as parent activity, the transformer version, the session, and
    /// `extensions`.
    pub fn context(&self, extensions: &[Extension<'a>]) -> Result<Context<'a>, Fault> {
        Ok(self.context_of(self.course_as_parent()?, extensions))
    }

    /// Makes the actor and the context as [`base`](Self::base) does, and adds a grouping activity to the context.
    ///
    /// # Errors
    /// Returns `MissingField` if the event names no course.
    pub fn base_with_grouping(
        &self,
        extensions: &[Extension<'a>],
        grouping: impl FnOnce() -> Result<Activity<'a>, Fault>,
    ) -> Result<Base<'a>, Fault> {
        let mut base = self.base(extensions)?;
        let Some(activities) = &mut base.context.context_activities else {
            return Err(self.event.missing("context.course_id"));
        };
        activities.grouping = Some([grouping()?]);
        Ok(base)
    }

    /// Makes the actor and a context without activities.
    pub fn base_without_activities(&self) -> Result<Base<'a>, Fault> {
        Ok(Base {
            actor: self.actor()?,
            context: self.context_of(None, &[]),
        })
    }

    /// Makes a context with these activities, the transformer version, the session, and the extensions in `more`.
    fn context_of(
        &self,
        context_activities: Option<ContextActivities<'a>>,
        more: &[Extension<'a>],
    ) -> Context<'a> {
        let usual = [
            (
                extension::TRANSFORMER_VERSION,
                Some(Value::Str(&self.settings.transformer_version)),
            ),
            (extension::SESSION_ID, self.event.find("session")),
        ];
        let mut extensions = ArenaVec::with_capacity_in(usual.len() + more.len(), self.arena);
        extensions.extend_from_slice_copy(&usual);
        extensions.extend_from_slice_copy(more);
        Context {
            context_activities,
            statement: None,
            extensions: Extensions(extensions.into_bump_slice()),
        }
    }

    /// Makes the parent activity: the course of the event. As in the reference, the course's name has the language tag
    /// `en-US` here, but `en` in [`course_object`](Self::course_object).
    fn course_as_parent(&self) -> Result<Option<ContextActivities<'a>>, Fault> {
        let Some(course_id) = self.event.context("course_id") else {
            return Ok(None);
        };
        let course_id = str_of("context.course_id", course_id, "a course id")?;
        let Some(name) = self.lms.course_name(course_id)? else {
            let detail = format!(
                "the display_name of the course `{course_id}` is NULL in the courses table"
            );
            return Err(Fault::new(Reason::MissingField, detail));
        };
        let definition = ActivityDefinition {
            name: Some(us_english(name)),
            ..ActivityDefinition::of(COURSE)
        };
        let course = activity(Some(self.iri("course", course_id)), definition);
        Ok(Some(ContextActivities {
            parent: [course],
            grouping: None,
        }))
    }

    /// Makes an object of this type from the course of the event, with these extensions in its definition.
    pub fn course_object(
        &self,
        object_type: &'static str,
        extensions: Option<Extensions<'a>>,
    ) -> Result<Activity<'a>, Fault> {
        let course_id = self
            .event
            .required("context.course_id", self.event.context("course_id"))?;
        let course_id = str_of("context.course_id", course_id, "a course id")?;
        let definition = ActivityDefinition {
            name: Some(english(self.lms.course_name(course_id)?)),
            extensions,
            ..ActivityDefinition::of(object_type)
        };
        Ok(activity(Some(self.iri("course", course_id)), definition))
    }

    /// Makes the statement of an event from its parts.
    pub fn statement(
        &self,
        verb: &'static Verb,
        base: Base<'a>,
        object: Activity<'a>,
        result: Option<StatementResult<'a>>,
    ) -> Result<Statement<'a>, Fault> {
        let logged = logged_time(&self.event);
        let moment = timestamp(logged)?;
        Ok(Statement {
            id: self.statement_id(verb, base.actor, logged, None),
            actor: base.actor,
            verb,
            object,
            result,
            context: base.context,
            timestamp: moment.map(|moment| moment.printed(self.arena)),
            version: XAPI_VERSION,
            moment,
        })
    }

    /// Makes the id of a statement, if ids are computed. [`statement_id`] describes the arguments.
    #[inline]
    pub fn statement_id(
        &self,
        verb: &Verb,
        actor: Actor<'_>,
        logged: Option<Value<'_>>,
        child: Option<&str>,
    ) -> Uuid {
        match self.lms.derivation.computes_ids {
            true => statement_id(verb, actor, logged, child),
            false => Uuid::nil(),
        }
    }

    /// Makes the IRI `ROOT/KIND/ID`. ROOT is the root URL of the LMS.
    pub fn iri(&self, kind: &str, id: &str) -> &'a str {
        self.lms.iri(kind, id, self.arena)
    }

    /// Returns an id as text. An error names `field`.
    pub fn id_text(&self, field: &str, value: Value<'a>) -> Result<&'a str, Fault> {
        id_text(field, value, self.arena)
    }

    /// Returns an id as text, or `None` if it is absent. An error names `field`.
    pub fn optional_id(
        &self,
        field: &str,
        value: Option<Value<'a>>,
    ) -> Result<Option<&'a str>, Fault> {
        value.map(|value| self.id_text(field, value)).transpose()
    }

    /// Copies extensions into the arena.
    pub fn extensions<const N: usize>(&self, extensions: [Extension<'a>; N]) -> Extensions<'a> {
        Extensions(self.arena.alloc(extensions))
    }

    /// Formats a text into the arena, so that the text lives as long as the event.
    pub fn text(&self, text: std::fmt::Arguments<'_>) -> &'a str {
        format_in(self.arena, text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_numbers_and_booleans_are_times_and_other_values_are_not() {
        let at = |seconds| Timestamp::from_unix(seconds);
        for (value, expected) in [
            (Value::Str("1970-01-01T00:00:01Z"), at(1)),
            (Value::Int(1), at(1)),
            (Value::Float(1.0), at(1)),
            (Value::Bool(true), at(1)),
        ] {
            assert_eq!(timestamp(Some(value)).unwrap(), expected, "{value:?}");
        }
        assert_eq!(timestamp(None).unwrap(), None);
        for value in [Value::Null, Value::Str("1"), Value::BigInt("1")] {
            assert!(timestamp(Some(value)).is_err(), "{value:?}");
        }
    }
}

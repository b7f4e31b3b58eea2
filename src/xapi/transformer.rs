//! The parts that statements of all families share (the reference's `XApiTransformer`).

use bumpalo::Bump;
use bumpalo::collections::Vec as ArenaVec;
use sha1::{Digest, Sha1};

use super::event_time::{self, timestamp};
use super::model::{
    Activity, ActivityDefinition, Actor, Context, ContextActivities, Extensions, LanguageMap,
    ObjectType, Statement, StatementResult, Verb,
};
use super::settings::{ActorKind, XapiSettings};
use super::statement_id::statement_id;
use super::vocabulary::{self, VerbIri, XAPI_VERSION, extension};
use crate::json::Value;
use crate::lms::{Lms, UserRef};
use crate::outcome::{Fault, Reason};
use crate::tracking::field::{id_text, required, str_of};
use crate::tracking::number;
use crate::tracking::{TrackingEvent, format_in};

/// An extension that may be absent.
pub(super) type Extension<'a> = (&'static str, Option<Value<'a>>);

/// An event with the settings, the lookup tables and the arena of its transformation.
pub(super) struct Transformer<'a> {
    pub event: TrackingEvent<'a>,
    pub settings: &'a XapiSettings,
    pub lms: &'a Lms,
    pub arena: &'a Bump,
}

/// Returns the statements of an event.
///
/// # Errors
/// Returns `NoObjectId` if one of the statements has an object without an id.
pub(super) fn with_object_ids<'a>(
    statements: &'a [Statement<'a>],
) -> Result<&'a [Statement<'a>], Fault> {
    if statements
        .iter()
        .any(|statement| statement.object.id.is_none())
    {
        return Err(Fault::new(
            Reason::NoObjectId,
            "the object of the statement has no id",
        ));
    }
    Ok(statements)
}

/// Makes an activity that is not a group.
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

/// Rounds seconds to three decimals, as Python's `round` does.
fn to_millisecond(seconds: f64) -> f64 {
    /// Floats below this limit are so close together that the one nearest to a number of thousandths prints as that number.
    const FINE: f64 = 1e9;

    // Most numbers are whole thousandths.
    if seconds.abs() < FINE && (seconds * 1000.0).round() / 1000.0 == seconds {
        return seconds;
    }
    if seconds.is_finite() {
        format!("{seconds:.3}").parse().unwrap_or(seconds)
    } else {
        seconds
    }
}

/// Makes a language map of an English text.
pub(super) fn english(text: &str) -> LanguageMap<'_> {
    LanguageMap {
        tag: "en",
        text: Some(text),
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

    /// Makes the context of most statements: the course as parent, the usual extensions and the given ones.
    pub fn context(&self, extensions: &[Extension<'a>]) -> Result<Context<'a>, Fault> {
        Ok(Context {
            context_activities: self.course_as_parent()?,
            statement: None,
            extensions: self.context_extensions(extensions),
        })
    }

    /// Makes a context with a second activity, besides the course, as grouping.
    ///
    /// # Errors
    /// Returns `MissingField` if the event names no course.
    pub fn context_with_grouping(
        &self,
        extensions: &[Extension<'a>],
        grouping: impl FnOnce() -> Result<Activity<'a>, Fault>,
    ) -> Result<Context<'a>, Fault> {
        let Some(course) = self.course_as_parent()? else {
            return Err(Fault::missing("context.course_id"));
        };
        Ok(Context {
            context_activities: Some(ContextActivities {
                grouping: Some([grouping()?]),
                ..course
            }),
            statement: None,
            extensions: self.context_extensions(extensions),
        })
    }

    /// Makes a context without activities.
    pub fn bare_context(&self) -> Context<'a> {
        Context {
            context_activities: None,
            statement: None,
            extensions: self.context_extensions(&[]),
        }
    }

    /// Returns the transformer version, the session, and the given extensions.
    fn context_extensions(&self, more: &[Extension<'a>]) -> Extensions<'a> {
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
        Extensions(extensions.into_bump_slice())
    }

    /// Makes the course of the event a parent activity. Its language tag is not that of a course as an object.
    fn course_as_parent(&self) -> Result<Option<ContextActivities<'a>>, Fault> {
        let Some(course_id) = self.event.context("course_id") else {
            return Ok(None);
        };
        let course_id = str_of("context.course_id", course_id, "a course id")?;
        let Some(name) = self.lms.course_name(course_id)? else {
            return Err(Fault::missing(&format!("display_name of {course_id}")));
        };
        let definition = ActivityDefinition {
            activity_type: vocabulary::activity::COURSE,
            name: Some(LanguageMap {
                tag: "en-US",
                text: Some(name),
            }),
            ..ActivityDefinition::default()
        };
        let course = activity(Some(self.iri("course", course_id)), definition);
        Ok(Some(ContextActivities {
            parent: [course],
            grouping: None,
        }))
    }

    /// Makes the course of the event an object, with these extensions in its definition.
    pub fn course_object(&self, extensions: Option<Extensions<'a>>) -> Result<Activity<'a>, Fault> {
        let course_id = required("context.course_id", self.event.context("course_id"))?;
        let course_id = str_of("context.course_id", course_id, "a course id")?;
        let definition = ActivityDefinition {
            activity_type: vocabulary::activity::COURSE,
            name: Some(LanguageMap {
                tag: "en",
                text: self.lms.course_name(course_id)?,
            }),
            extensions,
            ..ActivityDefinition::default()
        };
        Ok(activity(Some(self.iri("course", course_id)), definition))
    }

    /// Makes the statement of an event of its parts.
    pub fn statement(
        &self,
        verb: VerbIri,
        actor: Actor<'a>,
        context: Context<'a>,
        object: Activity<'a>,
        result: Option<StatementResult<'a>>,
    ) -> Result<Statement<'a>, Fault> {
        let logged = self.logged_time();
        let moment = timestamp(logged)?;
        let timestamp = moment.map(|moment| moment.printed(self.arena));
        let id = statement_id(verb, actor, logged, None);
        Ok(Statement {
            id,
            actor,
            verb: Verb(verb),
            object,
            result,
            context,
            timestamp,
            version: XAPI_VERSION,
            moment,
        })
    }

    /// Makes the statement of one child of an event. `parent` is the statement of the event, `logged` its
    /// [`logged_time`](Self::logged_time).
    pub fn child_statement(
        &self,
        child: &str,
        logged: Option<Value<'a>>,
        parent: &Statement<'a>,
        context: Context<'a>,
        object: Activity<'a>,
        result: StatementResult<'a>,
    ) -> Statement<'a> {
        let id = statement_id(parent.verb.0, parent.actor, logged, Some(child));
        Statement {
            id,
            context,
            object,
            result: Some(result),
            ..*parent
        }
    }

    /// Returns the field that holds the time of the event.
    pub fn logged_time(&self) -> Option<Value<'a>> {
        event_time::logged_time(&self.event)
    }

    /// Makes the IRI `ROOT/KIND/ID`.
    pub fn iri(&self, kind: &str, id: &str) -> &'a str {
        self.lms.iri(kind, id, self.arena)
    }

    /// Returns the text of an id.
    pub fn id_text(&self, field: &str, value: Value<'a>) -> Result<&'a str, Fault> {
        id_text(field, value, self.arena)
    }

    /// Reads seconds and rounds them to the millisecond (`helpers.convert_seconds_to_float`).
    pub fn seconds(&self, field: &str, value: Option<Value<'a>>) -> Result<Option<f64>, Fault> {
        let Some(value) = value else { return Ok(None) };
        let Some(seconds) = number::float(value) else {
            return Err(Fault::wrong_type(
                field,
                value.kind(),
                "a number of seconds",
            ));
        };
        Ok(Some(to_millisecond(seconds)))
    }

    /// Formats a text that lives as long as the event.
    pub fn text(&self, text: std::fmt::Arguments<'_>) -> &'a str {
        format_in(self.arena, text)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn printed(seconds: f64) -> f64 {
        format!("{seconds:.3}").parse().unwrap()
    }

    proptest! {
        #[test]
        fn seconds_are_rounded_as_they_print(thousandths in any::<i64>(), shift in 0..63, float in any::<f64>(), ulps in -2..=2_i64) {
            let near = (thousandths >> shift) as f64 / 1000.0;
            let beside = f64::from_bits(near.to_bits().wrapping_add_signed(ulps));
            for seconds in [near, beside, float, -0.0, 1e9, 1e9 - 0.0005] {
                if seconds.is_finite() {
                    prop_assert_eq!(to_millisecond(seconds).to_bits(), printed(seconds).to_bits(), "{}", seconds);
                }
            }
        }
    }
}

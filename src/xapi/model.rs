//! The types that serialize to the JSON of an xAPI 1.0.3 statement, as the reference or the specification has it.
//!
//! Names and shapes are those of the [xAPI specification, part 2](https://github.com/adlnet/xAPI-Spec). Statements
//! borrow from an event, its arena and the vocabulary, and allocate nothing.

use std::sync::OnceLock;

use jiff::civil::DateTime;
use serde::ser::{Serialize, SerializeStruct, Serializer};
use uuid::Uuid;

use crate::json::{Value, Word, word};
use crate::time::Timestamp;

/// A statement (section 2.4), with its properties in the order of the specification.
#[derive(Clone, Copy, Debug, serde::Serialize)]
pub struct Statement<'a> {
    pub(super) id: Uuid,
    pub(super) actor: Actor<'a>,
    pub(super) verb: &'static Verb,
    pub(super) object: Activity<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) result: Option<StatementResult<'a>>,
    pub(super) context: Context<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) timestamp: Option<&'a str>,
    #[serde(serialize_with = "word")]
    pub(super) version: &'static str,
    /// The time that `timestamp` shows as text. Not part of the output.
    #[serde(skip)]
    pub(super) moment: Option<Timestamp>,
}

impl Statement<'_> {
    /// The id (2.4.1).
    pub fn id(&self) -> Uuid {
        self.id
    }

    /// The timestamp (2.4.7), in UTC.
    pub fn time(&self) -> Option<DateTime> {
        self.moment.map(Timestamp::utc)
    }
}

/// An agent (2.4.2.1), known by one identifier (inverse functional identifier, 2.4.2.3).
#[derive(Clone, Copy, Debug)]
pub(super) enum Actor<'a> {
    Account {
        home_page: &'a str,
        name: &'a str,
    },
    /// An e-mail address with its `mailto:`.
    Mbox(&'a str),
    MboxSha1Sum(&'a str),
}

/// A verb (2.4.3).
#[derive(Debug, serde::Serialize)]
pub(super) struct Verb {
    #[serde(serialize_with = "word")]
    pub id: &'static str,
    /// The verb in English.
    #[serde(serialize_with = "english_word")]
    pub display: &'static str,
    /// The UUID namespace for the ids of statements with this verb. Computed when the first such statement is made.
    #[serde(skip)]
    pub namespace: OnceLock<Uuid>,
}

impl Verb {
    /// Makes a verb from its IRI. The part of the IRI after the last slash is the verb in English.
    pub const fn new(id: &'static str) -> Self {
        let mut start = id.len();
        while id.as_bytes()[start - 1] != b'/' {
            start -= 1;
        }
        Self {
            id,
            display: id.split_at(start).1,
            namespace: OnceLock::new(),
        }
    }
}

/// Serializes an English text as a language map with the tag `en`.
fn english_word<S: Serializer>(text: &&'static str, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map([(Word("en"), Word(text))])
}

/// An activity (2.4.4.1).
#[derive(Clone, Copy, Debug, serde::Serialize)]
pub(super) struct Activity<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<&'a str>,
    #[serde(rename = "objectType")]
    pub object_type: ObjectType,
    pub definition: ActivityDefinition<'a>,
}

/// The kind of an object. `GroupActivity` is not in the specification; the reference uses it for a problem with several
/// questions.
#[derive(Clone, Copy, Debug, serde::Serialize)]
pub(super) enum ObjectType {
    Activity,
    GroupActivity,
}

/// An activity definition (2.4.4.1) with its interaction type.
#[derive(Clone, Copy, Debug, Default, serde::Serialize)]
pub(super) struct ActivityDefinition<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<LanguageMap<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<LanguageMap<'a>>,
    #[serde(rename = "type", serialize_with = "word")]
    pub activity_type: &'static str,
    #[serde(rename = "interactionType", skip_serializing_if = "Option::is_none")]
    pub interaction_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extensions: Option<Extensions<'a>>,
}

impl ActivityDefinition<'_> {
    /// Makes the definition of an activity that has only a type.
    pub fn of(activity_type: &'static str) -> Self {
        Self {
            activity_type,
            ..Self::default()
        }
    }
}

/// A language map (4.2) with one text. The map is empty if `text` is `None`.
#[derive(Clone, Copy, Debug)]
pub(super) struct LanguageMap<'a> {
    pub tag: &'static str,
    pub text: Option<&'a str>,
}

/// A result (2.4.5).
#[derive(Clone, Copy, Debug, Default, serde::Serialize)]
pub(super) struct StatementResult<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub score: Option<Score<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub success: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completion: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extensions: Option<Extensions<'a>>,
}

/// A score (2.4.5.1).
#[derive(Clone, Copy, Debug, serde::Serialize)]
pub(super) struct Score<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scaled: Option<Value<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub raw: Option<Value<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min: Option<Value<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max: Option<Value<'a>>,
}

/// A context (2.4.6).
#[derive(Clone, Copy, Debug, serde::Serialize)]
pub(super) struct Context<'a> {
    #[serde(rename = "contextActivities", skip_serializing_if = "Option::is_none")]
    pub context_activities: Option<ContextActivities<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub statement: Option<StatementRef>,
    pub extensions: Extensions<'a>,
}

/// Context activities (2.4.6.2).
#[derive(Clone, Copy, Debug, serde::Serialize)]
pub(super) struct ContextActivities<'a> {
    pub parent: [Activity<'a>; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grouping: Option<[Activity<'a>; 1]>,
}

/// A reference to another statement (2.4.4.3).
#[derive(Clone, Copy, Debug, serde::Serialize)]
#[serde(tag = "objectType")]
pub(super) struct StatementRef {
    pub id: Uuid,
}

/// Extensions (4.1): a value for each IRI. Values that are `None` are not written.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Extensions<'a>(pub &'a [(&'static str, Option<Value<'a>>)]);

impl Serialize for Actor<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(serde::Serialize)]
        struct Account<'a> {
            #[serde(rename = "homePage")]
            home_page: &'a str,
            name: &'a str,
        }

        let mut agent = serializer.serialize_struct("Agent", 2)?;
        agent.serialize_field("objectType", &Word("Agent"))?;
        match *self {
            Self::Account { home_page, name } => {
                agent.serialize_field("account", &Account { home_page, name })?
            }
            Self::Mbox(address) => agent.serialize_field("mbox", address)?,
            Self::MboxSha1Sum(sum) => agent.serialize_field("mbox_sha1sum", sum)?,
        }
        agent.end()
    }
}

impl Serialize for LanguageMap<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.text.map(|text| (Word(self.tag), text)))
    }
}

impl Serialize for Extensions<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let extensions = self.0.iter();
        serializer
            .collect_map(extensions.filter_map(|(iri, value)| Some((Word(iri), value.as_ref()?))))
    }
}

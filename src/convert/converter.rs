//! The conversion as a library: one line in, owned records out.

use std::error::Error;
use std::fmt::{self, Display};
use std::path::PathBuf;
use std::sync::OnceLock;

use bumpalo::Bump;
use uuid::Uuid;

use super::converted_batch::ConvertedBatch;
use super::line_converter::LineConverter;
use super::record_writer::Layout;
use super::settings::{FormatSettings, StatementForm, select_events};
use crate::caliper::CaliperSettings;
use crate::filter::EventFilter;
use crate::format::Conformance;
use crate::input::{Line, LineContent};
use crate::iri;
use crate::lms::{IdentityColumn, LmsSettings, Unknown};
use crate::outcome::{Outcome, Repair, RepairSet};
use crate::selection::UnknownPattern;
use crate::tracking::LineWrapper;
use crate::xapi::{ActorKind, XapiSettings};

/// The release of the reference, edx-event-routing-backends, whose output is reproduced.
const TRANSFORMER_VERSION: &str = "event-routing-backends@9.3.8";

/// Converts tracking log lines. Build one with [`Converter::xapi`] or [`Converter::caliper`], and share it between
/// threads.
///
/// ```
/// use event_routing_backends::Converter;
///
/// let converter = Converter::xapi("https://courses.example.org").build()?;
/// let line = br#"{"name": "edx.course.enrollment.activated", "event_source": "server", "username": "ada",
///     "time": "2024-03-05T09:14:07.123456+00:00", "context": {"course_id": "course-v1:edX+DemoX+2024", "user_id": 5},
///     "event": {"course_id": "course-v1:edX+DemoX+2024", "mode": "audit", "user_id": 5}}"#;
/// let conversion = converter.convert(line).expect("the line is not blank");
/// assert_eq!(conversion.outcome.word(), "emitted");
/// assert!(conversion.records[0].json.starts_with("{\"id\":"));
/// # Ok::<(), event_routing_backends::BuildError>(())
/// ```
pub struct Converter(LineConverter);

/// The conversion of a line that is not blank.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Conversion {
    /// The event's name, if the line could be parsed and its event has a name.
    pub name: Option<String>,
    pub outcome: Outcome,
    /// The records of an emitted line: one or more xAPI statements, or one Caliper event.
    pub records: Vec<Record>,
    /// The repairs that changed the event of an emitted line.
    pub repairs: Vec<Repair>,
}

/// An xAPI statement or a Caliper event.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Record {
    /// The id of the statement or event. Ids of statements equal the reference's.
    pub id: Uuid,
    /// The JSON text, without white space between its tokens.
    pub json: String,
}

/// The settings of a [`Converter`]. Without a table of users, the ids of actors are derived from the root URL of the
/// LMS and the user ids or names in the events. Without a table of courses, the names of courses are their ids.
#[derive(Clone, Debug)]
#[must_use]
pub struct ConverterBuilder {
    format: FormatSettings,
    events: Vec<String>,
    lms: LmsSettings,
    repairs: RepairSet,
}

/// The reason why a [`Converter`] could not be built.
#[derive(Debug)]
#[non_exhaustive]
pub enum BuildError {
    /// The LMS root URL is empty.
    NoRootUrl,
    /// The LMS root URL is no IRI, which records that follow the specifications need.
    RootUrlIsNoIri,
    /// Actors are identified by e-mail address, but there is no table of users to look the addresses up in.
    NoUsers,
    /// A pattern given to [`ConverterBuilder::events`] matches no event of the format.
    UnknownEvent {
        pattern: String,
        /// The name of the event that is most similar to the pattern, if any is similar enough.
        suggestion: Option<&'static str>,
    },
    /// A table could not be read. The text names the file.
    Table(String),
}

impl Converter {
    /// Returns a builder of a converter to xAPI statements. The root URL must be exactly `LMS_ROOT_URL` in the settings
    /// of the LMS. It is part of every actor, and the statement ids depend on the actors.
    pub fn xapi(lms_root_url: impl Into<String>) -> ConverterBuilder {
        let settings = XapiSettings {
            actor: ActorKind::ExternalId,
            conformance: Conformance::Reference,
            transformer_version: TRANSFORMER_VERSION.to_owned(),
        };
        ConverterBuilder::new(
            lms_root_url.into(),
            FormatSettings::Xapi(settings, StatementForm::Statement),
        )
    }

    /// Returns a builder of a converter to Caliper events, without envelopes.
    pub fn caliper(lms_root_url: impl Into<String>) -> ConverterBuilder {
        let settings = CaliperSettings {
            conformance: Conformance::Reference,
            transformer_version: TRANSFORMER_VERSION.to_owned(),
        };
        ConverterBuilder::new(lms_root_url.into(), FormatSettings::Caliper(settings, None))
    }

    /// Converts a line, given with or without its newline. A row of a rejects file is converted as the line that the row
    /// stands for. A line that holds several events is [`NotJson`](crate::Reason::NotJson). Returns `None` for a blank
    /// line.
    pub fn convert(&self, line: &[u8]) -> Option<Conversion> {
        let arena = Bump::new();
        let mut batch = ConvertedBatch::default();
        let line = Line {
            number: 1,
            offset: 0,
            content: LineContent::Whole(line),
            is_marked: false,
            byte: 0,
            is_joined: false,
            nth: 0,
        };
        let converted = self.0.convert(line, Layout::Lines, &arena, &mut batch)?;
        let records = batch.records_with_text().map(|(record, text)| Record {
            id: record.id,
            json: String::from_utf8_lossy(text).into_owned(),
        });
        Some(Conversion {
            name: converted.name.map(str::to_owned),
            records: records.collect(),
            repairs: converted.applied_repairs().collect(),
            outcome: converted.outcome,
        })
    }
}

impl ConverterBuilder {
    fn new(lms_root_url: String, format: FormatSettings) -> Self {
        Self {
            format,
            events: vec!["default".to_owned()],
            lms: LmsSettings::new(lms_root_url),
            repairs: RepairSet::NONE,
        }
    }

    /// Sets the kind of identifier of actors in xAPI statements. Caliper events always have external ids, whatever this
    /// setting is.
    pub fn actor(mut self, actor: ActorKind) -> Self {
        if let FormatSettings::Xapi(settings, _) = &mut self.format {
            settings.actor = actor;
        }
        self
    }

    /// Sets the rules that records follow: those of the reference, or those of the specifications.
    pub fn conformance(mut self, conformance: Conformance) -> Self {
        match &mut self.format {
            FormatSettings::Xapi(settings, _) => settings.conformance = conformance,
            FormatSettings::Caliper(settings, _) => settings.conformance = conformance,
        }
        self
    }

    /// Sets the events to convert: `default`, `all`, names, or globs with `*`.
    pub fn events<T: Into<String>>(mut self, patterns: impl IntoIterator<Item = T>) -> Self {
        self.events = patterns.into_iter().map(Into::into).collect();
        self
    }

    /// Sets the table of users: CSV or TSV with the columns id, username, email, xapi_id, caliper_id.
    pub fn users(mut self, path: impl Into<PathBuf>) -> Self {
        self.lms.users = Some(path.into());
        self
    }

    /// Sets the table of courses: CSV or TSV with the columns course_id, display_name.
    pub fn courses(mut self, path: impl Into<PathBuf>) -> Self {
        self.lms.courses = Some(path.into());
        self
    }

    /// Sets the treatment of users and courses that are not in their table.
    pub fn unknown(mut self, user: Unknown, course: Unknown) -> Self {
        (self.lms.unknown_user, self.lms.unknown_course) = (user, course);
        self
    }

    /// Sets the treatment of users who are in the table and have no external id.
    pub fn missing_external_id(mut self, user: Unknown) -> Self {
        self.lms.missing_external_id = user;
        self
    }

    /// Sets the secret key from which, together with a user's id or name, external ids are derived.
    pub fn actor_key(mut self, key: impl Into<Vec<u8>>) -> Self {
        self.lms.actor_key = Some(key.into());
        self
    }

    /// Uses `event_type` as the name of events without a name: browser events before about 2016, server events before
    /// mid-2020. The same as [`Repair::Name`].
    pub fn name_from_event_type(self) -> Self {
        self.repair([Repair::Name])
    }

    /// Applies repairs to old events. [`Repair::ALL`] has all of them.
    pub fn repair(mut self, repairs: impl IntoIterator<Item = Repair>) -> Self {
        self.repairs.extend(repairs.into_iter().collect());
        self
    }

    /// Loads the tables and returns the converter.
    ///
    /// # Errors
    /// Returns an error if a setting is wrong or a table cannot be read.
    pub fn build(self) -> Result<Converter, BuildError> {
        if self.lms.root_url.is_empty() {
            return Err(BuildError::NoRootUrl);
        }
        if self.format.conformance() == Conformance::Spec && !iri::is_iri(&self.lms.root_url) {
            return Err(BuildError::RootUrlIsNoIri);
        }
        let identity = self.format.identity_column();
        if identity == IdentityColumn::Email && self.lms.users.is_none() {
            return Err(BuildError::NoUsers);
        }
        let unknown_event = |UnknownPattern {
                                 pattern,
                                 suggestion,
                             }| BuildError::UnknownEvent {
            pattern,
            suggestion,
        };
        let lms = self.lms.load(identity);
        Ok(Converter(LineConverter {
            wrapper: LineWrapper::None,
            selection: select_events(self.format.format(), &self.events).map_err(unknown_event)?,
            format: self.format,
            filter: EventFilter::default(),
            routers: None,
            lms: OnceLock::from(lms.map_err(|error| BuildError::Table(format!("{error:#}")))?),
            repairs: self.repairs,
            splits_lines: false,
        }))
    }
}

impl Display for BuildError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoRootUrl => formatter.write_str("the LMS root URL is empty"),
            Self::RootUrlIsNoIri => formatter.write_str(
                "the LMS root URL is no IRI, so no record can follow the specifications",
            ),
            Self::NoUsers => formatter.write_str("actors by e-mail address need a table of users"),
            Self::UnknownEvent {
                pattern,
                suggestion,
            } => {
                write!(formatter, "no event of this format matches `{pattern}`")?;
                match suggestion {
                    Some(name) => write!(formatter, ": did you mean `{name}`?"),
                    None => Ok(()),
                }
            }
            Self::Table(message) => formatter.write_str(message),
        }
    }
}

impl Error for BuildError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_converter_can_be_shared_between_threads() {
        fn is_shareable<T: Send + Sync>() {}
        is_shareable::<Converter>();
    }

    #[test]
    fn a_conversion_has_the_repairs_of_the_event() {
        let line = br#"{"event_type": "edx.course.enrollment.activated", "event_source": "server", "username": "ada",
            "time": "2012-10-01 09:14:07", "context": {"course_id": "a/b/c", "user_id": 5}, "event": {"mode": "honor"}}"#;
        let builder = || Converter::xapi("https://courses.example.org");
        let converted = |builder: ConverterBuilder| builder.build().unwrap().convert(line).unwrap();
        let conversion = converted(builder().name_from_event_type());
        assert!(conversion.repairs.is_empty() && conversion.records.is_empty());
        let conversion = converted(builder().repair(Repair::ALL));
        assert_eq!(conversion.repairs, [Repair::Name, Repair::NaiveTime]);
        assert_eq!(conversion.records.len(), 1);
    }

    #[test]
    fn settings_that_cannot_work_are_errors() {
        let error = |builder: ConverterBuilder| builder.build().err().unwrap().to_string();
        let xapi = || Converter::xapi("https://courses.example.org");
        assert_eq!(error(Converter::caliper("")), "the LMS root URL is empty");
        assert_eq!(
            error(xapi().actor(ActorKind::Mbox)),
            "actors by e-mail address need a table of users"
        );
        assert_eq!(
            error(xapi().events(["play_vidoe"])),
            "no event of this format matches `play_vidoe`: did you mean `play_video`?"
        );
        assert!(error(xapi().users("no such file")).contains("`no such file`"));
    }
}

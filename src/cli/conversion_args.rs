//! The options that decide what comes of a line, the same in every command.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};

use crate::console::Console;
use crate::conversion::Converter;
use crate::lms::{Courses, IdentityColumn, IdentityDerivation, Lms, Unknown, Users};
use crate::selection::EventSelection;
use crate::xapi::{ALL_EVENTS, ActorKind, DEFAULT_EVENTS, XapiSettings};

/// The variable that holds the secret of derived ids. It is no option: arguments are seen by every user of a machine.
const ACTOR_KEY: &str = "EVENT_ROUTER_ACTOR_KEY";

#[derive(Args, Debug)]
#[command(next_help_heading = "Conversion")]
pub struct ConversionArgs {
    /// The format to convert to
    #[arg(long, value_enum)]
    to: Format,

    /// The root URL of the LMS, as its settings have it; ids depend on every character
    #[arg(long, value_name = "URL")]
    lms_root_url: String,

    /// CSV or TSV with the columns id, username, email, xapi_id, caliper_id
    #[arg(long, value_name = "FILE")]
    users: Option<PathBuf>,

    /// CSV or TSV with the columns course_id, display_name
    #[arg(long, value_name = "FILE")]
    courses: Option<PathBuf>,

    /// What to do with an event whose user is not in the users table
    #[arg(long, value_enum, default_value = "reject", value_name = "WHAT")]
    unknown_user: UnknownArg,

    /// What to do with an event whose course is not in the courses table
    #[arg(long, value_enum, default_value = "reject", value_name = "WHAT")]
    unknown_course: UnknownArg,

    /// What identifies an actor; mbox and mbox-sha1sum need --users
    #[arg(long, value_enum, default_value = "external-id")]
    actor: ActorArg,

    /// A file with the secret that keys derived external ids (or EVENT_ROUTER_ACTOR_KEY)
    #[arg(long, value_name = "FILE")]
    actor_key_file: Option<PathBuf>,

    /// Which events to take: default, all, names, or globs with `*`
    #[arg(
        long,
        value_delimiter = ',',
        default_value = "default",
        value_name = "PATTERN,…"
    )]
    events: Vec<String>,

    /// Take the event_type of logs older than about 2015, which have no name
    #[arg(long)]
    name_from_event_type: bool,

    /// The version of the reference that statements say they were made by
    #[arg(long, default_value = "9.3.8", value_name = "VERSION")]
    transformer_version: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// xAPI 1.0.3 statements
    Xapi,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ActorArg {
    /// An account: the LMS root URL and the user's external id
    ExternalId,
    /// The e-mail address
    Mbox,
    /// The SHA-1 of the e-mail address
    MboxSha1sum,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum UnknownArg {
    /// Reject it
    Reject,
    /// Do as without a table
    Derive,
}

impl From<UnknownArg> for Unknown {
    fn from(unknown: UnknownArg) -> Self {
        match unknown {
            UnknownArg::Reject => Self::Reject,
            UnknownArg::Derive => Self::Derive,
        }
    }
}

impl ConversionArgs {
    /// Loads the tables and puts the converter together.
    ///
    /// # Errors
    /// What is wrong with the options, or with a file that they name.
    pub fn into_converter(self, console: &Console) -> Result<Converter> {
        let Format::Xapi = self.to;
        if self.lms_root_url.is_empty() {
            bail!(
                "the LMS root URL is empty: give it with `--lms-root-url` or EVENT_ROUTER_LMS_ROOT_URL"
            );
        }
        if self.lms_root_url.ends_with('/') {
            console.warn(&format!(
                "the LMS root URL `{}` ends with a slash, and so every id has two in a row; the LMS's own has none",
                self.lms_root_url
            ));
        }
        let selection =
            EventSelection::new(&self.events, DEFAULT_EVENTS, ALL_EVENTS).map_err(|unknown| {
                let hint = match unknown.suggestion {
                    Some(name) => format!("did you mean `{name}`?"),
                    None => "`--events all` takes all there are".to_owned(),
                };
                anyhow::anyhow!("no event matches `{}`: {hint}", unknown.pattern)
            })?;
        let (actor, identity) = match self.actor {
            ActorArg::ExternalId => (ActorKind::ExternalId, IdentityColumn::XapiId),
            ActorArg::Mbox => (ActorKind::Mbox, IdentityColumn::Email),
            ActorArg::MboxSha1sum => (ActorKind::MboxSha1Sum, IdentityColumn::Email),
        };
        if identity == IdentityColumn::Email && self.users.is_none() {
            bail!("`--actor mbox` and `mbox-sha1sum` need the e-mail addresses of `--users`");
        }
        let key = self.actor_key()?;
        let derives = self.users.is_none() || self.unknown_user == UnknownArg::Derive;
        if derives && identity == IdentityColumn::XapiId {
            let which = if self.users.is_none() {
                ""
            } else {
                " of users that are not in the table"
            };
            console.note(&format!(
                "note: external ids{which} are derived and will not match those of the LMS"
            ));
        }
        let users = self
            .users
            .as_deref()
            .map(|path| Users::load(path, identity))
            .transpose()?;
        let courses = self.courses.as_deref().map(Courses::load).transpose()?;
        Ok(Converter {
            xapi: XapiSettings {
                actor,
                transformer_version: format!("event-routing-backends@{}", self.transformer_version),
            },
            selection,
            lms: Lms {
                derivation: IdentityDerivation::new(&self.lms_root_url, key),
                root_url: self.lms_root_url,
                users,
                courses,
                unknown_user: self.unknown_user.into(),
                unknown_course: self.unknown_course.into(),
            },
            name_from_event_type: self.name_from_event_type,
        })
    }

    fn actor_key(&self) -> Result<Option<Vec<u8>>> {
        let (key, place) = match &self.actor_key_file {
            Some(path) => {
                let name = path.display().to_string();
                let mut key =
                    std::fs::read(path).with_context(|| format!("failed to read `{name}`"))?;
                while key.last().is_some_and(u8::is_ascii_whitespace) {
                    key.pop();
                }
                (key, name)
            }
            None => match std::env::var_os(ACTOR_KEY) {
                Some(key) => (key.into_encoded_bytes(), ACTOR_KEY.to_owned()),
                None => return Ok(None),
            },
        };
        if key.is_empty() {
            bail!("the key in `{place}` is empty");
        }
        Ok(Some(key))
    }
}

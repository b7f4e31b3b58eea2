//! The options that decide what comes of a line, the same in every command.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, anyhow, bail};
use clap::builder::PossibleValue;
use clap::{Args, ValueEnum};

use super::filter_args::FilterArgs;
use crate::caliper::{self, CaliperSettings};
use crate::console::Console;
use crate::convert::{EnvelopeSettings, FormatSettings, LineConverter};
use crate::format::Format;
use crate::lms::{Courses, IdentityColumn, IdentityDerivation, Lms, Unknown, Users};
use crate::routing::Routers;
use crate::selection::EventSelection;
use crate::time::EventTime;
use crate::tracking::LineWrapper;
use crate::url::{Url, redacted};
use crate::xapi::{self, ActorKind, XapiSettings};

/// The variable that holds the secret of derived ids. It is no option: arguments are seen by every user of a machine.
pub const ACTOR_KEY: &str = "EVENT_ROUTER_ACTOR_KEY";

/// The variable by which builds are made reproducible, see <https://reproducible-builds.org/specs/source-date-epoch>.
const SOURCE_DATE_EPOCH: &str = "SOURCE_DATE_EPOCH";

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

    /// A routers.json: take the events that one of its routers accepts
    #[arg(long, value_name = "FILE")]
    routers: Option<PathBuf>,

    /// Take the event_type of logs older than about 2015, which have no name
    #[arg(long)]
    name_from_event_type: bool,

    /// The version of the reference that the output says it was made by
    #[arg(long, default_value = "9.3.8", value_name = "VERSION")]
    transformer_version: String,

    /// xAPI: what identifies an actor [default: external-id]; the others need --users
    #[arg(long, value_enum)]
    actor: Option<ActorArg>,

    /// Caliper: what each event is in [default: event]
    #[arg(long, value_enum)]
    envelope: Option<EnvelopeArg>,

    /// Caliper: the sensor on the envelopes [default: the LMS root URL]
    #[arg(long, value_name = "IRI")]
    sensor: Option<String>,

    /// Caliper: the time on the envelopes [default: SOURCE_DATE_EPOCH, or the time of the run]
    #[arg(long, value_name = "TIME")]
    send_time: Option<String>,

    // Last, since its heading in the help stands for whatever follows.
    #[command(flatten)]
    filter: FilterArgs,
}

impl ValueEnum for Format {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let help = match self {
            Self::Xapi => "xAPI 1.0.3 statements",
            Self::Caliper => "Caliper 1.2 events",
        };
        Some(PossibleValue::new(self.name()).help(help))
    }
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
enum EnvelopeArg {
    /// An envelope of its own
    Event,
    /// No envelope
    None,
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
    /// The format to convert to.
    pub fn to(&self) -> Format {
        self.to
    }

    /// The files that these options name.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        [
            &self.users,
            &self.courses,
            &self.actor_key_file,
            &self.routers,
        ]
        .into_iter()
        .flatten()
        .map(PathBuf::as_path)
    }

    /// Whether a later run writes the same.
    ///
    /// # Errors
    /// The time that is given is none.
    pub fn is_repeatable(&self) -> Result<bool> {
        let has_time = self.to == Format::Caliper && self.envelope != Some(EnvelopeArg::None);
        Ok(!has_time || self.fixed_send_time()?.is_some())
    }

    /// Loads the tables and puts the converter together, for lines in the wrapper.
    ///
    /// # Errors
    /// What is wrong with the options, or with a file that they name.
    pub fn into_converter(self, wrapper: LineWrapper, console: &Console) -> Result<LineConverter> {
        self.check_root_url(console)?;
        let selection = self.selection()?;
        let filter = self.filter.filter()?;
        let format = self.format()?;
        let identity = match &format {
            FormatSettings::Xapi(XapiSettings {
                actor: ActorKind::Mbox | ActorKind::MboxSha1Sum,
                ..
            }) => IdentityColumn::Email,
            FormatSettings::Xapi(_) | FormatSettings::Caliper(..) => {
                IdentityColumn::ExternalId(self.to)
            }
        };
        if identity == IdentityColumn::Email && self.users.is_none() {
            bail!("`--actor mbox` and `mbox-sha1sum` need the e-mail addresses of `--users`");
        }
        let derives = self.users.is_none() || self.unknown_user == UnknownArg::Derive;
        if derives && identity != IdentityColumn::Email {
            let which = if self.users.is_none() {
                ""
            } else {
                " of users that are not in the table"
            };
            console.note(&format!(
                "note: external ids{which} are derived and will not match those of the LMS"
            ));
        }
        let key = actor_key(self.actor_key_file.as_deref())?;
        let routers = self
            .routers
            .as_deref()
            .map(|path| Routers::load_some(path, self.to))
            .transpose()?;
        let users = self
            .users
            .as_deref()
            .map(|path| Users::load(path, identity))
            .transpose()?;
        let courses = self.courses.as_deref().map(Courses::load).transpose()?;
        let lms = Lms {
            derivation: IdentityDerivation::new(&self.lms_root_url, key.as_deref()),
            root_url: self.lms_root_url,
            users,
            courses,
            unknown_user: self.unknown_user.into(),
            unknown_course: self.unknown_course.into(),
        };
        Ok(LineConverter {
            wrapper,
            format,
            selection,
            filter,
            routers,
            lms,
            name_from_event_type: self.name_from_event_type,
        })
    }

    fn check_root_url(&self, console: &Console) -> Result<()> {
        let url = &self.lms_root_url;
        if url.is_empty() {
            bail!(
                "the LMS root URL is empty: give it with `--lms-root-url` or EVENT_ROUTER_LMS_ROOT_URL"
            );
        }
        if Url::parse(url).is_err() {
            console.warn(&format!("the LMS root URL `{}` is not a URL like https://courses.example.org; ids depend on it", redacted(url)));
        }
        if url.ends_with('/') {
            console.warn(&format!(
                "the LMS root URL `{url}` ends with a slash, and so every id has two in a row; the LMS's own has none"
            ));
        }
        Ok(())
    }

    fn selection(&self) -> Result<EventSelection> {
        let (default, others) = match self.to {
            Format::Xapi => (xapi::DEFAULT_EVENTS, xapi::OTHER_EVENTS),
            Format::Caliper => (caliper::DEFAULT_EVENTS, caliper::OTHER_EVENTS),
        };
        EventSelection::new(&self.events, default, others).map_err(|unknown| {
            let hint = match unknown.suggestion {
                Some(name) => format!("did you mean `{name}`?"),
                None => "`--events all` takes all there are".to_owned(),
            };
            anyhow!(
                "no event of this format matches `{}`: {hint}",
                unknown.pattern
            )
        })
    }

    fn format(&self) -> Result<FormatSettings> {
        let transformer_version = format!("event-routing-backends@{}", self.transformer_version);
        match self.to {
            Format::Xapi => {
                let of_caliper = [
                    ("envelope", self.envelope.is_some()),
                    ("sensor", self.sensor.is_some()),
                    ("send-time", self.send_time.is_some()),
                ];
                if let Some((option, _)) = of_caliper.iter().find(|(_, given)| *given) {
                    let variable = option.to_uppercase().replace('-', "_");
                    bail!(
                        "`--{option}` (or EVENT_ROUTER_{variable}) is for Caliper, leave it out: xAPI has no envelopes"
                    );
                }
                let actor = match self.actor {
                    None | Some(ActorArg::ExternalId) => ActorKind::ExternalId,
                    Some(ActorArg::Mbox) => ActorKind::Mbox,
                    Some(ActorArg::MboxSha1sum) => ActorKind::MboxSha1Sum,
                };
                Ok(FormatSettings::Xapi(XapiSettings {
                    actor,
                    transformer_version,
                }))
            }
            Format::Caliper => {
                if self.actor.is_some() {
                    bail!(
                        "`--actor` (or EVENT_ROUTER_ACTOR) is for xAPI, leave it out: Caliper's actor is the external id"
                    );
                }
                Ok(FormatSettings::Caliper(
                    CaliperSettings {
                        transformer_version,
                    },
                    self.envelope()?,
                ))
            }
        }
    }

    fn envelope(&self) -> Result<Option<EnvelopeSettings>> {
        if self.envelope == Some(EnvelopeArg::None) {
            if self.sensor.is_some() || self.send_time.is_some() {
                bail!(
                    "without an envelope there is no `--sensor` and no `--send-time`; leave them out"
                );
            }
            return Ok(None);
        }
        let send_time = self
            .fixed_send_time()?
            .unwrap_or_else(|| EventTime::from(SystemTime::now()));
        let sensor = self
            .sensor
            .clone()
            .unwrap_or_else(|| self.lms_root_url.clone());
        if sensor.is_empty() {
            bail!("the sensor is empty: leave `--sensor` out, and it is the LMS root URL");
        }
        Ok(Some(EnvelopeSettings {
            sensor,
            send_time: send_time.to_string(),
        }))
    }

    /// The time that `--send-time` or SOURCE_DATE_EPOCH fixes.
    fn fixed_send_time(&self) -> Result<Option<EventTime>> {
        if let Some(time) = &self.send_time {
            let parsed = EventTime::parse(time);
            return parsed.map(Some).with_context(|| {
                format!("`--send-time {time}` is not a time like 2024-03-05T09:14:07Z")
            });
        }
        match std::env::var_os(SOURCE_DATE_EPOCH).filter(|seconds| !seconds.is_empty()) {
            None => Ok(None),
            Some(seconds) => {
                let parsed = seconds
                    .to_str()
                    .and_then(|seconds| seconds.parse().ok())
                    .map(Duration::from_secs);
                let time = parsed
                    .and_then(|since| UNIX_EPOCH.checked_add(since))
                    .map(EventTime::from);
                time.map(Some).with_context(|| {
                    format!(
                        "{SOURCE_DATE_EPOCH} is `{}`, not a number of seconds since 1970",
                        seconds.display()
                    )
                })
            }
        }
    }
}

fn actor_key(file: Option<&Path>) -> Result<Option<Vec<u8>>> {
    let (key, place) = match file {
        Some(path) => {
            let name = path.display().to_string();
            let mut key =
                std::fs::read(path).with_context(|| format!("failed to read `{name}`"))?;
            while key.last().is_some_and(u8::is_ascii_whitespace) {
                key.pop();
            }
            (key, name)
        }
        None => match std::env::var_os(ACTOR_KEY).filter(|key| !key.is_empty()) {
            Some(key) => (key.into_encoded_bytes(), ACTOR_KEY.to_owned()),
            None => return Ok(None),
        },
    };
    if key.is_empty() {
        bail!("the key in `{place}` is empty");
    }
    Ok(Some(key))
}

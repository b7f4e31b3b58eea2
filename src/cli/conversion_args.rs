//! The options for the conversion, the same in every command.

use std::path::PathBuf;

use anyhow::{Context, Result, anyhow, bail};
use clap::builder::PossibleValue;
use clap::{Args, ValueEnum};

use super::filter_args::FilterArgs;
use super::format_args::FormatArgs;
use super::lms_db_args::LmsDbArgs;
use crate::convert::select_events;
use crate::format::Format;
use crate::lms::{LmsSettings, Unknown};
use crate::outcome::{Repair, RepairSet};
use crate::run::ConversionSettings;
use crate::selection::EventSelection;

#[derive(Args, Debug)]
#[command(next_help_heading = "Conversion")]
pub struct ConversionArgs {
    /// The format to convert to
    #[arg(long, value_enum, ignore_case = true, required = true)]
    pub to: Option<Format>,

    /// The root URL of the LMS, exactly as LMS_ROOT_URL in its settings: ids depend on every character
    #[arg(long, value_name = "URL", required = true)]
    lms_root_url: Option<String>,

    /// A table of users: CSV or TSV with the columns id, username, email, xapi_id, caliper_id. Without one, ids are derived
    /// and do not match the LMS's own
    #[arg(long, value_name = "FILE", conflicts_with = "lms_db")]
    users: Option<PathBuf>,

    /// A table of courses: CSV or TSV with the columns course_id, display_name. Without one, courses are named by their ids
    #[arg(long, value_name = "FILE", conflicts_with = "lms_db")]
    courses: Option<PathBuf>,

    #[command(flatten)]
    database: LmsDbArgs,

    /// The handling of events whose user is not in the table of users [default: reject]
    #[arg(long, value_enum, ignore_case = true, value_name = "WHAT")]
    unknown_user: Option<UnknownArg>,

    /// The handling of events whose course is not in the table of courses [default: reject]
    #[arg(long, value_enum, ignore_case = true, value_name = "WHAT")]
    unknown_course: Option<UnknownCourseArg>,

    /// The handling of events whose user has no external id in the table of users [default: reject]
    #[arg(long, value_enum, ignore_case = true, value_name = "WHAT")]
    missing_external_id: Option<UnknownArg>,

    /// Derive external ids with the secret key in this file (or set EVENT_ROUTER_ACTOR_KEY to the key)
    #[arg(long, value_name = "FILE")]
    actor_key_file: Option<PathBuf>,

    /// The events to convert: names, globs with `*`, or the words default and all; `event-router events` lists them
    #[arg(
        long,
        value_delimiter = ',',
        default_value = "default",
        value_name = "PATTERN,…"
    )]
    events: Vec<String>,

    /// Convert only events that a router of this routers.json accepts; `send` posts each event to
    /// the routers that accept it
    #[arg(long, value_name = "FILE")]
    pub routers: Option<PathBuf>,

    /// Use event_type as the name of events without a name: browser events before about 2016, server events before
    /// mid-2020. The same as `--repair name`
    #[arg(long)]
    name_from_event_type: bool,

    /// Convert old events as if they had the form of today: the names of repairs, or the word all
    #[arg(
        long,
        value_enum,
        ignore_case = true,
        value_delimiter = ',',
        value_name = "REPAIR,…"
    )]
    repair: Vec<RepairArg>,

    #[command(flatten)]
    pub format: FormatArgs,

    // These options come last, because in the help their heading also applies to all options after them.
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

/// A repair, or all of them.
#[derive(Clone, Copy, Debug)]
struct RepairArg(Option<Repair>);

impl ValueEnum for RepairArg {
    fn value_variants<'a>() -> &'a [Self] {
        const VARIANTS: [RepairArg; Repair::ALL.len() + 1] = {
            let mut variants = [RepairArg(None); Repair::ALL.len() + 1];
            let mut nth = 0;
            while nth < Repair::ALL.len() {
                variants[nth] = RepairArg(Some(Repair::ALL[nth]));
                nth += 1;
            }
            variants
        };
        &VARIANTS
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(match self.0 {
            Some(repair) => PossibleValue::new(repair.name()).help(repair.does()),
            None => PossibleValue::new("all").help("applies all repairs"),
        })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum UnknownArg {
    /// Reject the event
    Reject,
    /// Convert the event with an external id that is derived for the user
    Derive,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum UnknownCourseArg {
    /// Reject the event
    Reject,
    /// Convert the event with the id of the course as its name
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

impl From<UnknownCourseArg> for Unknown {
    fn from(unknown: UnknownCourseArg) -> Self {
        match unknown {
            UnknownCourseArg::Reject => Self::Reject,
            UnknownCourseArg::Derive => Self::Derive,
        }
    }
}

impl ConversionArgs {
    /// Returns the settings. For the LMS database, the certificates in `ca_file` are trusted.
    ///
    /// # Errors
    /// Returns an error if an option does not fit the format or another option.
    pub fn settings(mut self, ca_file: Option<PathBuf>) -> Result<ConversionSettings> {
        let to = self.format()?;
        let repairs = self.repairs();
        let root_url = self.lms_root_url.take();
        let root_url = root_url.context("give `--lms-root-url`")?;
        self.check_tables()?;
        Ok(ConversionSettings {
            format: self.format.settings(to, &root_url)?,
            selection: self.selection(to)?,
            filter: self.filter.filter()?,
            routers: self.routers,
            lms: LmsSettings {
                users: self.users,
                courses: self.courses,
                database: self.database.settings(ca_file),
                unknown_user: self.unknown_user.map_or(Unknown::Reject, Into::into),
                unknown_course: self.unknown_course.map_or(Unknown::Reject, Into::into),
                missing_external_id: self.missing_external_id.map_or(Unknown::Reject, Into::into),
                ..LmsSettings::new(root_url)
            },
            actor_key_file: self.actor_key_file,
            repairs,
        })
    }

    /// Checks that there is a table if users or courses that a table lacks are to be rejected.
    fn check_tables(&self) -> Result<()> {
        let is_reject = |unknown: Option<UnknownArg>| unknown == Some(UnknownArg::Reject);
        let has_database = self.database.lms_db.is_some();
        let (has_users, has_courses) = (
            has_database || self.users.is_some(),
            has_database || self.courses.is_some(),
        );
        let rejects = [
            (
                "unknown-user",
                is_reject(self.unknown_user),
                has_users,
                "users",
            ),
            (
                "missing-external-id",
                is_reject(self.missing_external_id),
                has_users,
                "users",
            ),
            (
                "unknown-course",
                self.unknown_course == Some(UnknownCourseArg::Reject),
                has_courses,
                "courses",
            ),
        ];
        let mut rejects = rejects.into_iter();
        if let Some((option, _, _, table)) =
            rejects.find(|(_, is_reject, has_table, _)| *is_reject && !has_table)
        {
            let variable = option.to_uppercase().replace('-', "_");
            bail!(
                "`--{option} reject` (or EVENT_ROUTER_{variable}) needs a table of {table}: give one with `--{table}`, or remove the option"
            );
        }
        Ok(())
    }

    fn repairs(&self) -> RepairSet {
        let mut repairs = RepairSet::NONE;
        for &RepairArg(repair) in &self.repair {
            match repair {
                Some(repair) => repairs.insert(repair),
                None => repairs = RepairSet::ALL,
            }
        }
        if self.name_from_event_type {
            repairs.insert(Repair::Name);
        }
        repairs
    }

    /// Returns the format to convert to.
    ///
    /// # Errors
    /// Returns an error if none is given, which only a probe allows.
    pub fn format(&self) -> Result<Format> {
        self.to.context("give `--to`")
    }

    fn selection(&self, to: Format) -> Result<EventSelection> {
        select_events(to, &self.events).map_err(|unknown| {
            let hint = match unknown.suggestion {
                Some(name) => format!("did you mean `{name}`?"),
                None => "`--events all` converts every supported event".to_owned(),
            };
            anyhow!(
                "`--events`: no event that can be converted to {} matches `{}`: {hint}",
                to.title(),
                unknown.pattern
            )
        })
    }
}

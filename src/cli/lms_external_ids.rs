//! The options of `event-router lms external-ids`.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use super::lms_db_args::LmsDbArgs;
use crate::format::Format;
use crate::lms::LmsSettings;
use crate::run::{ExternalIdsSettings, ImportPath};

#[derive(Args, Debug)]
pub struct ExternalIdsArgs {
    /// The format of the records that the ids are for
    #[arg(long, value_enum, ignore_case = true)]
    to: Format,

    /// The root URL of the LMS, exactly as LMS_ROOT_URL in its settings: ids depend on every character
    #[arg(long, value_name = "URL")]
    lms_root_url: String,

    /// A table of users: CSV or TSV with the columns id, username, email, xapi_id, caliper_id
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with = "lms_db",
        required_unless_present = "lms_db"
    )]
    users: Option<PathBuf>,

    #[command(flatten)]
    database: LmsDbArgs,

    /// Trust the certificates in this PEM file, in addition to those of public authorities
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,

    /// Derive the ids with the secret key in this file (or set EVENT_ROUTER_ACTOR_KEY to the key)
    #[arg(long, value_name = "FILE")]
    actor_key_file: Option<PathBuf>,

    /// Write the ids to this file: SQL for the LMS database if its name ends with .sql, a table if it ends with .csv
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,

    /// Print only errors, and warnings that an option or a variable is probably wrong
    #[arg(short, long)]
    pub quiet: bool,
}

impl ExternalIdsArgs {
    /// Returns the settings.
    ///
    /// # Errors
    /// Returns an error if the name of the output has an unknown ending.
    pub fn settings(self) -> Result<ExternalIdsSettings> {
        Ok(ExternalIdsSettings {
            format: self.to,
            lms: LmsSettings {
                users: self.users,
                database: self.database.settings(self.ca_file),
                ..LmsSettings::new(self.lms_root_url)
            },
            actor_key_file: self.actor_key_file,
            output: ImportPath::new(self.output)?,
        })
    }
}

//! The options for the LMS database, the same in every command that reads it.

use std::fmt;
use std::path::PathBuf;

use clap::Args;

use crate::lms::DatabaseSettings;

#[derive(Args)]
pub struct LmsDbArgs {
    /// Read the users and courses from the LMS database: mysql://USER@HOST/DATABASE, MySQL or MariaDB. Needs a build with the
    /// feature lms-db
    #[arg(long, value_name = "URL")]
    pub lms_db: Option<String>,

    /// Read the password for --lms-db from this file (or set EVENT_ROUTER_LMS_DB_PASSWORD)
    #[arg(long, value_name = "FILE")]
    lms_db_password_file: Option<PathBuf>,
}

impl LmsDbArgs {
    /// Returns the settings of the database, if there is one. The certificates in `ca_file` are trusted.
    pub fn settings(self, ca_file: Option<PathBuf>) -> Option<DatabaseSettings> {
        Some(DatabaseSettings {
            url: self.lms_db?,
            password_file: self.lms_db_password_file,
            ca_file,
        })
    }
}

impl fmt::Debug for LmsDbArgs {
    /// Leaves out the URL, which may hold a password.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("LmsDbArgs")
            .field("lms_db_password_file", &self.lms_db_password_file)
            .finish_non_exhaustive()
    }
}

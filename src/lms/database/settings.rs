//! The options about the LMS database, and the files that they name.

use std::fmt;
use std::path::{Path, PathBuf};

/// The environment variable with the password of the LMS database. There is no option for the password itself, since
/// every user of a machine can see the arguments of a program.
pub const PASSWORD_VARIABLE: &str = "EVENT_ROUTER_LMS_DB_PASSWORD";

/// The options about the LMS database.
#[derive(Clone)]
pub struct DatabaseSettings {
    /// A URL like `mysql://reader@host/edxapp`.
    pub url: String,
    /// A file with the password. Without a file, the password is taken from the environment.
    pub password_file: Option<PathBuf>,
    /// A PEM file with certificates to trust.
    pub ca_file: Option<PathBuf>,
}

impl DatabaseSettings {
    /// Returns the files that are read.
    pub fn files(&self) -> Vec<&Path> {
        let files = [&self.password_file, &self.ca_file];
        files.into_iter().flatten().map(PathBuf::as_path).collect()
    }
}

impl fmt::Debug for DatabaseSettings {
    /// Leaves out the URL, which may hold a password.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("DatabaseSettings")
            .field("password_file", &self.password_file)
            .field("ca_file", &self.ca_file)
            .finish_non_exhaustive()
    }
}

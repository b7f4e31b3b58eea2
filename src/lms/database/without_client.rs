//! The LMS database in a build without the feature `lms-db`, which can read no database.

use anyhow::{Result, bail};

use super::rows::{DatabaseCourse, DatabaseUser};
use super::settings::DatabaseSettings;
use crate::lms::{Courses, IdentityColumn, Users};

/// A database. No value exists, since [`new`](Self::new) always fails.
pub enum Database {}

/// A connection to a database. No value exists.
pub enum Session {}

impl Database {
    /// Fails, with a message that says how to get a build that can read the LMS database.
    ///
    /// # Errors
    /// Always returns an error.
    pub fn new(_: &DatabaseSettings) -> Result<Self> {
        bail!(
            "this build of event-router cannot read the LMS database: in the checkout, run `cargo install --locked --path . --features lms-db`, or leave `--lms-db` out and export the tables (see *Lookup tables* in the guide)"
        )
    }

    pub fn open(&self) -> Result<Session> {
        match *self {}
    }
}

impl Session {
    pub fn name(&self) -> &str {
        match *self {}
    }

    pub fn load_users(&mut self, _: IdentityColumn) -> Result<Users> {
        match *self {}
    }

    pub fn load_courses(&mut self) -> Result<Courses> {
        match *self {}
    }

    pub fn users_after(&mut self, _: Option<i64>) -> Result<Vec<DatabaseUser>> {
        match *self {}
    }

    pub fn courses_after(&mut self, _: Option<&str>) -> Result<Vec<DatabaseCourse>> {
        match *self {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_build_without_the_client_says_how_to_get_one_with_it() {
        let error = Database::new(&DatabaseSettings {
            url: "mysql://reader@host/edxapp".to_owned(),
            password_file: None,
            ca_file: None,
        });
        let message = error.err().unwrap().to_string();
        assert!(
            message.contains("`cargo install --locked --path . --features lms-db`"),
            "{message}"
        );
    }
}

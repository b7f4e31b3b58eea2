//! The settings of the lookup tables.

use std::path::PathBuf;

use anyhow::Result;

use super::{Courses, IdentityColumn, IdentityDerivation, Lms, RowSet, Unknown, Users, table};

/// The files and values from which an [`Lms`] is loaded.
#[derive(Clone, Debug)]
pub struct LmsSettings {
    /// The root URL of the LMS, exactly as given.
    pub root_url: String,
    /// The table of users.
    pub users: Option<PathBuf>,
    /// The table of courses.
    pub courses: Option<PathBuf>,
    pub unknown_user: Unknown,
    pub unknown_course: Unknown,
    /// The treatment of users who are in the table and have no external id.
    pub missing_external_id: Unknown,
    /// The secret key with which external ids are derived.
    pub actor_key: Option<Vec<u8>>,
}

impl LmsSettings {
    /// Returns the settings without tables and without a key.
    pub fn new(root_url: String) -> Self {
        Self {
            root_url,
            users: None,
            courses: None,
            unknown_user: Unknown::Reject,
            unknown_course: Unknown::Reject,
            missing_external_id: Unknown::Reject,
            actor_key: None,
        }
    }

    /// Loads the tables. Of each user, only the column `identity` is kept, besides the id and the username.
    ///
    /// # Errors
    /// Returns an error that names the file if a table cannot be read.
    pub fn load(self, identity: IdentityColumn) -> Result<Lms> {
        let (mut lms, tables) = self.without_tables(identity)?;
        tables.load(&mut lms)?;
        Ok(lms)
    }

    /// Returns the data without the tables, and the tables to load before the first event.
    ///
    /// # Errors
    /// Returns an error that names the file if a table cannot be opened.
    pub fn without_tables(self, identity: IdentityColumn) -> Result<(Lms, LmsTables)> {
        let lms = Lms {
            derivation: IdentityDerivation::new(&self.root_url, self.actor_key.as_deref()),
            root_url: self.root_url,
            identity,
            users: None,
            courses: None,
            unknown_user: self.unknown_user,
            unknown_course: self.unknown_course,
            missing_external_id: self.missing_external_id,
            derived_users: RowSet::default(),
        };
        let tables = LmsTables {
            users: self.users,
            courses: self.courses,
            identity,
        };
        for path in [&tables.users, &tables.courses].into_iter().flatten() {
            table::check(path)?;
        }
        Ok((lms, tables))
    }
}

/// The tables of an [`Lms`] that are not loaded yet. A large table takes a second to load.
#[derive(Debug)]
pub struct LmsTables {
    users: Option<PathBuf>,
    courses: Option<PathBuf>,
    identity: IdentityColumn,
}

impl LmsTables {
    /// Loads the tables.
    ///
    /// # Errors
    /// Returns an error that names the file if a table cannot be read.
    pub fn load(self, lms: &mut Lms) -> Result<()> {
        if let Some(path) = self.users {
            let users = Users::load(&path, self.identity)?;
            if lms.missing_external_id == Unknown::Derive {
                lms.derived_users = RowSet::new(users.len());
            }
            lms.users = Some(users);
        }
        if let Some(path) = self.courses {
            lms.courses = Some(Courses::load(&path)?);
        }
        Ok(())
    }
}

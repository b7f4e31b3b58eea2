//! The settings of the lookup tables.

use std::path::PathBuf;

use anyhow::Result;

use super::{Courses, IdentityColumn, IdentityDerivation, Lms, Unknown, Users};

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
            actor_key: None,
        }
    }

    /// Loads the tables. Of each user, only the column `identity` is kept, besides the id and the username.
    ///
    /// # Errors
    /// Returns an error that names the file if a table cannot be read.
    pub fn load(self, identity: IdentityColumn) -> Result<Lms> {
        let users = self.users.as_deref();
        let courses = self.courses.as_deref();
        Ok(Lms {
            derivation: IdentityDerivation::new(&self.root_url, self.actor_key.as_deref()),
            root_url: self.root_url,
            users: users.map(|path| Users::load(path, identity)).transpose()?,
            courses: courses.map(Courses::load).transpose()?,
            unknown_user: self.unknown_user,
            unknown_course: self.unknown_course,
        })
    }
}

//! The settings of the lookup tables.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use anyhow::Result;

use super::database::{Database, DatabaseSettings};
use super::{Courses, IdentityColumn, IdentityDerivation, Lms, RowSet, Unknown, Users, table};

/// The files and values from which an [`Lms`] is loaded.
#[derive(Clone)]
pub struct LmsSettings {
    /// The root URL of the LMS, exactly as given.
    pub root_url: String,
    /// The table of users.
    pub users: Option<PathBuf>,
    /// The table of courses.
    pub courses: Option<PathBuf>,
    /// The database that holds both tables, if they are not files.
    pub database: Option<DatabaseSettings>,
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
            database: None,
            unknown_user: Unknown::Reject,
            unknown_course: Unknown::Reject,
            missing_external_id: Unknown::Reject,
            actor_key: None,
        }
    }

    /// Returns whether users are looked up, in a file or in the database.
    pub fn has_users(&self) -> bool {
        self.users.is_some() || self.database.is_some()
    }

    /// Returns the files that are read.
    pub fn files(&self) -> Vec<&Path> {
        let tables = [&self.users, &self.courses].into_iter().flatten();
        let database = self.database.iter().flat_map(DatabaseSettings::files);
        tables.map(PathBuf::as_path).chain(database).collect()
    }

    /// Loads the tables. Of each user, only the column `identity` is kept, besides the id and the username.
    ///
    /// # Errors
    /// Returns an error that names the file if a table cannot be read.
    pub fn load(self, identity: IdentityColumn) -> Result<Lms> {
        self.tables(identity)?.load()
    }

    /// Loads the table of users only.
    ///
    /// # Errors
    /// Returns an error that names the file or the database if the table cannot be read.
    pub fn load_users(self, identity: IdentityColumn) -> Result<Lms> {
        let tables = self.tables(identity)?;
        let mut lms = tables.without_rows();
        lms.users = match (tables.database, tables.settings.users) {
            (Some(database), _) => Some(database.open()?.load_users(identity)?),
            (None, Some(path)) => Some(Users::load(&path, identity)?),
            (None, None) => None,
        };
        Ok(lms)
    }

    /// Returns the tables to load before the first event.
    ///
    /// # Errors
    /// Returns an error that names the file if a table cannot be opened, or if the settings of the database cannot be
    /// used. The database itself is not opened.
    pub fn tables(self, identity: IdentityColumn) -> Result<LmsTables> {
        let database = self.database.as_ref().map(Database::new).transpose()?;
        for path in [&self.users, &self.courses].into_iter().flatten() {
            table::check(path)?;
        }
        Ok(LmsTables {
            settings: self,
            database,
            identity,
        })
    }
}

/// The tables of an [`Lms`] that are not loaded yet. A large table takes a second to load.
pub struct LmsTables {
    settings: LmsSettings,
    database: Option<Database>,
    identity: IdentityColumn,
}

impl LmsTables {
    /// Returns the data without the tables.
    pub fn without_rows(&self) -> Lms {
        let settings = &self.settings;
        Lms {
            derivation: IdentityDerivation::new(&settings.root_url, settings.actor_key.as_deref()),
            root_url: settings.root_url.clone(),
            identity: self.identity,
            users: None,
            courses: None,
            unknown_user: settings.unknown_user,
            unknown_course: settings.unknown_course,
            missing_external_id: settings.missing_external_id,
            derived_users: RowSet::default(),
            derives_unknown: AtomicBool::new(false),
            names_courses_by_id: AtomicBool::new(false),
        }
    }

    /// Loads the tables.
    ///
    /// # Errors
    /// Returns an error that names the file or the database if a table cannot be read.
    pub fn load(self) -> Result<Lms> {
        let mut lms = self.without_rows();
        if let Some(database) = self.database {
            let mut session = database.open()?;
            lms.users = Some(session.load_users(self.identity)?);
            lms.courses = Some(session.load_courses()?);
        }
        if let Some(path) = self.settings.users {
            lms.users = Some(Users::load(&path, self.identity)?);
        }
        if let Some(path) = self.settings.courses {
            lms.courses = Some(Courses::load(&path)?);
        }
        if let Some(users) = &lms.users
            && lms.missing_external_id == Unknown::Derive
        {
            lms.derived_users = RowSet::new(users.len());
        }
        Ok(lms)
    }
}

/// Returns whether this is the name of a database, not the path of a file.
pub fn names_database(name: &str) -> bool {
    name.starts_with("mysql://")
}

/// Returns the step against users or courses that a table with this name lacks. `noun` is "table" or "tables".
pub fn remedy_for_missing_rows(name: &str, noun: &str) -> String {
    match names_database(name) {
        true => "check that `--lms-db` names the database of this LMS".to_owned(),
        false => format!("export the {noun} again (see *Lookup tables* in the guide)"),
    }
}

impl fmt::Debug for LmsSettings {
    /// Leaves out the secret key.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("LmsSettings")
            .field("root_url", &self.root_url)
            .field("users", &self.users)
            .field("courses", &self.courses)
            .field("database", &self.database)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_secret_is_shown() {
        let settings = LmsSettings {
            actor_key: Some(b"hunter2".to_vec()),
            database: Some(DatabaseSettings {
                url: "mysql://reader:hunter2@host/edxapp".to_owned(),
                password_file: None,
                ca_file: None,
            }),
            ..LmsSettings::new("https://courses.example.org".to_owned())
        };
        let shown = format!("{settings:?}");
        assert!(shown.contains("https://courses.example.org"), "{shown}");
        assert!(
            !shown.contains("hunter2") && !shown.contains("104, 117"),
            "{shown}"
        );
    }
}

//! Loads the tables of users and courses, the routers and the secret key that a conversion needs.

use std::ffi::OsString;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use anyhow::{Context, Result, anyhow, bail};

use super::settings::{ConversionSettings, InputSettings};
use crate::console::Console;
use crate::convert::LineConverter;
use crate::files::warning_of_mode;
use crate::input::Framing;
use crate::lms::{
    DatabaseSettings, IdentityColumn, Lms, LmsSettings, LmsTables, Unknown, names_database,
    remedy_for_missing_rows,
};
use crate::routing::Routers;
use crate::url::{Url, redacted};

/// The environment variable with the secret key of derived ids. There is no option for the key itself, since every user
/// of a machine can see the arguments of a program.
pub const ACTOR_KEY: &str = "EVENT_ROUTER_ACTOR_KEY";

impl ConversionSettings {
    /// Returns the converter, with the tables loaded.
    ///
    /// # Errors
    /// Returns an error if settings contradict each other, or a file cannot be read.
    pub fn load(self, input: &InputSettings, console: &Console) -> Result<LineConverter> {
        let (converter, tables) = self.without_tables(input, console)?;
        load_tables(&converter, tables, console)?;
        Ok(converter)
    }

    /// Returns the converter without the tables, and the tables to load before the first line is converted.
    ///
    /// # Errors
    /// Returns an error if settings contradict each other, or a file cannot be read or opened.
    pub fn without_tables(
        mut self,
        input: &InputSettings,
        console: &Console,
    ) -> Result<(LineConverter, LmsTables)> {
        check_root_url(&self.lms.root_url, console)?;
        let identity = self.format.identity_column();
        check_users(&self.lms, identity)?;
        warn_of_derived_ids(&self.lms, identity, console);
        let routers = self
            .routers
            .as_deref()
            .map(|path| Routers::load_some(path, self.format.format()))
            .transpose()?;
        if let Some(routers) = &routers {
            warn_of_routers(routers, console);
        }
        self.lms.actor_key = actor_key(self.actor_key_file.as_deref(), console)?;
        warn_of_password_file(self.lms.database.as_ref(), console);
        let tables = self.lms.tables(identity)?;
        let converter = LineConverter {
            wrapper: input.line_wrapper.clone(),
            splits_lines: input.framing != Framing::Lines,
            routers,
            lms: OnceLock::new(),
            format: self.format,
            selection: self.selection,
            filter: self.filter,
            repairs: self.repairs,
        };
        Ok((converter, tables))
    }
}

/// Loads the tables of a converter, and warns of tables without rows.
///
/// # Errors
/// Returns an error that names the file if a table cannot be read.
pub fn load_tables(converter: &LineConverter, tables: LmsTables, console: &Console) -> Result<()> {
    let lms = tables.load()?;
    check_rows(&lms, console);
    // The tables are loaded once, so no earlier tables are kept in place of these.
    let _ = converter.lms.set(lms);
    Ok(())
}

/// The lookup tables could not be read, so no line can be converted.
#[derive(Debug)]
pub struct TablesFailed;

/// The tables of a converter that are loaded before the first complete line is converted. A run with a state directory
/// may have no such line.
pub struct LazyTables {
    /// The tables, until they are loaded.
    tables: Mutex<Option<LmsTables>>,
    loaded: OnceLock<Result<()>>,
    console: Arc<Console>,
}

impl LazyTables {
    /// Returns the tables to load, or with `None` tables that are loaded.
    pub fn new(tables: Option<LmsTables>, console: &Arc<Console>) -> Self {
        Self {
            tables: Mutex::new(tables),
            loaded: OnceLock::new(),
            console: Arc::clone(console),
        }
    }

    /// Loads the tables, unless they are loaded.
    ///
    /// # Errors
    /// Returns an error if the tables could not be read. [`result`](Self::result) has the cause.
    pub fn load(&self, converter: &LineConverter) -> Result<(), TablesFailed> {
        let load = || {
            let mut tables = self.tables.lock().unwrap_or_else(PoisonError::into_inner);
            match tables.take() {
                Some(tables) => load_tables(converter, tables, &self.console),
                None => Ok(()),
            }
        };
        self.loaded
            .get_or_init(load)
            .as_ref()
            .map_err(|_| TablesFailed)
            .copied()
    }

    /// Returns the error with which the tables could not be read.
    ///
    /// # Errors
    /// Returns the error.
    pub fn result(&self) -> Result<()> {
        match self.loaded.get() {
            Some(Err(error)) => Err(anyhow!("{error:#}")),
            _ => Ok(()),
        }
    }
}

/// Checks that there is a root URL. Warns of one that is no URL, or ends with a slash.
pub(super) fn check_root_url(url: &str, console: &Console) -> Result<()> {
    if url.is_empty() {
        bail!(
            "the LMS root URL is empty: set it with `--lms-root-url` or EVENT_ROUTER_LMS_ROOT_URL"
        );
    }
    let shown = redacted(url);
    if !url.contains("://") {
        bail!(
            "the LMS root URL `{shown}` has no scheme: use `--lms-root-url https://{}`, as in the LMS settings",
            shown
                .trim_start_matches("https:")
                .trim_start_matches("http:")
                .trim_start_matches('/')
        );
    }
    if Url::parse(url).is_err() {
        console.alert(&format!(
            "the LMS root URL `{shown}` is not a URL like https://courses.example.org, and the ids in the output contain it: check `--lms-root-url`"
        ));
    }
    if url.ends_with('/') {
        console.alert(&format!(
            "the LMS root URL `{shown}` ends with a slash, unlike the LMS's own setting, so ids will differ from the LMS's: remove the slash"
        ));
    }
    Ok(())
}

/// Checks that there is a table of users if actors are named by their e-mail addresses.
fn check_users(lms: &LmsSettings, identity: IdentityColumn) -> Result<()> {
    if identity == IdentityColumn::Email && !lms.has_users() {
        bail!(
            "`--actor mbox` and `mbox-sha1sum` need e-mail addresses: give a table of users with `--users`"
        );
    }
    Ok(())
}

/// Warns if `--missing-external-id derive` is given for users who need no derived id, or of whom nothing is known.
fn warn_of_derived_ids(lms: &LmsSettings, identity: IdentityColumn, console: &Console) {
    if lms.missing_external_id != Unknown::Derive {
        return;
    }
    let problem = match identity {
        IdentityColumn::Email => "actors are named by their e-mail addresses",
        IdentityColumn::ExternalId(_) if !lms.has_users() => {
            "without a table of users all ids are derived"
        }
        IdentityColumn::ExternalId(_) => return,
    };
    console.warn(&format!(
        "`--missing-external-id derive` has no effect: {problem}"
    ));
}

/// Warns of tables that have a header and no rows, unless the run ends with a warning about the events that are rejected
/// for this reason.
fn check_rows(lms: &Lms, console: &Console) {
    let derives = |unknown| unknown == Unknown::Derive;
    let users = lms.users.as_ref().filter(|users| users.is_empty());
    let users = users.filter(|_| derives(lms.unknown_user));
    let courses = lms.courses.as_ref().filter(|courses| courses.is_empty());
    let courses = courses.filter(|_| derives(lms.unknown_course));
    let users = users.map(|users| (&users.file, "user"));
    let courses = courses.map(|courses| (&courses.file, "course"));
    for (name, rows) in users.into_iter().chain(courses) {
        let problem = no_rows(name, rows);
        let remedy = remedy_for_missing_rows(name, "table");
        console.alert(&format!(
            "{problem}, so it has the same effect as no table of {rows}s: {remedy}"
        ));
    }
}

/// Returns that a table of users or courses has no rows, given the name of the table and "user" or "course".
pub(super) fn no_rows(name: &str, rows: &str) -> String {
    match names_database(name) {
        true => format!("the LMS database `{name}` has no {rows}s"),
        false => format!("the table `{name}` has a header and no rows"),
    }
}

/// Warns if everybody can read the credentials of the routers.
pub(super) fn warn_of_routers(routers: &Routers, console: &Console) {
    if let Some(warning) = routers.warning_of_mode() {
        console.warn(&warning);
    }
}

/// Warns if everybody can read the password of the LMS database.
pub(super) fn warn_of_password_file(database: Option<&DatabaseSettings>, console: &Console) {
    let file = database.and_then(|database| database.password_file.as_deref());
    if let Some(warning) = file.and_then(|file| warning_of_mode(file, "password")) {
        console.warn(&warning);
    }
}

/// Reads the key of derived ids from the file, or without a file from the environment variable.
pub(super) fn actor_key(file: Option<&Path>, console: &Console) -> Result<Option<Vec<u8>>> {
    let Some(path) = file else {
        let key = std::env::var_os(ACTOR_KEY).filter(|key| !key.is_empty());
        return Ok(key.map(OsString::into_encoded_bytes));
    };
    if let Some(warning) = warning_of_mode(path, "key") {
        console.warn(&warning);
    }
    let name = path.display();
    let contents = std::fs::read(path).with_context(|| format!("failed to read `{name}`"))?;
    let key = contents.trim_ascii_end();
    if key.is_empty() {
        bail!(
            "the key in `{name}` is empty: write the secret key into this file, or remove `--actor-key-file`"
        );
    }
    Ok(Some(key.to_owned()))
}

//! Loads the tables and secrets that a conversion needs.

use std::path::Path;

use anyhow::{Context, Result, bail};

use super::settings::{ConversionSettings, LookupSettings};
use crate::console::Console;
use crate::convert::{FormatSettings, LineConverter};
use crate::format::Format;
use crate::lms::{Courses, IdentityColumn, IdentityDerivation, Lms, Unknown, Users};
use crate::routing::Routers;
use crate::tracking::LineWrapper;
use crate::url::{Url, redacted};
use crate::xapi::{ActorKind, XapiSettings};

/// The variable that holds the key of derived ids. There is no option for the key itself, since every user of a machine
/// can see the arguments of a program.
pub const ACTOR_KEY: &str = "EVENT_ROUTER_ACTOR_KEY";

impl ConversionSettings {
    /// Returns the converter, with the tables loaded.
    ///
    /// # Errors
    /// Returns an error if a setting does not fit another, or a file cannot be read.
    pub fn load(self, wrapper: LineWrapper, console: &Console) -> Result<LineConverter> {
        self.lookup.check_root_url(console)?;
        let identity = match &self.format {
            FormatSettings::Xapi(XapiSettings {
                actor: ActorKind::Mbox | ActorKind::MboxSha1Sum,
                ..
            }) => IdentityColumn::Email,
            FormatSettings::Xapi(_) => IdentityColumn::ExternalId(Format::Xapi),
            FormatSettings::Caliper(..) => IdentityColumn::ExternalId(Format::Caliper),
        };
        self.lookup.check_users(identity, console)?;
        let routers = self
            .routers
            .as_deref()
            .map(|path| Routers::load_some(path, self.format.format()))
            .transpose()?;
        Ok(LineConverter {
            wrapper,
            routers,
            lms: self.lookup.load(identity)?,
            format: self.format,
            selection: self.selection,
            filter: self.filter,
            name_from_event_type: self.name_from_event_type,
        })
    }
}

impl LookupSettings {
    fn check_root_url(&self, console: &Console) -> Result<()> {
        let url = &self.lms_root_url;
        if url.is_empty() {
            bail!(
                "the LMS root URL is empty: set it with `--lms-root-url` or EVENT_ROUTER_LMS_ROOT_URL"
            );
        }
        let shown = redacted(url);
        if Url::parse(url).is_err() {
            console.warn(&format!(
                "the LMS root URL `{shown}` is not a URL like https://courses.example.org; ids depend on it"
            ));
        }
        if url.ends_with('/') {
            console.warn(&format!(
                "the LMS root URL `{shown}` ends with a slash, so ids will differ from the LMS's: its own root URL has none"
            ));
        }
        Ok(())
    }

    /// Checks that the users table is there if it is needed. Notes if external ids are derived.
    fn check_users(&self, identity: IdentityColumn, console: &Console) -> Result<()> {
        if identity == IdentityColumn::Email {
            if self.users.is_none() {
                bail!(
                    "`--actor mbox` and `mbox-sha1sum` need e-mail addresses: give a table of users with `--users`"
                );
            }
            return Ok(());
        }
        let whose = match (&self.users, self.unknown_user) {
            (None, _) => "",
            (Some(_), Unknown::Derive) => " of users who are not in the table",
            (Some(_), Unknown::Reject) => return Ok(()),
        };
        console.note(&format!(
            "note: external ids{whose} are derived and will not match the LMS's own"
        ));
        Ok(())
    }

    fn load(self, identity: IdentityColumn) -> Result<Lms> {
        let key = actor_key(self.actor_key_file.as_deref())?;
        let users = self.users.as_deref();
        let courses = self.courses.as_deref();
        Ok(Lms {
            derivation: IdentityDerivation::new(&self.lms_root_url, key.as_deref()),
            root_url: self.lms_root_url,
            users: users.map(|path| Users::load(path, identity)).transpose()?,
            courses: courses.map(Courses::load).transpose()?,
            unknown_user: self.unknown_user,
            unknown_course: self.unknown_course,
        })
    }
}

/// Reads the key of derived ids from the file, or else from the environment.
fn actor_key(file: Option<&Path>) -> Result<Option<Vec<u8>>> {
    let (key, origin) = match file {
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
        bail!("the key in `{origin}` is empty");
    }
    Ok(Some(key))
}

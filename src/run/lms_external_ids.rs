//! `event-router lms external-ids`: the ids of users who have none, for the database of the LMS.

mod import_file;

use std::path::PathBuf;

use anyhow::Result;

use self::import_file::ImportFile;
pub use self::import_file::ImportPath;
use super::converter::{actor_key, check_root_url, no_rows, warn_of_password_file};
use super::unfinished::Unfinished;
use crate::console::Console;
use crate::exit_code::{ExitCode, Fatal, OrExit};
use crate::format::Format;
use crate::lms::{IdentityColumn, Lms, LmsSettings, remedy_for_missing_rows};
use crate::output_names::check_outputs;
use crate::text::{counted, grouped};

/// The settings of `event-router lms external-ids`.
pub struct ExternalIdsSettings {
    /// The format whose external ids are made.
    pub format: Format,
    pub lms: LmsSettings,
    /// A file with the secret key of derived ids. Without a file, the key is taken from the environment.
    pub actor_key_file: Option<PathBuf>,
    pub output: ImportPath,
}

/// The numbers of users for the message at the end.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    written: u64,
    without_number: u64,
}

/// Runs the command. The file gets its name only when it is complete.
///
/// # Errors
/// Returns an error if the users cannot be read or the file cannot be written.
pub fn lms_external_ids(
    settings: ExternalIdsSettings,
    console: &Console,
) -> Result<ExitCode, Fatal> {
    let unfinished = Unfinished::watch().or_exit(ExitCode::Usage)?;
    let ExternalIdsSettings {
        format,
        mut lms,
        actor_key_file,
        output,
    } = settings;
    check_root_url(&lms.root_url, console).or_exit(ExitCode::Usage)?;
    let mut read = lms.files();
    read.extend(actor_key_file.as_deref());
    check_outputs(None, &[("--output", &output.path)], &[], &read).or_exit(ExitCode::Usage)?;
    lms.actor_key = actor_key(actor_key_file.as_deref(), console).or_exit(ExitCode::Usage)?;
    warn_of_password_file(lms.database.as_ref(), console);
    let lms = lms.load_users(IdentityColumn::ExternalId(format));
    let lms = lms.or_exit(ExitCode::Usage)?;
    let counts = write_ids(&lms, &output, format, unfinished).or_exit(ExitCode::Output)?;
    let users = lms.users.as_ref().filter(|users| users.is_empty());
    match users {
        Some(users) => {
            let remedy = remedy_for_missing_rows(&users.file, "table");
            console.note(&format!("{}: no ids", output.path.display()));
            console.alert(&format!("{}: {remedy}", no_rows(&users.file, "user")));
        }
        None => console.note(&message(&output, format, counts)),
    }
    if counts.without_number > 0 {
        let users = counted(counts.without_number, "user", "users");
        console.warn(&format!(
            "no numeric id for {users}: left out; export the table again"
        ));
    }
    Ok(ExitCode::Success)
}

fn write_ids(
    lms: &Lms,
    output: &ImportPath,
    format: Format,
    unfinished: Unfinished,
) -> Result<Counts> {
    let mut counts = Counts::default();
    let file = unfinished.create(&output.path)?;
    let mut file = ImportFile::start(file, output, format)?;
    for (user, id) in lms.missing_external_ids() {
        match user {
            Some(user) => {
                counts.written += 1;
                file.push(user, id)?;
            }
            None => counts.without_number += 1,
        }
    }
    unfinished.finish(vec![file.complete()?])?;
    Ok(counts)
}

fn message(output: &ImportPath, format: Format, counts: Counts) -> String {
    let path = output.path.display();
    let title = format.title();
    match (counts.written, counts.without_number) {
        (0, 0) => format!("{path}: no ids, since every user has one for {title}"),
        (0, _) => format!("{path}: no ids"),
        (count, _) => format!(
            "{path}: {} {title} ids; import them into the LMS database, and export the tables again",
            grouped(count)
        ),
    }
}

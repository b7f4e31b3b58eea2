//! `event-router lms external-ids`: the ids of users who have none, for the database of the LMS.

mod import_file;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Result, anyhow};

use self::import_file::ImportFile;
pub use self::import_file::ImportPath;
use super::converter::{actor_key, check_root_url, warn_of_password_file};
use crate::console::Console;
use crate::exit_code::{ExitCode, Fatal, OrExit};
use crate::format::Format;
use crate::interrupt::Interrupted;
use crate::lms::{IdentityColumn, Lms, LmsSettings};
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
/// Returns an error if the run is interrupted, the users cannot be read or the file cannot be written.
pub fn lms_external_ids(
    settings: ExternalIdsSettings,
    console: &Console,
) -> Result<ExitCode, Fatal> {
    let interrupted = Interrupted::default();
    let is_reading = Arc::new(AtomicBool::new(true));
    let end = {
        let (interrupted, is_reading) = (interrupted.clone(), Arc::clone(&is_reading));
        // No file is begun before all users are read, so the process may end at once while the database gives no answer.
        move || match interrupted.code() {
            Some(code) if is_reading.load(Ordering::Relaxed) => std::process::exit(code as i32),
            _ => {}
        }
    };
    interrupted.watch(end).or_exit(ExitCode::Usage)?;
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
    is_reading.store(false, Ordering::Relaxed);
    let file = ImportFile::create(&output, format).or_exit(ExitCode::Output)?;
    let counts = write_ids(&lms, file, &interrupted)?;
    console.note(&message(&output, format, counts));
    if counts.without_number > 0 {
        let users = counted(counts.without_number, "user", "users");
        console.warn(&format!(
            "no numeric id for {users}: left out; export the table again"
        ));
    }
    Ok(ExitCode::Success)
}

fn write_ids(lms: &Lms, mut file: ImportFile, interrupted: &Interrupted) -> Result<Counts, Fatal> {
    let mut counts = Counts::default();
    file.write_header().or_exit(ExitCode::Output)?;
    for (user, id) in lms.missing_external_ids() {
        if let Some(code) = interrupted.code() {
            return Err(anyhow!("interrupted, so no file was written")).or_exit(code);
        }
        match user {
            Some(user) => {
                counts.written += 1;
                file.push(user, id).or_exit(ExitCode::Output)?;
            }
            None => counts.without_number += 1,
        }
    }
    file.finish().or_exit(ExitCode::Output)?;
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

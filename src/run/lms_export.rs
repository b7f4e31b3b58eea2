//! `event-router lms export`: the tables of users and courses as files.

use std::path::{Path, PathBuf};

use anyhow::Result;
use uuid::Uuid;

use super::converter::{no_rows, warn_of_password_file};
use super::unfinished::Unfinished;
use crate::console::Console;
use crate::exit_code::{ExitCode, Fatal, OrExit};
use crate::format::Format;
use crate::lms::{Database, DatabaseSettings, DatabaseUser, Session, remedy_for_missing_rows};
use crate::output::{AtomicFile, CsvTable};
use crate::output_names::check_outputs;
use crate::text::grouped;

/// The settings of `event-router lms export`.
pub struct ExportSettings {
    pub database: DatabaseSettings,
    /// The table of users to write.
    pub users: Option<PathBuf>,
    /// The table of courses to write.
    pub courses: Option<PathBuf>,
}

/// The numbers for the message at the end.
#[derive(Default)]
struct Counts {
    users: u64,
    xapi_ids: u64,
    caliper_ids: u64,
    courses: u64,
}

impl Counts {
    fn message(&self, settings: &ExportSettings) -> String {
        let users = settings.users.as_deref().map(|path| {
            format!(
                "{}: {} users, {} with an xAPI id, {} with a Caliper id",
                path.display(),
                grouped(self.users),
                grouped(self.xapi_ids),
                grouped(self.caliper_ids)
            )
        });
        let courses = settings.courses.as_deref();
        let courses =
            courses.map(|path| format!("{}: {} courses", path.display(), grouped(self.courses)));
        let lines: Vec<String> = [users, courses].into_iter().flatten().collect();
        lines.join("\n")
    }
}

/// Runs the command. The files get their names only when all of them are complete.
///
/// # Errors
/// Returns an error if the database cannot be read or a file cannot be written.
pub fn lms_export(settings: &ExportSettings, console: &Console) -> Result<ExitCode, Fatal> {
    let unfinished = Unfinished::watch().or_exit(ExitCode::Usage)?;
    warn_of_password_file(Some(&settings.database), console);
    let outputs = [
        ("--users", &settings.users),
        ("--courses", &settings.courses),
    ];
    let outputs = outputs.map(|(option, path)| Some((option, path.as_deref()?)));
    let outputs: Vec<(&str, &Path)> = outputs.into_iter().flatten().collect();
    check_outputs(None, &outputs, &[], &settings.database.files()).or_exit(ExitCode::Usage)?;
    let database = Database::new(&settings.database).or_exit(ExitCode::Usage)?;
    let mut session = database.open().or_exit(ExitCode::Usage)?;
    let mut counts = Counts::default();
    let mut files = Vec::new();
    if let Some(path) = &settings.users {
        let file = unfinished.create(path).or_exit(ExitCode::Output)?;
        files.push(export_users(&mut session, path, file, &mut counts)?);
    }
    if let Some(path) = &settings.courses {
        let file = unfinished.create(path).or_exit(ExitCode::Output)?;
        files.push(export_courses(&mut session, path, file, &mut counts)?);
    }
    unfinished.finish(files).or_exit(ExitCode::Output)?;
    console.note(&counts.message(settings));
    warn_of_no_rows(settings, &counts, session.name(), console);
    Ok(ExitCode::Success)
}

/// Warns of tables without rows, which are the sign of the wrong database.
fn warn_of_no_rows(settings: &ExportSettings, counts: &Counts, database: &str, console: &Console) {
    let tables = [
        ("user", &settings.users, counts.users),
        ("course", &settings.courses, counts.courses),
    ];
    for (rows, path, count) in tables {
        if path.is_some() && count == 0 {
            let remedy = remedy_for_missing_rows(database, "table");
            console.alert(&format!("{}: {remedy}", no_rows(database, rows)));
        }
    }
}

fn export_users(
    session: &mut Session,
    path: &Path,
    file: AtomicFile,
    counts: &mut Counts,
) -> Result<AtomicFile, Fatal> {
    let [xapi_id, caliper_id] = Format::ALL.map(Format::identity_column);
    let columns = ["id", "username", "email", xapi_id, caliper_id];
    let mut table = CsvTable::start(file, path, &columns).or_exit(ExitCode::Output)?;
    let mut last = None;
    loop {
        let page = session.users_after(last).or_exit(ExitCode::Usage)?;
        for user in &page {
            counts.users += 1;
            counts.xapi_ids += u64::from(user.xapi_id.is_some());
            counts.caliper_ids += u64::from(user.caliper_id.is_some());
            push_user(&mut table, user).or_exit(ExitCode::Output)?;
        }
        last = page.last().map(|user| user.id);
        if last.is_none() {
            return table.complete().or_exit(ExitCode::Output);
        }
    }
}

fn push_user(table: &mut CsvTable, user: &DatabaseUser) -> Result<()> {
    let mut id = itoa::Buffer::new();
    let mut buffers = [Uuid::encode_buffer(); 2];
    let [xapi_id, caliper_id] = &mut buffers;
    let shown = |uuid: Option<Uuid>, buffer| match uuid {
        Some(uuid) => &*uuid.hyphenated().encode_lower(buffer),
        None => NULL,
    };
    table.push(&[
        id.format(user.id),
        &user.username,
        &user.email,
        shown(user.xapi_id, xapi_id),
        shown(user.caliper_id, caliper_id),
    ])
}

fn export_courses(
    session: &mut Session,
    path: &Path,
    file: AtomicFile,
    counts: &mut Counts,
) -> Result<AtomicFile, Fatal> {
    let columns = ["course_id", "display_name"];
    let mut table = CsvTable::start(file, path, &columns).or_exit(ExitCode::Output)?;
    let mut last: Option<String> = None;
    loop {
        let page = session.courses_after(last.as_deref());
        let page = page.or_exit(ExitCode::Usage)?;
        for course in &page {
            counts.courses += 1;
            let display_name = course.display_name.as_deref().unwrap_or(NULL);
            let pushed = table.push(&[&course.id, display_name]);
            pushed.or_exit(ExitCode::Output)?;
        }
        match page.into_iter().next_back() {
            Some(course) => last = Some(course.id),
            None => return table.complete().or_exit(ExitCode::Output),
        }
    }
}

/// The text of a cell without a value.
const NULL: &str = "NULL";

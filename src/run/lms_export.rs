//! `event-router lms export`: the tables of users and courses as files.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use uuid::Uuid;

use super::converter::warn_of_password_file;
use crate::compression::{Compression, Encoder};
use crate::console::Console;
use crate::exit_code::{ExitCode, Fatal, OrExit};
use crate::files::OWNER_ONLY;
use crate::format::Format;
use crate::interrupt::Interrupted;
use crate::lms::{Database, DatabaseSettings, DatabaseUser, Session};
use crate::output::AtomicFile;
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
/// Returns an error if the run is interrupted, the database cannot be read or a file cannot be written.
pub fn lms_export(settings: &ExportSettings, console: &Console) -> Result<ExitCode, Fatal> {
    let interrupted = Interrupted::default();
    interrupted.watch(|| ()).or_exit(ExitCode::Usage)?;
    warn_of_password_file(Some(&settings.database), console);
    let counts = export(settings, &interrupted)?;
    console.note(&counts.message(settings));
    Ok(ExitCode::Success)
}

fn export(settings: &ExportSettings, interrupted: &Interrupted) -> Result<Counts, Fatal> {
    let outputs = [
        ("--users", &settings.users),
        ("--courses", &settings.courses),
    ];
    let outputs = outputs.map(|(option, path)| Some((option, path.as_deref()?)));
    let outputs: Vec<(&str, &Path)> = outputs.into_iter().flatten().collect();
    check_outputs(None, &outputs, &[], &settings.database.files()).or_exit(ExitCode::Usage)?;
    let database = Database::new(&settings.database).or_exit(ExitCode::Usage)?;
    let reader = Reader {
        session: Arc::new(Mutex::new(database.open().or_exit(ExitCode::Usage)?)),
        interrupted,
    };
    let mut counts = Counts::default();
    let users = settings.users.as_deref();
    let users = users
        .map(|path| export_users(&reader, path, &mut counts))
        .transpose()?;
    let courses = settings.courses.as_deref();
    let courses = courses
        .map(|path| export_courses(&reader, path, &mut counts))
        .transpose()?;
    // Both files are complete before the first is renamed. Otherwise a full disk could leave new users beside old courses.
    let tables = [users, courses].into_iter().flatten();
    let files: Result<Vec<AtomicFile>> = tables.map(Table::complete).collect();
    for file in files.or_exit(ExitCode::Output)? {
        file.finish().or_exit(ExitCode::Output)?;
    }
    Ok(counts)
}

fn export_users(reader: &Reader<'_>, path: &Path, counts: &mut Counts) -> Result<Table, Fatal> {
    let [xapi_id, caliper_id] = Format::ALL.map(Format::identity_column);
    let columns = ["id", "username", "email", xapi_id, caliper_id];
    let mut table = Table::create(path, &columns).or_exit(ExitCode::Output)?;
    let mut last = None;
    loop {
        let page = reader.read(move |session| session.users_after(last))?;
        for user in &page {
            counts.users += 1;
            counts.xapi_ids += u64::from(user.xapi_id.is_some());
            counts.caliper_ids += u64::from(user.caliper_id.is_some());
            table.push_user(user).or_exit(ExitCode::Output)?;
        }
        last = page.last().map(|user| user.id);
        if last.is_none() {
            return Ok(table);
        }
    }
}

fn export_courses(reader: &Reader<'_>, path: &Path, counts: &mut Counts) -> Result<Table, Fatal> {
    let mut table =
        Table::create(path, &["course_id", "display_name"]).or_exit(ExitCode::Output)?;
    let mut last: Option<String> = None;
    loop {
        let page = reader.read(move |session| session.courses_after(last.as_deref()))?;
        for course in &page {
            counts.courses += 1;
            let display_name = course.display_name.as_deref().unwrap_or(NULL);
            table
                .push(&[&course.id, display_name])
                .or_exit(ExitCode::Output)?;
        }
        match page.into_iter().next_back() {
            Some(course) => last = Some(course.id),
            None => return Ok(table),
        }
    }
}

/// Reads pages of the database in other threads, so that a signal ends the wait for a page.
struct Reader<'i> {
    session: Arc<Mutex<Session>>,
    interrupted: &'i Interrupted,
}

impl Reader<'_> {
    fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&mut Session) -> Result<T> + Send + 'static,
    ) -> Result<T, Fatal> {
        /// The time after which a signal is noticed.
        const PATIENCE: Duration = Duration::from_millis(100);

        let (sender, page) = mpsc::channel();
        let session = Arc::clone(&self.session);
        let send_page = move || {
            let mut session = session.lock().unwrap_or_else(PoisonError::into_inner);
            // After an interruption, no page is wanted.
            let _ = sender.send(read(&mut session));
        };
        let started = thread::Builder::new().spawn(send_page);
        started
            .context("failed to start a thread that reads the LMS database")
            .or_exit(ExitCode::Usage)?;
        loop {
            check_interrupt(self.interrupted)?;
            match page.recv_timeout(PATIENCE) {
                Err(RecvTimeoutError::Timeout) => {}
                page => {
                    return page
                        .context("failed to read the LMS database")
                        .flatten()
                        .or_exit(ExitCode::Usage);
                }
            }
        }
    }
}

fn check_interrupt(interrupted: &Interrupted) -> Result<(), Fatal> {
    match interrupted.code() {
        Some(code) => Err(anyhow!("interrupted")).or_exit(code),
        None => Ok(()),
    }
}

/// The text of a cell without a value.
const NULL: &str = "NULL";

/// A table that is being written, as CSV. The file is removed if this value is dropped without [`complete`](Self::complete).
struct Table(csv::Writer<Encoder<Output>>);

/// A file that gets its name when it is complete, as a writer.
struct Output(AtomicFile);

impl Table {
    /// Starts the table with its header row. The name of the file says whether its rows are compressed.
    fn create(path: &Path, columns: &[&str]) -> Result<Self> {
        let file = Output(AtomicFile::create(path, OWNER_ONLY)?);
        let bytes = Encoder::new(file, Compression::of_name(path))?;
        let mut options = csv::WriterBuilder::new();
        let mut table = Self(options.buffer_capacity(1 << 18).from_writer(bytes));
        table.push(columns)?;
        Ok(table)
    }

    fn push_user(&mut self, user: &DatabaseUser) -> Result<()> {
        let mut id = itoa::Buffer::new();
        let mut buffers = [Uuid::encode_buffer(); 2];
        let [xapi_id, caliper_id] = &mut buffers;
        let shown = |uuid: Option<Uuid>, buffer| match uuid {
            Some(uuid) => &*uuid.hyphenated().encode_lower(buffer),
            None => NULL,
        };
        let row = [
            id.format(user.id),
            &user.username,
            &user.email,
            shown(user.xapi_id, xapi_id),
            shown(user.caliper_id, caliper_id),
        ];
        self.push(&row)
    }

    fn push(&mut self, cells: &[&str]) -> Result<()> {
        Ok(self.0.write_record(cells)?)
    }

    /// Writes the last bytes to the disk. The file keeps its temporary name.
    fn complete(self) -> Result<AtomicFile> {
        let bytes = self.0.into_inner().map_err(|error| error.into_error())?;
        let Output(file) = bytes.finish()?;
        file.sync()?;
        Ok(file)
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.0.write(bytes);
        written.map(|()| bytes.len()).map_err(io::Error::other)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

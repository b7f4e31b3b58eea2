//! `event-router recover`: sends dead letters again.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result, anyhow, bail};

use super::converter::warn_of_routers;
use super::discard::discard_letters;
use super::job::Command;
use crate::console::Console;
use crate::exit_code::{ExitCode, Fatal, OrExit};
use crate::format::Format;
use crate::interrupt::Interrupted;
use crate::report::{InputReports, Report, ReportFile};
use crate::routing::{Endpoint, Routers};
use crate::send::{
    DeadLetter, DeadLetters, DeliverySettings, LetterBatcher, Target, Undeliverable, WorkerPool,
    snapshot,
};
use crate::text::shell_argument;

/// The settings of `recover`.
pub struct RecoverSettings {
    /// The directory of the dead letters.
    pub directory: PathBuf,
    /// The path of a routers.json.
    pub routers: Option<PathBuf>,
    pub delivery: DeliverySettings,
    /// The reasons of the dead letters to send. Without reasons, all are sent.
    pub reasons: Vec<Undeliverable>,
    /// The reasons of the dead letters to discard. If there are any, nothing is sent.
    pub discard: Vec<Undeliverable>,
    /// The JSON report.
    pub report: Option<PathBuf>,
    /// Whether the counts are shown although all is well.
    pub verbose: bool,
}

/// Runs the command: sends the dead letters of a directory to the server of the settings, or each to its router in a
/// routers.json.
///
/// # Errors
/// Returns an error if the run could not start, or the report could not be written.
pub fn recover(command: &Command<'_>, options: &RecoverSettings) -> Result<ExitCode, Fatal> {
    let RecoverSettings {
        directory,
        delivery: settings,
        ..
    } = options;
    let console = &command.console;
    if !directory.is_dir() {
        return Err(anyhow!("there is no directory `{}`", directory.display()))
            .or_exit(ExitCode::Usage);
    }
    if !options.discard.is_empty() {
        return discard(command, options);
    }
    let routers = options.routers.as_deref();
    if !settings.has_server() && routers.is_none() {
        return Err(anyhow!(
            "there is no server to send to: give `--url`, `--clickhouse-url` or `--routers`; \
             `event-router dead-letters {}` prints the whole command",
            shell_argument(directory.as_os_str())
        ))
        .or_exit(ExitCode::Usage);
    }
    let endpoints = Endpoints::new(settings, routers, console).or_exit(ExitCode::Usage)?;
    let report_file = ReportFile::create(options.report.as_deref())?;
    let dead_letters = DeadLetters::create(directory).or_exit(ExitCode::Output)?;
    let paths = dead_letters.list().or_exit(ExitCode::Input)?;

    let mut recovery = Recovery {
        console,
        settings,
        reasons: &options.reasons,
        endpoints,
        dead_letters,
        queues: BTreeMap::new(),
        without_endpoint: BTreeMap::new(),
        targets: Arc::default(),
        interrupted: Interrupted::default(),
        code: ExitCode::Success,
    };
    recovery.watch_for_signals().or_exit(ExitCode::Usage)?;
    let interrupted = recovery.interrupted.clone();
    let submitted = recovery.submit_all(&paths);
    let closed = submitted.map(|()| recovery.close());
    console.progress().clear();
    let (targets, exit_code) = closed?;
    let exit_code = interrupted.code().unwrap_or(exit_code);
    let inputs = InputReports::default();
    let report = Report {
        verbose: options.verbose,
        ..report(command, &inputs, &targets, exit_code)
    };
    console.note(&report.to_string());
    report_file.write(&report).or_exit(ExitCode::Output)?;
    Ok(exit_code)
}

/// Discards the dead letters with the reasons in the settings: those for the servers in the settings, or for all servers
/// if the settings name no server.
fn discard(command: &Command<'_>, options: &RecoverSettings) -> Result<ExitCode, Fatal> {
    let settings = &options.delivery;
    let endpoints = match (settings.has_server(), options.routers.as_deref()) {
        (false, None) => None,
        (_, routers) => {
            let endpoints = Endpoints::new(settings, routers, &command.console);
            Some(endpoints.or_exit(ExitCode::Usage)?)
        }
    };
    let urls = &settings.router_urls;
    let is_for_server = |letter: &DeadLetter| match &endpoints {
        Some(endpoints) => Format::from_name(&letter.format)
            .is_some_and(|format| endpoints.of_letter(letter, format).is_some()),
        None => urls.is_empty() || urls.iter().any(|url| letter.is_for(url)),
    };
    let report_file = ReportFile::create(options.report.as_deref())?;
    let exit_code = discard_letters(command, &options.directory, |letter| {
        options.discard.contains(&letter.reason) && is_for_server(letter)
    })?;
    let inputs = InputReports::default();
    let report = report(command, &inputs, &[], exit_code);
    report_file.write(&report).or_exit(ExitCode::Output)?;
    Ok(exit_code)
}

fn report<'r>(
    command: &'r Command<'_>,
    inputs: &'r InputReports,
    targets: &'r [Arc<Target>],
    exit_code: ExitCode,
) -> Report<'r> {
    Report {
        command: command.name,
        invocation: command.invocation,
        dry_run: command.dry_run,
        verbose: false,
        summary: None,
        inputs,
        known_events: &[],
        written: "",
        differences: None,
        targets,
        exit_code,
    }
}

/// The delivery of dead letters to their endpoints.
struct Recovery<'s> {
    console: &'s Arc<Console>,
    settings: &'s DeliverySettings,
    /// The reasons of the dead letters to send, or none if all are sent.
    reasons: &'s [Undeliverable],
    endpoints: Endpoints,
    dead_letters: DeadLetters,
    /// The queue of each endpoint, by the name of the endpoint and the format of the records.
    queues: BTreeMap<(String, &'static str), LetterQueue>,
    /// The number of dead letters that cannot be sent, because there is no endpoint for their router. The key is the
    /// name of the router.
    without_endpoint: BTreeMap<String, u64>,
    /// The targets, for the progress bar and for interruptions.
    targets: Arc<Mutex<Vec<Arc<Target>>>>,
    interrupted: Interrupted,
    code: ExitCode,
}

/// The dead letters that wait for delivery to one endpoint.
struct LetterQueue {
    batcher: LetterBatcher,
    pool: WorkerPool,
}

impl Recovery<'_> {
    /// Lets the first signal stop all targets. The dead letters that are not delivered then stay as they are.
    fn watch_for_signals(&self) -> Result<()> {
        let targets = Arc::clone(&self.targets);
        self.interrupted.watch(move || {
            let targets = targets.lock().unwrap_or_else(PoisonError::into_inner);
            targets.iter().for_each(|target| target.interrupt());
        })
    }

    /// Starts the progress bar, and adds all dead letters to the queues.
    fn submit_all(&mut self, paths: &[PathBuf]) -> Result<(), Fatal> {
        let size = |path: &PathBuf| path.metadata().map_or(0, |metadata| metadata.len());
        let sizes: Vec<u64> = paths.iter().map(size).collect();
        let targets = Arc::clone(&self.targets);
        let snapshot = move || snapshot(&targets.lock().unwrap_or_else(PoisonError::into_inner));
        let progress = self.console.progress();
        progress.set_inputs(paths.len());
        progress.start(Some(sizes.iter().sum()), snapshot);
        let mut bytes = 0;
        for (nth, (path, size)) in paths.iter().zip(sizes).enumerate() {
            if self.interrupted.is_set() {
                break;
            }
            progress.start_input(&path.to_string_lossy());
            self.submit(path, nth)?;
            bytes += size;
            for LetterQueue { batcher, pool } in self.queues.values() {
                pool.target.note_read(bytes, batcher.len());
            }
        }
        Ok(())
    }

    /// Adds a dead letter to the queue of its endpoint. A file that cannot be read is reported and skipped.
    fn submit(&mut self, path: &Path, nth: usize) -> Result<(), Fatal> {
        let (letter, format) = match read_letter(path) {
            Ok(read) => read,
            Err(error) => {
                self.console.error(&format!("{error:#}"));
                self.code = self.code.max(ExitCode::Input);
                return Ok(());
            }
        };
        if !self.reasons.is_empty() && !self.reasons.contains(&letter.reason) {
            return Ok(());
        }
        let Some(endpoint) = self.endpoints.of_letter(&letter, format) else {
            *self.without_endpoint.entry(letter.router).or_default() += 1;
            return Ok(());
        };
        let queue = match self.queues.entry((endpoint.name.clone(), format.name())) {
            Entry::Occupied(queue) => queue.into_mut(),
            Entry::Vacant(entry) => {
                let dead_letters = Some(&self.dead_letters);
                let target = self
                    .settings
                    .target(endpoint, format, dead_letters, None, self.console)
                    .or_exit(ExitCode::Usage)?;
                let connections = self.settings.client.connections;
                let target = Arc::new(target);
                let targets = self.targets.lock();
                let mut targets = targets.unwrap_or_else(PoisonError::into_inner);
                targets.push(Arc::clone(&target));
                drop(targets);
                if self.interrupted.is_set() {
                    target.interrupt();
                }
                let pool = WorkerPool::start(target, self.console, connections);
                entry.insert(LetterQueue {
                    batcher: LetterBatcher::default(),
                    pool: pool.or_exit(ExitCode::Usage)?,
                })
            }
        };
        let LetterQueue { batcher, pool } = queue;
        if let Some(batch) = batcher.add(&pool.target, letter, path, nth) {
            pool.submit(batch);
        }
        Ok(())
    }

    /// Waits until all dead letters are delivered or given up. Returns the targets and the exit code.
    fn close(mut self) -> (Vec<Arc<Target>>, ExitCode) {
        let mut targets = Vec::new();
        for LetterQueue { batcher, pool } in self.queues.into_values() {
            batcher.close().for_each(|batch| pool.submit(batch));
            let target = Arc::clone(&pool.target);
            pool.close();
            self.code = self.code.max(target.report_end(self.console));
            targets.push(target);
        }
        for (router, count) in &self.without_endpoint {
            let (plural, were) = if *count == 1 {
                ("", "was")
            } else {
                ("s", "were")
            };
            self.console.error(&format!(
                "{count} dead letter{plural} for `{router}` {were} not sent: give a routers.json with this router, or `--router-url {router}` beside `--url` or `--clickhouse-url`"
            ));
            self.code = self.code.max(ExitCode::Undelivered);
        }
        (targets, self.code)
    }
}

fn read_letter(path: &Path) -> Result<(DeadLetter, Format)> {
    let letter = DeadLetter::read(path)?;
    let format = Format::from_name(&letter.format).with_context(|| {
        format!(
            "the dead letter `{}` was not sent: its format, `{}`, is unknown",
            path.display(),
            letter.format
        )
    })?;
    Ok((letter, format))
}

/// The endpoints to which the dead letters of each router are sent.
enum Endpoints {
    /// Dead letters for these routers are sent to one endpoint. Dead letters for other routers are not sent.
    One {
        endpoint: Box<Endpoint>,
        routers: Vec<String>,
    },
    /// Each dead letter is sent to the router that it was written for.
    Routers(Vec<(Format, Endpoint)>),
}

impl Endpoints {
    fn new(settings: &DeliverySettings, routers: Option<&Path>, console: &Console) -> Result<Self> {
        let router_urls = &settings.router_urls;
        match (settings.endpoint(console)?, routers) {
            (None, None) => bail!(
                "there is no server to send to: give `--url`, `--clickhouse-url` or `--routers`"
            ),
            (Some(_), Some(_)) => bail!("give `--routers`, or `--url` or `--clickhouse-url`"),
            (Some(endpoint), None) => Ok(Self::One {
                routers: match router_urls.as_slice() {
                    [] => vec![endpoint.name.clone()],
                    urls => urls.to_vec(),
                },
                endpoint: Box::new(endpoint),
            }),
            (None, Some(path)) => {
                warn_of_routers(&Routers::load(path, Format::Xapi)?, console);
                let mut endpoints = Vec::new();
                for format in Format::ALL {
                    let mut routers = Routers::load(path, format)?;
                    routers.keep_any(router_urls);
                    let of_format = routers.endpoints()?.into_iter();
                    endpoints.extend(of_format.map(|endpoint| (format, endpoint)));
                }
                if endpoints.is_empty() {
                    bail!(
                        "`{}` has no enabled router, or none with a URL that `--router-url` names",
                        path.display()
                    );
                }
                Ok(Self::Routers(endpoints))
            }
        }
    }

    fn of_letter(&self, letter: &DeadLetter, format: Format) -> Option<&Endpoint> {
        match self {
            Self::One { endpoint, routers } => routers
                .iter()
                .any(|url| letter.is_for(url))
                .then_some(endpoint.as_ref()),
            Self::Routers(endpoints) => endpoints
                .iter()
                .find(|(of, endpoint)| *of == format && endpoint.name == letter.router)
                .map(|(_, endpoint)| endpoint),
        }
    }
}

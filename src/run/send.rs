//! `event-router send`: logs to learning record stores or Caliper endpoints.

use std::path::PathBuf;
use std::sync::Arc;

use super::job::{Command, CommandPaths, Job};
use super::settings::{ConversionSettings, InputSettings, RecordSettings};
use crate::checkpoint::Destinations;
use crate::convert::Layout;
use crate::dedupe::{Dedupe, OnCollision, Scope};
use crate::exit_code::{ExitCode, Fatal, OrExit};
use crate::send::{DeadLetters, DeliverySettings, SendPlan};

/// The settings of `send`.
pub struct SendSettings {
    pub input: InputSettings,
    pub conversion: ConversionSettings,
    /// The treatment of collisions, if duplicates are dropped.
    pub dedupe: Option<OnCollision>,
    pub delivery: DeliverySettings,
    /// The directory of records that cannot be delivered.
    pub dead_letters: Option<PathBuf>,
    pub record: RecordSettings,
}

/// Runs the command.
///
/// # Errors
/// Returns an error if the run could not start.
pub fn send(command: Command<'_>, settings: SendSettings) -> Result<ExitCode, Fatal> {
    let SendSettings {
        input,
        conversion,
        dedupe,
        delivery,
        dead_letters,
        record,
    } = settings;
    let (console, dry_run) = (Arc::clone(&command.console), command.dry_run);
    let paths = CommandPaths {
        directory: dead_letters.as_deref(),
        names: None,
        read: delivery.files().collect(),
    };
    let dedupe = dedupe.map(|on_collision| Dedupe::new(on_collision, Scope::Routers));
    let mut job = Job::prepare(command, paths, &input, conversion, dedupe, record)?;
    let plan = SendPlan::new(&mut job.converter, &delivery, &console).or_exit(ExitCode::Usage)?;
    let dead_letters = dead_letters
        .as_deref()
        .filter(|_| !dry_run)
        .map(DeadLetters::create)
        .transpose()
        .or_exit(ExitCode::Output)?;
    let state = job.open_state()?;
    let (sender, targets) = plan
        .start(&delivery, dead_letters.as_ref(), state.as_ref(), &console)
        .or_exit(ExitCode::Usage)?;
    if let Some(state) = &state {
        let names = targets.iter().map(|target| target.name_in_state());
        let names = names.collect();
        job.resume(state, Destinations { names, files: None });
    }
    job.run(Box::new(sender), Layout::Lines, &targets)
}

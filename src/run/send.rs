//! `event-router send`: converts logs and sends the records to learning record stores or Caliper endpoints.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::job::{Command, Job};
use super::settings::JobSettings;
use crate::checkpoint::Destinations;
use crate::convert::Layout;
use crate::dedupe::Scope;
use crate::exit_code::{ExitCode, Fatal, OrExit};
use crate::send::{DeadLetters, DeliverySettings, SendPlan};

/// Runs the command. Records that cannot be delivered are written to the directory `dead_letters`, if there is one.
///
/// # Errors
/// Returns an error if the run could not start.
pub fn send(
    command: Command<'_>,
    settings: JobSettings,
    delivery: &DeliverySettings,
    dead_letters: Option<&Path>,
) -> Result<ExitCode, Fatal> {
    let (console, dry_run) = (Arc::clone(&command.console), command.dry_run);
    let read = [&delivery.auth_file, &delivery.ca_file];
    let read = read.into_iter().flatten().map(PathBuf::as_path).collect();
    let (mut job, mut converter) =
        Job::prepare(command, settings, Scope::Routers, None, dead_letters, read)
            .or_exit(ExitCode::Usage)?;
    let plan = SendPlan::new(&mut converter, delivery, &console).or_exit(ExitCode::Usage)?;
    let dead_letters = dead_letters
        .filter(|_| !dry_run)
        .map(DeadLetters::create)
        .transpose()
        .or_exit(ExitCode::Output)?;
    let state = job.open_state()?;
    let (sender, targets) = plan
        .start(delivery, dead_letters.as_ref(), state.as_ref(), &console)
        .or_exit(ExitCode::Usage)?;
    if let Some(state) = state {
        let names = targets.iter().map(|target| target.name_in_state());
        let names = names.collect();
        job.resume(state, Destinations { names, files: None });
    }
    job.run(converter, Box::new(sender), Layout::Lines, &targets)
}

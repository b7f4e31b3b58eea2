//! `event-router verify`: converts logs and asks learning record stores for the statements that `send` delivers.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::anyhow;

use super::job::{Command, Job};
use super::settings::JobSettings;
use crate::convert::Layout;
use crate::dedupe;
use crate::exit_code::{ExitCode, Fatal, OrExit};
use crate::send::{DeliverySettings, Scope, SendPlan};

/// Runs the command. The settings are those of `send`; the directory `dead_letters` is not searched for inputs. Only the
/// report is written.
///
/// # Errors
/// Returns an error if the run could not start.
pub fn verify(
    command: Command<'_>,
    settings: JobSettings,
    delivery: &DeliverySettings,
    dead_letters: Option<&Path>,
    scope: Scope,
) -> Result<ExitCode, Fatal> {
    let console = Arc::clone(&command.console);
    if command.dry_run {
        return Err(anyhow!(
            "`verify` needs requests, and stores nothing: remove `--dry-run`"
        ))
        .or_exit(ExitCode::Usage);
    }
    let read = [&delivery.auth_file, &delivery.ca_file];
    let read = read.into_iter().flatten().map(PathBuf::as_path).collect();
    let routers = dedupe::Scope::Routers;
    let (mut job, mut converter) =
        Job::prepare(command, settings, routers, None, dead_letters, read)
            .or_exit(ExitCode::Usage)?;
    job.keep_only_report();
    let plan = SendPlan::new(&mut converter, delivery, &console).or_exit(ExitCode::Usage)?;
    let verifier = plan.verifier(delivery, scope, &console);
    let (verifier, targets) = verifier.or_exit(ExitCode::Usage)?;
    job.run(converter, Box::new(verifier), Layout::Lines, &targets)
}

//! Outcomes of lines that make a run fail. By default they are only reported.

use anyhow::{Result, bail};

use super::settings::FailOn;
use crate::console::Console;
use crate::exit_code::ExitCode;
use crate::outcome::Tally;

/// Checks that the run can find the outcomes.
///
/// # Errors
/// Returns an error if collisions should fail the run and deduplication, which finds them, is off.
pub fn check(fail_on: &[FailOn], finds_collisions: bool) -> Result<()> {
    if fail_on.contains(&FailOn::Collision) && !finds_collisions {
        bail!("`--fail-on collision` needs `--dedupe`");
    }
    Ok(())
}

/// Reports the lines that make the run fail. Returns `Failure` if there are any.
pub fn exit_code(fail_on: &[FailOn], tally: &Tally, console: &Console) -> ExitCode {
    let mut code = ExitCode::Success;
    for fail_on in fail_on {
        let (lines, outcome) = match fail_on {
            FailOn::Rejected => (tally.rejected, "rejected"),
            FailOn::Unparsable => (tally.unparsable, "unparsable"),
            FailOn::Collision => (tally.collisions, "in collision with another"),
        };
        if lines > 0 {
            let plural = if lines == 1 { "" } else { "s" };
            console.error(&format!(
                "{lines} line{plural} {outcome}, and `--fail-on` makes this a failure"
            ));
            code = ExitCode::Failure;
        }
    }
    code
}

//! The option that makes lines a failure, which else are only reported.

use anyhow::{Result, bail};
use clap::{Args, ValueEnum};

use crate::console::Console;
use crate::exit_code::ExitCode;
use crate::outcome::Tally;

#[derive(Args, Debug)]
pub struct FailOnArgs {
    /// Exit with 1 when any line comes to this: rejected, unparsable, collision
    #[arg(
        long,
        value_enum,
        value_delimiter = ',',
        value_name = "OUTCOME,…",
        hide_possible_values = true,
        help_heading = "Output"
    )]
    fail_on: Vec<FailOn>,
}

/// What is to be a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum FailOn {
    Rejected,
    Unparsable,
    /// Of ids, with `--dedupe`.
    Collision,
}

impl FailOnArgs {
    /// Makes sure that what is to be a failure can be found.
    ///
    /// # Errors
    /// Collisions are, and nobody looks for them.
    pub fn check(&self, finds_collisions: bool) -> Result<()> {
        if self.fail_on.contains(&FailOn::Collision) && !finds_collisions {
            bail!("`--fail-on collision` goes with `--dedupe`");
        }
        Ok(())
    }

    /// Tells of the lines that are a failure. What it gives is to be weighed against what else happened.
    pub fn exit_code(&self, tally: &Tally, console: &Console) -> ExitCode {
        let mut code = ExitCode::Success;
        for fail_on in &self.fail_on {
            let (lines, what) = match fail_on {
                FailOn::Rejected => (tally.rejected, "rejected"),
                FailOn::Unparsable => (tally.unparsable, "unparsable"),
                FailOn::Collision => (tally.collisions, "in collision with another"),
            };
            if lines > 0 {
                let plural = if lines == 1 { "" } else { "s" };
                console.error(&format!(
                    "{lines} line{plural} {what}, which `--fail-on` makes a failure"
                ));
                code = ExitCode::Failure;
            }
        }
        code
    }
}

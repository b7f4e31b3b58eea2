//! The options that decide what becomes of events that come twice, the same in `transform` and `send`.

use anyhow::{Result, bail};
use clap::{Args, ValueEnum};

use crate::dedupe::{Dedupe, OnCollision, Scope};

#[derive(Args, Debug)]
#[command(next_help_heading = "Duplicates")]
pub struct DedupeArgs {
    /// Drop what is the same, id and all, as something that was emitted already in this run
    #[arg(long)]
    dedupe: bool,

    /// With --dedupe, what becomes of an event with the id of another and other content [default: keep]
    #[arg(long, value_enum, value_name = "HOW")]
    on_collision: Option<OnCollisionArg>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum OnCollisionArg {
    Keep,
    Reject,
}

impl DedupeArgs {
    /// What drops duplicates, if they are to be dropped.
    ///
    /// # Errors
    /// What is wrong with the options.
    pub fn dedupe(&self, scope: Scope) -> Result<Option<Dedupe>> {
        if !self.dedupe {
            if self.on_collision.is_some() {
                bail!("`--on-collision` goes with `--dedupe`");
            }
            return Ok(None);
        }
        let on_collision = match self.on_collision {
            None | Some(OnCollisionArg::Keep) => OnCollision::Keep,
            Some(OnCollisionArg::Reject) => OnCollision::Reject,
        };
        Ok(Some(Dedupe::new(on_collision, scope)))
    }
}

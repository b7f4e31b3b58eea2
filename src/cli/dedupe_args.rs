//! The options for duplicates, the same in `transform` and `send`.

use anyhow::{Result, bail};
use clap::{Args, ValueEnum};

use crate::dedupe::OnCollision;

#[derive(Args, Debug)]
#[command(next_help_heading = "Duplicates")]
pub struct DedupeArgs {
    /// Drop events that have the id and the content of an event emitted earlier in this run
    #[arg(long)]
    dedupe: bool,

    /// With --dedupe: what to do with an event with the id of an earlier event but different content [default: keep]
    #[arg(long, value_enum, ignore_case = true, value_name = "HOW")]
    on_collision: Option<OnCollisionArg>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum OnCollisionArg {
    /// Emit the event too
    Keep,
    /// Reject the event
    Reject,
}

impl DedupeArgs {
    /// Returns what to do with an event that has the id of an earlier event and different content, or `None` without
    /// `--dedupe`.
    pub fn settings(&self) -> Result<Option<OnCollision>> {
        Ok(match (self.dedupe, self.on_collision) {
            (false, None) => None,
            (false, Some(_)) => {
                bail!("`--on-collision` needs `--dedupe`: add it, or remove `--on-collision`")
            }
            (true, None | Some(OnCollisionArg::Keep)) => Some(OnCollision::Keep),
            (true, Some(OnCollisionArg::Reject)) => Some(OnCollision::Reject),
        })
    }
}

//! The options of `event-router dead-letters`.

use std::path::PathBuf;

use clap::Args;

#[derive(Args, Debug)]
pub struct DeadLettersArgs {
    /// The directory of the dead letters
    #[arg(value_name = "DIR", env = "EVENT_ROUTER_DEAD_LETTERS", hide_env = true)]
    pub dir: PathBuf,

    /// Write one JSON object
    #[arg(long)]
    pub json: bool,

    /// Exit with 4 if there are dead letters, for monitoring; without this option, the exit code is 0, or 3 if a file
    /// cannot be read
    #[arg(long)]
    pub exit_code: bool,
}

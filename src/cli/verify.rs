//! The options of `event-router verify`.

use clap::Args;

use super::send::SendOptions;
use super::size::number_in;
use crate::send::Scope;

/// The options of `send` that `verify` accepts, so that a command line can be kept, but does not use.
pub const UNUSED: [&str; 12] = [
    "batch_bytes",
    "batch_size",
    "caliper_array",
    "compress_requests",
    "dead_letters",
    "dedupe",
    "dry_run",
    "fail_on",
    "forget_after",
    "on_collision",
    "rejects",
    "state",
];

#[derive(Args, Debug)]
pub struct VerifyArgs {
    #[command(flatten)]
    pub options: SendOptions,

    /// Ask each router for this many statements, always the same of the same inputs
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = number_in::<u32>(1..=1_000_000), help_heading = "Verification")]
    sample: u32,

    /// Ask for all statements, and say first how many requests that takes. ClickHouse is asked for ids only, so a row with
    /// another text is not noticed
    #[arg(long, conflicts_with = "sample", help_heading = "Verification")]
    all: bool,
}

impl VerifyArgs {
    pub fn scope(&self) -> Scope {
        match self.all {
            true => Scope::All,
            false => Scope::Sample(self.sample as usize),
        }
    }
}

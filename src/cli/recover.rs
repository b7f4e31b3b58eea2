//! The options of `event-router recover`.

use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::Args;

use super::delivery_args::DeliveryArgs;
use super::record_args::file_or_stdout;
use crate::run::RecoverSettings;
use crate::send::Undeliverable;

#[derive(Args, Debug)]
pub struct RecoverArgs {
    /// The directory of the dead letters
    #[arg(long, value_name = "DIR")]
    pub dead_letters: PathBuf,

    /// The routers.json of the run that wrote the dead letters
    #[arg(long, value_name = "FILE")]
    pub routers: Option<PathBuf>,

    /// Send only dead letters with this reason: refused, too-large, conflict, unavailable or unacknowledged
    #[arg(long, value_name = "REASON", value_delimiter = ',', value_parser = reason)]
    reason: Vec<Undeliverable>,

    /// Send nothing; move the dead letters with this reason to the file discarded.jsonl in their directory
    #[arg(long, value_name = "REASON", value_delimiter = ',', value_parser = reason)]
    discard: Vec<Undeliverable>,

    #[command(flatten)]
    pub delivery: DeliveryArgs,

    /// Write a report of the run to this file, as JSON; `-` is standard output
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,

    /// Show the counts of each server also if all is well
    #[arg(short, long)]
    verbose: bool,

    /// Print only errors, and warnings that an option or a variable is probably wrong
    #[arg(short, long)]
    pub quiet: bool,
}

impl RecoverArgs {
    /// Returns the settings that these options stand for.
    ///
    /// # Errors
    /// Returns an error if options contradict each other.
    pub fn settings(self) -> Result<RecoverSettings> {
        if !self.reason.is_empty() && !self.discard.is_empty() {
            bail!("give `--reason` to send dead letters or `--discard` to discard them, not both");
        }
        Ok(RecoverSettings {
            directory: self.dead_letters,
            routers: self.routers,
            delivery: self.delivery.settings()?,
            reasons: self.reason,
            discard: self.discard,
            report: self.report.map(file_or_stdout),
            verbose: self.verbose,
        })
    }
}

fn reason(code: &str) -> Result<Undeliverable, String> {
    Undeliverable::from_code(code).ok_or_else(|| {
        let codes = Undeliverable::ALL.map(Undeliverable::code);
        format!("must be one of {}", codes.join(", "))
    })
}

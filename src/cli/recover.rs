//! The options of `event-router recover`.

use std::path::PathBuf;

use clap::Args;

use super::delivery_args::DeliveryArgs;
use crate::run::RecoverSettings;

#[derive(Args, Debug)]
pub struct RecoverArgs {
    /// The directory of the dead letters
    #[arg(long, value_name = "DIR")]
    dead_letters: PathBuf,

    /// The routers.json of the run that wrote the dead letters
    #[arg(long, value_name = "FILE")]
    routers: Option<PathBuf>,

    #[command(flatten)]
    delivery: DeliveryArgs,

    /// Write a report of the run to this file, as JSON
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,

    /// Print only errors
    #[arg(short, long)]
    pub quiet: bool,
}

impl RecoverArgs {
    pub fn settings(self) -> RecoverSettings {
        RecoverSettings {
            dead_letters: self.dead_letters,
            routers: self.routers,
            delivery: self.delivery.settings(),
            report: self.report,
        }
    }
}

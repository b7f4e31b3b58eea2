//! The options of `event-router recover`.

use std::path::PathBuf;

use clap::Args;

use super::delivery_args::DeliveryArgs;

#[derive(Args, Debug)]
pub struct RecoverArgs {
    /// The directory with the dead letters to send
    #[arg(long, value_name = "DIR")]
    pub dead_letters: PathBuf,

    /// The routers.json of the run that wrote the dead letters
    #[arg(long, value_name = "FILE")]
    pub routers: Option<PathBuf>,

    #[command(flatten)]
    pub delivery: DeliveryArgs,

    /// Write a report of the run to this file, as JSON
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,

    /// Print only errors
    #[arg(short, long)]
    pub quiet: bool,
}

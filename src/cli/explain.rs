//! The options of `event-router explain`.

use std::path::PathBuf;

use clap::Args;

use super::conversion_args::ConversionArgs;
use super::input_args::InputArgs;

#[derive(Args, Debug)]
pub struct ExplainArgs {
    #[command(flatten)]
    pub input: InputArgs,

    #[command(flatten)]
    pub conversion: ConversionArgs,

    /// Trust the certificates in this PEM file when connecting to --lms-db, in addition to those of public authorities
    #[arg(
        long,
        value_name = "FILE",
        requires = "lms_db",
        help_heading = "Conversion"
    )]
    pub ca_file: Option<PathBuf>,

    /// Write the outcomes as JSON, one object for each line that is not blank
    #[arg(long, help_heading = "Output")]
    pub json: bool,
}

//! The options of `event-router explain`.

use clap::Args;

use super::conversion_args::ConversionArgs;
use super::input_args::InputArgs;

#[derive(Args, Debug)]
pub struct ExplainArgs {
    #[command(flatten)]
    pub input: InputArgs,

    #[command(flatten)]
    pub conversion: ConversionArgs,

    /// Write the outcomes as JSON, one object for each line that is not blank
    #[arg(long, help_heading = "Output")]
    pub json: bool,
}

//! The options of `event-router explain`.

use anyhow::Result;
use clap::Args;

use super::conversion_args::ConversionArgs;
use super::input_args::InputArgs;
use crate::run::ExplainSettings;

#[derive(Args, Debug)]
pub struct ExplainArgs {
    #[command(flatten)]
    input: InputArgs,

    #[command(flatten)]
    conversion: ConversionArgs,

    /// Write one JSON object for each line that is not blank
    #[arg(long, help_heading = "Output")]
    json: bool,
}

impl ExplainArgs {
    pub fn settings(self) -> Result<ExplainSettings> {
        Ok(ExplainSettings {
            input: self.input.settings(),
            conversion: self.conversion.settings()?,
            json: self.json,
        })
    }
}

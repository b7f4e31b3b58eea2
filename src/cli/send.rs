//! The options of `event-router send`.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use super::conversion_args::ConversionArgs;
use super::dedupe_args::DedupeArgs;
use super::delivery_args::DeliveryArgs;
use super::input_args::InputArgs;
use super::record_args::RecordArgs;
use crate::run::SendSettings;

#[derive(Args, Debug)]
pub struct SendArgs {
    #[command(flatten)]
    input: InputArgs,

    #[command(flatten)]
    conversion: ConversionArgs,

    #[command(flatten)]
    dedupe: DedupeArgs,

    #[command(flatten)]
    delivery: DeliveryArgs,

    #[command(flatten)]
    output: OutputArgs,

    #[command(flatten)]
    pub record: RecordArgs,
}

#[derive(Args, Debug)]
#[command(next_help_heading = "Output")]
struct OutputArgs {
    /// Write records that cannot be delivered to this directory, for `recover`; without it, the first of them stops the
    /// run
    #[arg(long, value_name = "DIR")]
    dead_letters: Option<PathBuf>,
}

impl SendArgs {
    pub fn settings(self) -> Result<SendSettings> {
        Ok(SendSettings {
            input: self.input.settings(),
            conversion: self.conversion.settings()?,
            dedupe: self.dedupe.settings()?,
            delivery: self.delivery.settings(),
            dead_letters: self.output.dead_letters,
            record: self.record.settings(),
        })
    }
}

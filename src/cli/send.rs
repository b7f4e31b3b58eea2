//! The options of `event-router send`.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use super::conversion_args::ConversionArgs;
use super::dedupe_args::DedupeArgs;
use super::delivery_args::DeliveryArgs;
use super::input_args::InputArgs;
use super::record_args::{RecordArgs, check_local};
use crate::run::{JobSettings, ProbeSettings};
use crate::send::DeliverySettings;

#[derive(Args, Debug)]
pub struct SendArgs {
    #[command(flatten)]
    pub options: SendOptions,

    /// Send nothing: check the URL, TLS, the proxy, the credentials and the kind of server of each target. Needs no
    /// inputs, and only --url or --routers
    #[arg(long, help_heading = "Sending", conflicts_with = "dry_run")]
    pub probe: bool,
}

/// The options that `send` and `verify` share.
#[derive(Args, Debug)]
pub struct SendOptions {
    #[command(flatten)]
    conversion: ConversionArgs,

    #[command(flatten)]
    pub delivery: DeliveryArgs,

    #[command(flatten)]
    input: InputArgs,

    #[command(flatten)]
    dedupe: DedupeArgs,

    /// Write records that cannot be delivered to this directory, for `recover`; without this option, the first such
    /// record stops the run
    #[arg(long, value_name = "DIR", help_heading = "Output")]
    dead_letters: Option<PathBuf>,

    #[command(flatten)]
    pub record: RecordArgs,
}

impl SendArgs {
    /// Returns the settings of a probe. The format is optional, since a routers.json names the kind of each server.
    ///
    /// # Errors
    /// Returns an error if options contradict each other.
    pub fn probe_settings(self) -> Result<ProbeSettings> {
        let SendOptions {
            conversion,
            delivery,
            ..
        } = self.options;
        Ok(ProbeSettings {
            format: conversion.to,
            routers: conversion.routers,
            delivery: delivery.settings()?,
        })
    }
}

impl SendOptions {
    /// Returns the settings of the run and of the delivery, and the directory of dead letters.
    ///
    /// # Errors
    /// Returns an error if options contradict each other or do not parse.
    pub fn settings(self) -> Result<(JobSettings, DeliverySettings, Option<PathBuf>)> {
        check_local("--dead-letters", self.dead_letters.as_deref())?;
        let delivery = self.delivery.settings()?;
        let settings = JobSettings {
            input: self.input.settings(),
            conversion: self.conversion.settings(delivery.ca_file.clone())?,
            dedupe: self.dedupe.settings()?,
            record: self.record.settings(None)?,
        };
        Ok((settings, delivery, self.dead_letters))
    }
}

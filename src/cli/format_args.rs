//! The options that belong to one of the formats.

use std::time::SystemTime;

use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};

use super::version::REFERENCE_RELEASE;
use crate::caliper::CaliperSettings;
use crate::convert::{EnvelopeSettings, FormatSettings, StatementForm};
use crate::format::{Conformance, Format};
use crate::iri;
use crate::time::EventTime;
use crate::xapi::{ActorKind, XapiSettings};

/// The environment variable that replaces the time of the run, so that a repeated run has the same output. See
/// <https://reproducible-builds.org/specs/source-date-epoch>.
const SOURCE_DATE_EPOCH: &str = "SOURCE_DATE_EPOCH";

#[derive(Args, Debug)]
pub struct FormatArgs {
    /// The rules that the output follows: those of the reference, or the specifications, which strict stores demand [default:
    /// reference]
    #[arg(long, value_enum, ignore_case = true, value_name = "RULES")]
    conformance: Option<ConformanceArg>,

    /// The transformer version to write into the output: a release of edx-event-routing-backends
    #[arg(long, default_value = REFERENCE_RELEASE, value_name = "VERSION")]
    transformer_version: String,

    /// xAPI: the way to identify users [default: external-id]; mbox and mbox-sha1sum need --users or --lms-db
    #[arg(long, value_enum, ignore_case = true)]
    actor: Option<ActorArg>,

    /// Caliper: whether to write each event in an envelope or without one [default: event]
    #[arg(long, value_enum, ignore_case = true)]
    envelope: Option<EnvelopeArg>,

    /// Caliper: the sensor that envelopes name [default: the LMS root URL]
    #[arg(long, value_name = "IRI")]
    sensor: Option<String>,

    /// Caliper: the sendTime of envelopes [default: SOURCE_DATE_EPOCH, or the time of the run]
    #[arg(long, value_name = "TIME")]
    send_time: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ConformanceArg {
    /// The same records as edx-event-routing-backends, to the bit
    Reference,
    /// Records that xAPI 1.0.3 and Caliper 1.2 allow, with the same ids
    Spec,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ActorArg {
    /// An account: the LMS root URL and the user's external id
    ExternalId,
    /// The e-mail address
    Mbox,
    /// The SHA-1 of the e-mail address
    MboxSha1sum,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum EnvelopeArg {
    /// One envelope for each event
    Event,
    /// No envelope
    None,
}

impl FormatArgs {
    /// Returns whether a later run with the same options writes the same output.
    pub fn is_repeatable(&self, format: Format) -> Result<bool> {
        let has_time = format == Format::Caliper && self.envelope != Some(EnvelopeArg::None);
        Ok(!has_time || self.fixed_send_time()?.is_some())
    }

    /// Returns the settings of the format.
    ///
    /// # Errors
    /// Returns an error if an option of the other format is given, or a time does not parse.
    pub fn settings(&self, format: Format, lms_root_url: &str) -> Result<FormatSettings> {
        let transformer_version = format!("event-routing-backends@{}", self.transformer_version);
        let conformance = self.conformance(lms_root_url)?;
        Ok(match format {
            Format::Xapi => FormatSettings::Xapi(
                XapiSettings {
                    actor: self.actor_kind()?,
                    conformance,
                    transformer_version,
                },
                StatementForm::Statement,
            ),
            Format::Caliper => FormatSettings::Caliper(
                CaliperSettings {
                    conformance,
                    transformer_version,
                },
                self.envelope_settings(lms_root_url)?,
            ),
        })
    }

    fn conformance(&self, lms_root_url: &str) -> Result<Conformance> {
        match self.conformance {
            None | Some(ConformanceArg::Reference) => Ok(Conformance::Reference),
            Some(ConformanceArg::Spec) if iri::is_iri(lms_root_url) => Ok(Conformance::Spec),
            Some(ConformanceArg::Spec) => bail!(
                "`--conformance spec` (or EVENT_ROUTER_CONFORMANCE) needs an LMS root URL that is an IRI, since the ids of actors and objects begin with it: `{lms_root_url}` is not an IRI, so correct `--lms-root-url`"
            ),
        }
    }

    fn actor_kind(&self) -> Result<ActorKind> {
        let of_caliper = [
            ("envelope", self.envelope.is_some()),
            ("sensor", self.sensor.is_some()),
            ("send-time", self.send_time.is_some()),
        ];
        if let Some((option, _)) = of_caliper.iter().find(|(_, given)| *given) {
            let variable = option.to_uppercase().replace('-', "_");
            bail!(
                "`--{option}` (or EVENT_ROUTER_{variable}) is only for Caliper envelopes: remove it, or use `--to caliper`"
            );
        }
        Ok(match self.actor {
            None | Some(ActorArg::ExternalId) => ActorKind::ExternalId,
            Some(ActorArg::Mbox) => ActorKind::Mbox,
            Some(ActorArg::MboxSha1sum) => ActorKind::MboxSha1Sum,
        })
    }

    fn envelope_settings(&self, lms_root_url: &str) -> Result<Option<EnvelopeSettings>> {
        if self.actor.is_some() {
            bail!(
                "`--actor` (or EVENT_ROUTER_ACTOR) is only for xAPI: remove it, since Caliper events always name users by external id"
            );
        }
        if self.envelope == Some(EnvelopeArg::None) {
            if self.sensor.is_some() || self.send_time.is_some() {
                bail!(
                    "remove `--sensor` and `--send-time`: with `--envelope none` they have no effect"
                );
            }
            return Ok(None);
        }
        let send_time = self
            .fixed_send_time()?
            .unwrap_or_else(|| EventTime::from(SystemTime::now()));
        let sensor = self.sensor.as_deref().unwrap_or(lms_root_url);
        if sensor.is_empty() {
            bail!(
                "the sensor of envelopes is empty: give `--sensor`, or `--lms-root-url` in its place, a value"
            );
        }
        Ok(Some(EnvelopeSettings {
            sensor: sensor.to_owned(),
            send_time: send_time.to_string(),
        }))
    }

    /// Returns the `sendTime` that `--send-time` or SOURCE_DATE_EPOCH sets, or `None` if neither is given.
    fn fixed_send_time(&self) -> Result<Option<EventTime>> {
        if let Some(time) = &self.send_time {
            let parsed = EventTime::parse(time);
            return parsed.map(Some).with_context(|| {
                format!("`--send-time {time}` is not a time like 2024-03-05T09:14:07Z")
            });
        }
        let Some(seconds) = std::env::var_os(SOURCE_DATE_EPOCH).filter(|text| !text.is_empty())
        else {
            return Ok(None);
        };
        let time = seconds.to_str().and_then(EventTime::parse_unix);
        time.map(Some).with_context(|| {
            format!(
                "{SOURCE_DATE_EPOCH} is `{}`, not a number of seconds since 1970: correct or unset it",
                seconds.display()
            )
        })
    }
}

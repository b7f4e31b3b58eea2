//! The targets of a run.

use std::sync::Arc;

use anyhow::{Context, Result, bail};
use serde_json::{Map, json};

use super::dead_letters::DeadLetters;
use super::envelope::BatchEnvelope;
use super::sender::Sender;
use super::settings::DeliverySettings;
use super::target::{Target, TargetCheckpoint};
use crate::caliper;
use crate::checkpoint::StateDirectory;
use crate::console::Console;
use crate::convert::{EnvelopeSettings, FormatSettings, LineConverter};
use crate::format::Format;
use crate::routing::Endpoint;

/// The endpoints that the records of a run are sent to, and the envelope around the records.
pub struct SendPlan {
    endpoints: Vec<Endpoint>,
    /// Set for Caliper only.
    envelope: Option<EnvelopeSettings>,
}

impl SendPlan {
    /// Takes the endpoint of the settings, or those of the converter's routers. Takes the envelope out of the converter,
    /// since an envelope goes around the events of a request here, and not around each event.
    ///
    /// # Errors
    /// Returns an error if the options contradict each other, or if an endpoint is not valid.
    pub fn new(
        converter: &mut LineConverter,
        settings: &DeliverySettings,
        console: &Console,
    ) -> Result<Self> {
        let envelope = match &mut converter.format {
            FormatSettings::Xapi(_) if settings.caliper_array => {
                bail!("`--caliper-array` needs `--to caliper`")
            }
            FormatSettings::Xapi(_) => None,
            FormatSettings::Caliper(_, envelope) => Some(
                envelope
                    .take()
                    .context("each request needs an envelope: leave `--envelope none` out")?,
            ),
        };
        let one = settings.endpoint(console)?;
        let endpoints = match (&mut converter.routers, one) {
            (None, None) => bail!("there is no target: give `--url` or `--routers`"),
            (Some(_), Some(_)) => bail!("give `--url` or `--routers`, not both"),
            (None, Some(_)) if !settings.router_urls.is_empty() => {
                bail!("`--router-url` needs `--routers`")
            }
            (None, Some(endpoint)) => vec![endpoint],
            (Some(routers), None) => {
                if !settings.router_urls.is_empty() {
                    routers.keep(&settings.router_urls)?;
                }
                routers.endpoints()?
            }
        };
        Ok(Self {
            endpoints,
            envelope,
        })
    }

    /// Creates the targets, starts their workers, and returns the sender for them. With a state directory, each target
    /// records what it acknowledges there.
    ///
    /// # Errors
    /// Returns an error if a target is not valid, a thread cannot be started, or two targets have one name in the state
    /// directory.
    pub fn start(
        self,
        settings: &DeliverySettings,
        dead_letters: Option<&DeadLetters>,
        state: Option<&Arc<StateDirectory>>,
        console: &Arc<Console>,
    ) -> Result<(Sender, Vec<Arc<Target>>)> {
        let format = match self.envelope {
            None => Format::Xapi,
            Some(_) => Format::Caliper,
        };
        let mut sender = Sender::new(Arc::clone(console));
        let mut targets = Vec::new();
        for endpoint in self.endpoints {
            let mut target = settings.target(&endpoint, format, dead_letters.cloned(), console)?;
            // A URL has no space; the name of a second router with the same URL has one.
            if state.is_some() && target.name.contains(' ') {
                bail!(
                    "a state directory cannot tell apart routers whose URLs differ only in their queries: leave `--state` out"
                );
            }
            if let Some(state) = state.filter(|_| !settings.client.dry_run) {
                let name = target.name_in_state();
                target.checkpoint = Some(TargetCheckpoint::new(Arc::clone(state), name));
            }
            let target = Arc::new(target);
            targets.push(Arc::clone(&target));
            let workers = settings.start_workers(target, console, |_, _, _, _| {})?;
            match &self.envelope {
                None => sender.add(workers, None, endpoint.overrides),
                Some(envelope) => {
                    let envelope = caliper_envelope(envelope, &endpoint.overrides);
                    sender.add(workers, Some(Arc::new(envelope)), Map::new());
                }
            }
        }
        Ok((sender, targets))
    }
}

/// Returns the envelope of a request. The overrides of a Caliper router replace keys of the envelope.
fn caliper_envelope(
    settings: &EnvelopeSettings,
    overrides: &Map<String, serde_json::Value>,
) -> BatchEnvelope {
    let EnvelopeSettings { sensor, send_time } = settings;
    let mut keys = Map::new();
    keys.insert("sensor".to_owned(), json!(sensor));
    keys.insert("sendTime".to_owned(), json!(send_time));
    keys.insert("dataVersion".to_owned(), json!(caliper::DATA_VERSION));
    BatchEnvelope::new(keys, overrides)
}

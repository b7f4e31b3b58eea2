//! The settings of a delivery, and the targets of a run.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value};

use super::caliper_endpoint::CaliperEndpoint;
use super::clickhouse::{ClickHouse, TableName};
use super::dead_letters::DeadLetters;
use super::http::{Client, ClientOptions, root_certificates};
use super::lrs::Lrs;
use super::rate_limiter::{Backoff, RateLimiter};
use super::request_limits::RequestLimits;
use super::send_batch::{BatchEnvelope, BatchLimits};
use super::sender::Sender;
use super::server::Server;
use super::target::{Target, TargetStatus};
use super::verifier::{Scope, Verifier};
use super::worker_pool::WorkerPool;
use crate::caliper;
use crate::checkpoint::StateDirectory;
use crate::console::Console;
use crate::convert::{EnvelopeSettings, FormatSettings, LineConverter, StatementForm};
use crate::files::warning_of_mode;
use crate::format::Format;
use crate::routing::{Credentials, Endpoint};
use crate::url::Url;

/// The settings of a delivery, the same for `send` and `recover`.
#[derive(Clone, Debug)]
pub struct DeliverySettings {
    /// The URL of a server to send to instead of routers.
    pub url: Option<String>,
    /// A table of ClickHouse to insert into instead.
    pub clickhouse: Option<ClickHouseSettings>,
    /// A JSON file with the credentials for `url` or for ClickHouse.
    pub auth_file: Option<PathBuf>,
    /// The URLs of the routers to send to. Without URLs, records are sent to all routers. In `recover` with `url`,
    /// the dead letters for these routers are sent to `url`.
    pub router_urls: Vec<String>,
    pub limits: BatchLimits,
    /// Whether each Caliper event in a request has an envelope of its own.
    pub caliper_array: bool,
    /// The most requests per second to each target.
    pub rate: Option<f64>,
    pub backoff: Backoff,
    /// The most records of each target in dead letters, if it is not the usual number.
    pub max_dead_letters: Option<u64>,
    pub client: ClientOptions,
    /// A PEM file of certificates to trust in addition to the system's.
    pub ca_file: Option<PathBuf>,
}

/// A table of ClickHouse.
#[derive(Clone, Debug)]
pub struct ClickHouseSettings {
    /// The URL of the HTTP interface.
    pub url: String,
    pub table: TableName,
}

impl DeliverySettings {
    /// Returns whether the settings name a server, so that no routers are needed.
    pub fn has_server(&self) -> bool {
        self.url.is_some() || self.clickhouse.is_some()
    }

    /// Returns the endpoint at `url` or of ClickHouse, if one of them is set.
    ///
    /// # Errors
    /// Returns an error if the URL or the credentials are not valid.
    pub fn endpoint(&self, console: &Console) -> Result<Option<Endpoint>> {
        let url = match (&self.url, &self.clickhouse) {
            (Some(_), Some(_)) => bail!("give `--url` or `--clickhouse-url`, not both"),
            (Some(url), None) => Url::parse(url),
            (None, Some(clickhouse)) => {
                let (_, query) = clickhouse.url.split_once('?').unwrap_or_default();
                let mut names = query.split('&').map(|pair| pair.split('=').next());
                if names.any(|name| matches!(name, Some("user" | "password"))) {
                    bail!(
                        "the URL of `--clickhouse-url` contains credentials after the `?`: remove them, and set EVENT_ROUTER_USERNAME and EVENT_ROUTER_PASSWORD, or `--auth-file`"
                    );
                }
                Url::parse_like(&clickhouse.url, "http://localhost:8123")
            }
            (None, None) if self.auth_file.is_some() => bail!(
                "`--auth-file` needs `--url` or `--clickhouse-url`: the credentials of routers are in routers.json"
            ),
            (None, None) => return Ok(None),
        };
        let credentials = match &self.auth_file {
            Some(path) => {
                if let Some(warning) = warning_of_mode(path, "credentials") {
                    console.warn(&warning);
                }
                Credentials::from_file(path)?
            }
            None => Credentials::from_environment()?,
        };
        let mut endpoint = Endpoint::at(url?, credentials)?;
        if let Some(clickhouse) = &self.clickhouse {
            let base = endpoint.name.trim_end_matches('/');
            endpoint.name = format!("{base}/{}", clickhouse.table);
        }
        Ok(Some(endpoint))
    }

    /// Creates the target for an endpoint. With a state directory, the target records its progress in it.
    ///
    /// # Errors
    /// Returns an error if a certificate, the URL or a header is not valid, or the state directory cannot be read.
    pub fn target(
        &self,
        endpoint: &Endpoint,
        format: Format,
        dead_letters: Option<&DeadLetters>,
        state: Option<&Arc<StateDirectory>>,
        console: &Console,
    ) -> Result<Target> {
        let is_open = !endpoint.url.is_encrypted() && !endpoint.url.is_loopback();
        if endpoint.credentials != Credentials::None && is_open {
            console.warn(&format!(
                "the credentials for `{}` are sent without encryption, so others on the network can read them: use https",
                endpoint.name
            ));
        }
        let url = endpoint.url.base();
        if format == Format::Xapi
            && self.clickhouse.is_none()
            && url.trim_end_matches('/').ends_with("/statements")
        {
            console.alert(&format!(
                "the URL `{url}` ends in `/statements`, which is appended to it once more: give the URL without it, unless the path of the LRS is so"
            ));
        }
        let state = state.filter(|_| !self.client.dry_run);
        let server = self.server(format, &endpoint.name, state)?;
        let resource = server.resource(&endpoint.url)?;
        let roots = root_certificates(self.ca_file.as_deref())?;
        let mut client = self.client.clone();
        client.compress |= self.clickhouse.is_some();
        let client = Client::new(endpoint, &resource, roots, &client)?;
        Ok(Target {
            name: endpoint.name.clone(),
            format,
            server,
            rate_limiter: RateLimiter::new(
                self.rate.filter(|_| !self.client.dry_run),
                self.client.connections,
                Arc::clone(&client.requests),
            ),
            client,
            backoff: self.backoff,
            dead_letters: dead_letters.map(DeadLetters::for_target),
            max_dead_letters: self.max_dead_letters,
            request_limits: RequestLimits::new(self.limits),
            state: state.cloned(),
            status: TargetStatus::default(),
        })
    }

    /// Returns the kind of server that takes records of a format.
    ///
    /// # Errors
    /// Returns an error if Caliper events would go to ClickHouse, or the state directory cannot be read.
    fn server(
        &self,
        format: Format,
        name: &str,
        state: Option<&Arc<StateDirectory>>,
    ) -> Result<Box<dyn Server>> {
        Ok(match (format, &self.clickhouse) {
            (Format::Xapi, Some(clickhouse)) => {
                let table = clickhouse.table.clone();
                let state = state.map(|state| state.directory.as_path());
                Box::new(ClickHouse::new(table, name, state)?)
            }
            (Format::Xapi, None) => Box::new(Lrs),
            (Format::Caliper, Some(_)) => {
                bail!("`--clickhouse-url` takes statements only, no Caliper events")
            }
            (Format::Caliper, None) => Box::new(CaliperEndpoint {
                envelope_each: self.caliper_array,
            }),
        })
    }
}

/// The endpoints that the records of a run are sent to, and the envelope around the records.
pub struct SendPlan {
    endpoints: Vec<Endpoint>,
    /// The envelope settings, for Caliper only.
    envelope: Option<EnvelopeSettings>,
}

impl SendPlan {
    /// Plans to send to the endpoint of the settings, or to the endpoints of the converter's routers. Takes the
    /// envelope settings out of the converter, because the envelopes are added when the request bodies are made.
    ///
    /// # Errors
    /// Returns an error if the options contradict each other, or if an endpoint is not valid.
    pub fn new(
        converter: &mut LineConverter,
        settings: &DeliverySettings,
        console: &Console,
    ) -> Result<Self> {
        let envelope = match &mut converter.format {
            FormatSettings::Xapi(..) if settings.caliper_array => {
                bail!("`--caliper-array` needs `--to caliper`")
            }
            FormatSettings::Xapi(_, form) => {
                if settings.clickhouse.is_some() {
                    *form = StatementForm::Timed;
                }
                None
            }
            FormatSettings::Caliper(..) if settings.clickhouse.is_some() => {
                bail!("`--clickhouse-url` needs `--to xapi`: its tables hold statements")
            }
            FormatSettings::Caliper(_, envelope) => Some(envelope.take().context(
                "remove `--envelope none`: `send` puts the events of each request into an envelope",
            )?),
        };
        let one = settings.endpoint(console)?;
        let endpoints = match (&mut converter.routers, one) {
            (None, None) => bail!(
                "there is no server to send to: give `--url`, `--clickhouse-url` or `--routers`"
            ),
            (Some(_), Some(_)) if settings.clickhouse.is_some() => {
                bail!("give `--clickhouse-url` or `--routers`, not both")
            }
            (Some(_), Some(_)) => bail!("give `--url` or `--routers`, not both"),
            (None, Some(_)) if !settings.router_urls.is_empty() => {
                bail!("`--router-url` needs `--routers`")
            }
            (None, Some(endpoint)) => vec![endpoint],
            (Some(routers), None) => {
                routers.keep(&settings.router_urls)?;
                routers.endpoints()?
            }
        };
        Ok(Self {
            endpoints,
            envelope,
        })
    }

    /// Creates the targets, and returns the verifier that asks them for the records in the scope.
    ///
    /// # Errors
    /// Returns an error if a target is not valid, or its server cannot be asked for records.
    pub fn verifier(
        self,
        settings: &DeliverySettings,
        scope: Scope,
        console: &Arc<Console>,
    ) -> Result<(Verifier, Vec<Arc<Target>>)> {
        if self.envelope.is_some() {
            bail!(
                "`verify` needs `--to xapi`, since a Caliper endpoint cannot be asked for its events"
            );
        }
        let mut verifier = Verifier::new(scope, settings.client.connections, console);
        let mut targets = Vec::new();
        for endpoint in self.endpoints {
            let target = Arc::new(settings.target(&endpoint, Format::Xapi, None, None, console)?);
            verifier.add(Arc::clone(&target), endpoint.overrides);
            targets.push(target);
        }
        Ok((verifier, targets))
    }

    /// Creates the targets, starts their workers, and returns the sender for them. With a state directory, each target
    /// records in it the positions up to which all records are acknowledged.
    ///
    /// # Errors
    /// Returns an error if a target is not valid, a thread cannot be started, or two targets would have the same name
    /// in the state directory.
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
            let target = settings.target(&endpoint, format, dead_letters, state, console)?;
            // Routers with equal names are numbered, as in `URL (2)`. Only a numbered name contains a space.
            let is_known = |other: &Arc<Target>| other.name_in_state() == target.name_in_state();
            if state.is_some() && (target.name.contains(' ') || targets.iter().any(is_known)) {
                bail!(
                    "a state directory cannot tell apart routers whose URLs are equal up to the `?` or a slash at the end, such as `{}`: remove `--state`",
                    endpoint.url.base()
                );
            }
            let target = Arc::new(target);
            targets.push(Arc::clone(&target));
            let workers = WorkerPool::start(target, console, settings.client.connections)?;
            match &self.envelope {
                None => sender.add(workers, None, endpoint.overrides),
                Some(envelope) => {
                    let envelope = batch_envelope(envelope, &endpoint.overrides);
                    sender.add(workers, Some(Arc::new(envelope)), Map::new());
                }
            }
        }
        Ok((sender, targets))
    }
}

/// Returns the envelope of requests. The overrides of a Caliper router replace keys of the envelope.
fn batch_envelope(settings: &EnvelopeSettings, overrides: &Map<String, Value>) -> BatchEnvelope {
    let keys = [
        ("sensor", settings.sensor.as_str()),
        ("sendTime", &settings.send_time),
        ("dataVersion", caliper::DATA_VERSION),
    ];
    let keys = keys.map(|(key, value)| (key.to_owned(), value.into()));
    BatchEnvelope::new(keys.into_iter().collect(), overrides)
}

//! The settings of a delivery.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Result, bail};

use super::backoff::Backoff;
use super::body_size_limit::BodySizeLimit;
use super::caliper_endpoint::CaliperEndpoint;
use super::dead_letters::DeadLetters;
use super::http::{Client, ClientOptions, root_certificates};
use super::lrs::Lrs;
use super::rate_limiter::RateLimiter;
use super::send_batch::BatchLimits;
use super::server::Server;
use super::target::{RequestLimits, Target, TargetStatus};
use super::worker_pool::{WhenDone, WorkerPool};
use crate::console::Console;
use crate::format::Format;
use crate::routing::{Credentials, Endpoint};

/// The settings of a delivery, the same for `send` and `recover`.
#[derive(Clone, Debug)]
pub struct DeliverySettings {
    /// The URL of the only target, in place of routers.
    pub url: Option<String>,
    /// A JSON file with the credentials for `url`.
    pub auth_file: Option<PathBuf>,
    /// The URLs of the routers that are sent to. If empty, all are.
    pub router_urls: Vec<String>,
    pub limits: BatchLimits,
    /// Whether each Caliper event has an envelope of its own.
    pub caliper_array: bool,
    /// The most requests per second to each target.
    pub rate: Option<f64>,
    pub backoff: Backoff,
    pub client: ClientOptions,
    /// A PEM file of certificates to trust beside the system's.
    pub ca_file: Option<PathBuf>,
}

impl DeliverySettings {
    /// Returns the files that are read.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        let files = [&self.auth_file, &self.ca_file];
        files.into_iter().flatten().map(PathBuf::as_path)
    }

    /// Returns the endpoint at `url`, if it is set.
    ///
    /// # Errors
    /// Returns an error if the URL or the credentials are not valid.
    pub fn endpoint(&self, console: &Console) -> Result<Option<Endpoint>> {
        let Some(url) = &self.url else {
            if self.auth_file.is_some() {
                bail!("`--auth-file` needs `--url`; routers have credentials of their own");
            }
            return Ok(None);
        };
        let credentials = match &self.auth_file {
            Some(path) => {
                warn_about_permissions(path, console);
                Credentials::from_file(path)?
            }
            None => Credentials::from_environment()?,
        };
        Endpoint::at(url, credentials).map(Some)
    }

    /// Creates the target for an endpoint.
    ///
    /// # Errors
    /// Returns an error if a certificate, the URL or a header is not valid.
    pub fn target(
        &self,
        endpoint: &Endpoint,
        format: Format,
        dead_letters: Option<DeadLetters>,
        console: &Console,
    ) -> Result<Target> {
        let is_open = !endpoint.url.is_encrypted() && !endpoint.url.is_loopback();
        if endpoint.credentials != Credentials::None && is_open {
            console.warn(&format!(
                "`{}` is not encrypted: the credentials can be read on the network",
                endpoint.name
            ));
        }
        let server = self.server(format);
        let resource = server.resource(&endpoint.url)?;
        let roots = root_certificates(self.ca_file.as_deref())?;
        Ok(Target {
            name: endpoint.name.clone(),
            format,
            client: Client::new(endpoint, &resource, roots, &self.client)?,
            server,
            rate_limiter: RateLimiter::new(self.rate.filter(|_| !self.client.dry_run)),
            backoff: self.backoff,
            limits: RequestLimits {
                items: self.limits.items,
                body_size: BodySizeLimit::new(self.limits.bytes),
            },
            dead_letters,
            checkpoint: None,
            status: TargetStatus::default(),
        })
    }

    /// Returns the kind of server that takes records of a format.
    fn server(&self, format: Format) -> Box<dyn Server> {
        match format {
            Format::Xapi => Box::new(Lrs),
            Format::Caliper => Box::new(CaliperEndpoint {
                envelope_each: self.caliper_array,
            }),
        }
    }

    /// Starts the workers of a target.
    ///
    /// # Errors
    /// Returns an error if a thread cannot be started.
    pub fn start_workers(
        &self,
        target: Arc<Target>,
        console: &Arc<Console>,
        when_done: WhenDone,
    ) -> Result<WorkerPool> {
        WorkerPool::start(target, console, self.client.connections, when_done)
    }
}

#[cfg(unix)]
fn warn_about_permissions(path: &Path, console: &Console) {
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::metadata(path).map_or(0, |metadata| metadata.permissions().mode());
    if mode & 0o077 != 0 {
        console.warn(&format!(
            "users other than its owner can read `{0}`: run `chmod 600 {0}`",
            path.display()
        ));
    }
}

#[cfg(not(unix))]
fn warn_about_permissions(_: &Path, _: &Console) {}

//! `event-router send --probe`: checks targets without sending anything.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, bail};

use super::converter::warn_of_routers;
use crate::console::Console;
use crate::exit_code::{ExitCode, Fatal, OrExit};
use crate::format::Format;
use crate::routing::{Endpoint, Routers};
use crate::send::{DeliverySettings, Target};

/// The settings of a probe.
pub struct ProbeSettings {
    /// The format that limits the routers, or that a server at a URL takes: xAPI by default.
    pub format: Option<Format>,
    /// A routers.json.
    pub routers: Option<PathBuf>,
    pub delivery: DeliverySettings,
}

/// Runs the command: prints one line for each target, which says what is right, or what is wrong and what to change.
///
/// # Errors
/// Returns an error if an option, a router or a certificate is not valid.
pub fn probe(settings: &ProbeSettings, console: &Arc<Console>) -> Result<ExitCode, Fatal> {
    let targets = settings.targets(console).or_exit(ExitCode::Usage)?;
    let mut code = ExitCode::Success;
    for target in targets {
        match target.probe() {
            Ok(found) => console.note(&found),
            Err(problem) => {
                console.error(&problem);
                code = ExitCode::Stopped;
            }
        }
    }
    Ok(code)
}

impl ProbeSettings {
    fn targets(&self, console: &Console) -> Result<Vec<Target>> {
        let endpoints = match (self.delivery.endpoint(console)?, &self.routers) {
            (None, None) => bail!("there is no server to check: set `--url` or `--routers`"),
            (Some(_), Some(_)) => bail!("`--url` and `--routers` are both set: remove one of them"),
            (Some(endpoint), None) => vec![(self.format.unwrap_or(Format::Xapi), endpoint)],
            (None, Some(path)) => self.endpoints_of_routers(path, console)?,
        };
        let endpoints = endpoints.iter();
        endpoints
            .map(|(format, endpoint)| self.delivery.target(endpoint, *format, None, None, console))
            .collect()
    }

    fn endpoints_of_routers(
        &self,
        path: &Path,
        console: &Console,
    ) -> Result<Vec<(Format, Endpoint)>> {
        let formats = self.format.map_or(Format::ALL.to_vec(), |one| vec![one]);
        warn_of_routers(&Routers::load(path, Format::Xapi)?, console);
        let mut endpoints = Vec::new();
        for format in formats {
            let mut routers = Routers::load(path, format)?;
            routers.keep_any(&self.delivery.router_urls);
            let of_format = routers.endpoints()?.into_iter();
            endpoints.extend(of_format.map(|endpoint| (format, endpoint)));
        }
        endpoints.first().with_context(|| {
            format!(
                "`{}` has no enabled router of this format, or no router with a URL that `--router-url` names",
                path.display()
            )
        })?;
        Ok(endpoints)
    }
}

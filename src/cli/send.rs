//! `event-router send`: logs to learning record stores or Caliper endpoints.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result, anyhow, bail};
use clap::Args;
use serde_json::{Map, Value, json};

use super::conversion_args::ConversionArgs;
use super::dedupe_args::DedupeArgs;
use super::delivery_args::DeliveryArgs;
use super::input_args::InputArgs;
use super::record_args::RecordArgs;
use crate::caliper;
use crate::checkpoint::{Destinations, StateDirectory};
use crate::console::Console;
use crate::convert::{EnvelopeSettings, FormatSettings, Layout, LineConverter};
use crate::dedupe::Scope;
use crate::exit_code::{ExitCode, Fatal, OrExit};
use crate::report::Invocation;
use crate::routing::Endpoint;
use crate::run::job::{Job, Plan};
use crate::send::DeadLetters;
use crate::send::{EnvelopeStart, Payload, Protocol, Record, Route, Sender};

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
    record: RecordArgs,
}

#[derive(Args, Debug)]
#[command(next_help_heading = "Output")]
struct OutputArgs {
    /// Keep here what cannot be delivered, for `recover`; without it, the run stops at the first
    #[arg(long, value_name = "DIR")]
    dead_letters: Option<PathBuf>,
}

/// Runs the command.
pub fn run(args: SendArgs, invocation: &Invocation) -> Result<ExitCode, Fatal> {
    let SendArgs {
        input,
        conversion,
        dedupe,
        delivery,
        output,
        record,
    } = args;
    let console = Arc::new(Console::new(record.quiet, true));
    let plan = Plan {
        command: "send",
        console: Arc::clone(&console),
        directory: output.dead_letters.as_deref(),
        names: None,
        also_read: delivery.files().collect(),
        scope: Scope::Routers,
        dry_run: delivery.dry_run,
    };
    let mut job = Job::prepare(plan, &input, conversion, &dedupe, record)?;
    let ways = Ways::new(&mut job.converter, &delivery, &console).or_exit(ExitCode::Usage)?;
    let dead_letters = output
        .dead_letters
        .as_deref()
        .filter(|_| !delivery.dry_run)
        .map(DeadLetters::create)
        .transpose()
        .or_exit(ExitCode::Output)?;
    let state = job.open_state()?;
    let (sender, routes) = ways
        .sender(&delivery, dead_letters, state.as_ref(), &console)
        .or_exit(ExitCode::Usage)?;
    if let Some(state) = &state {
        // A URL has no space, the name of a second router with one URL does.
        if routes.iter().any(|route| route.name.contains(' ')) {
            let error = anyhow!(
                "several routers have one URL, a query aside, and a state could not tell them apart: leave `--state` out"
            );
            return Err(error).or_exit(ExitCode::Usage);
        }
        let names = routes.iter().map(|route| name_in_state(route)).collect();
        job.resume(state, Destinations { names, files: None });
    }
    job.run(invocation, Box::new(sender), Layout::Lines, &routes)
}

/// The ways from statements or events to servers.
struct Ways {
    endpoints: Vec<Endpoint>,
    /// Of Caliper.
    envelope: Option<EnvelopeSettings>,
}

impl Ways {
    /// Takes the envelopes from the converter: here they go around many events.
    fn new(
        converter: &mut LineConverter,
        delivery: &DeliveryArgs,
        console: &Console,
    ) -> Result<Self> {
        let envelope = match &mut converter.format {
            FormatSettings::Xapi(_) if delivery.caliper_array => {
                bail!("`--caliper-array` is for Caliper, leave it out")
            }
            FormatSettings::Xapi(_) => None,
            FormatSettings::Caliper(_, envelope) => Some(
                envelope
                    .take()
                    .context("each request has an envelope: leave `--envelope none` out")?,
            ),
        };
        let one = delivery.endpoint(console)?;
        let endpoints = match (&mut converter.routers, one) {
            (None, None) => bail!("there is nowhere to send to: give `--url` or `--routers`"),
            (Some(_), Some(_)) => bail!("give `--url` or `--routers`, not both"),
            (None, Some(_)) if !delivery.router_url.is_empty() => {
                bail!("`--router-url` goes with `--routers`")
            }
            (None, Some(endpoint)) => vec![endpoint],
            (Some(routers), None) => {
                if !delivery.router_url.is_empty() {
                    routers.keep(&delivery.router_url)?;
                }
                routers.endpoints()?
            }
        };
        Ok(Self {
            endpoints,
            envelope,
        })
    }

    fn sender(
        self,
        delivery: &DeliveryArgs,
        dead_letters: Option<DeadLetters>,
        state: Option<&Arc<StateDirectory>>,
        console: &Arc<Console>,
    ) -> Result<(Sender, Vec<Arc<Route>>)> {
        let protocol = match self.envelope {
            None => Protocol::Xapi,
            Some(_) => Protocol::Caliper,
        };
        let mut sender = Sender::new(Arc::clone(console));
        let mut routes = Vec::new();
        for endpoint in self.endpoints {
            let mut route = delivery.route(&endpoint, protocol, dead_letters.clone(), console)?;
            route.record = state.filter(|_| !delivery.dry_run).map(|directory| Record {
                directory: Arc::clone(directory),
                to: name_in_state(&route),
            });
            let route = Arc::new(route);
            routes.push(Arc::clone(&route));
            let connections = delivery.connections(route, console, |_, _, _, _| {})?;
            let (payload, overrides) = match &self.envelope {
                None => (Payload::Xapi, endpoint.overrides),
                Some(envelope) => {
                    let start = envelope_start(envelope, &endpoint.overrides);
                    let payload = if delivery.caliper_array {
                        Payload::CaliperArray(start)
                    } else {
                        Payload::Caliper(start)
                    };
                    (payload, Map::new())
                }
            };
            sender.add(connections, payload, overrides);
        }
        Ok((sender, routes))
    }
}

/// What a router is called in a state.
fn name_in_state(route: &Route) -> String {
    format!("{} {}", route.protocol.name(), route.name)
}

fn envelope_start(envelope: &EnvelopeSettings, overrides: &Map<String, Value>) -> EnvelopeStart {
    let EnvelopeSettings { sensor, send_time } = envelope;
    let mut keys = Map::new();
    keys.insert("sensor".to_owned(), json!(sensor));
    keys.insert("sendTime".to_owned(), json!(send_time));
    keys.insert("dataVersion".to_owned(), json!(caliper::DATA_VERSION));
    EnvelopeStart::new(keys, overrides)
}

//! `event-router send`: logs to learning record stores or Caliper endpoints.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use anyhow::{Context, Result, anyhow, bail};
use clap::Args;
use serde_json::{Map, Value, json};

use super::conversion_args::ConversionArgs;
use super::dedupe_args::DedupeArgs;
use super::delivery_args::DeliveryArgs;
use super::fail_on::FailOnArgs;
use super::input_args::InputArgs;
use super::transform::{Keeps, convert};
use crate::caliper;
use crate::checkpoint::StateDirectory;
use crate::console::Console;
use crate::conversion::{Converter, EnvelopeSettings, Format, Layout};
use crate::dedupe::Scope;
use crate::delivery::Deliverer;
use crate::exit_code::{ExitCode, Fatal, OrExit};
use crate::input::{Batch, Source};
use crate::output::http::{EnvelopeStart, Payload, Protocol, Record, Route, Sender};
use crate::output::{DeadLetters, RejectsFile, check_outputs};
use crate::pipeline::{self, StateOf};
use crate::report::{Invocation, Report, ReportFile, Summary};
use crate::routing::Endpoint;

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
}

#[derive(Args, Debug)]
#[command(next_help_heading = "Output")]
struct OutputArgs {
    /// Keep here what cannot be delivered, for `recover`; without it, the run stops at the first
    #[arg(long, value_name = "DIR")]
    dead_letters: Option<PathBuf>,

    /// Write each line that is rejected or unparsable here, with the reason
    #[arg(long, value_name = "FILE")]
    rejects: Option<PathBuf>,

    /// Remember here what is delivered, and go on from there the next time
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,

    /// Write what was done here, as JSON
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,

    #[command(flatten)]
    fail_on: FailOnArgs,

    /// Tell only errors
    #[arg(short, long)]
    quiet: bool,
}

/// Runs the command.
pub fn run(args: SendArgs, invocation: &Invocation) -> Result<ExitCode, Fatal> {
    let SendArgs {
        input,
        conversion,
        dedupe,
        delivery,
        output,
    } = args;
    let started = Instant::now();
    let console = Arc::new(Console::new(output.quiet, true));
    super::warn_of_unknown_variables(&console);
    let written: Vec<&Path> = [
        &output.dead_letters,
        &output.rejects,
        &output.report,
        &output.state,
    ]
    .into_iter()
    .flatten()
    .map(PathBuf::as_path)
    .collect();
    let discovery = input
        .discover(&written, &console)
        .or_exit(ExitCode::Usage)?;
    let of_all_shares = [discovery.sources.as_slice(), &discovery.elsewhere].concat();
    let sources = discovery.sources;
    let also_read: Vec<&Path> = input
        .files()
        .chain(conversion.files())
        .chain(delivery.files())
        .collect();
    let files: Vec<(&str, &Path)> = [("--rejects", &output.rejects), ("--report", &output.report)]
        .into_iter()
        .filter_map(|(option, path)| Some((option, path.as_deref()?)))
        .collect();
    check_outputs(None, &files, &of_all_shares, &also_read)
        .map_err(|clash| anyhow!("{clash}"))
        .or_exit(ExitCode::Usage)?;
    let dedupe = dedupe.dedupe(Scope::Routers).or_exit(ExitCode::Usage)?;
    output
        .fail_on
        .check(dedupe.is_some())
        .or_exit(ExitCode::Usage)?;
    let noun = conversion.noun();
    let mut converter = conversion
        .into_converter(input.wrapping(), &console)
        .or_exit(ExitCode::Usage)?;
    let ways = Ways::new(&mut converter, &delivery, &console).or_exit(ExitCode::Usage)?;
    let dead_letters = output
        .dead_letters
        .as_deref()
        .filter(|_| !delivery.dry_run)
        .map(DeadLetters::create)
        .transpose()
        .or_exit(ExitCode::Output)?;
    let state = super::state::open(output.state.as_deref(), &sources)?;
    let rejects = output
        .rejects
        .as_deref()
        .map(if state.is_some() {
            RejectsFile::append
        } else {
            RejectsFile::create
        })
        .transpose()
        .or_exit(ExitCode::Output)?;
    let report_file = ReportFile::create(output.report.as_deref()).or_exit(ExitCode::Output)?;
    let (sender, routes) = ways
        .sender(&delivery, dead_letters, state.as_ref(), &console)
        .or_exit(ExitCode::Usage)?;

    // A URL has no space, the name of a second router with one URL does.
    if state.is_some() && routes.iter().any(|route| route.name.contains(' ')) {
        let error = anyhow!(
            "several routers have one URL, a query aside, and a state could not tell them apart: leave `--state` out"
        );
        return Err(error).or_exit(ExitCode::Usage);
    }
    let mut options = input.pipeline_options();
    options.state = state.as_ref().map(|state| StateOf {
        directory: Arc::clone(state),
        destinations: routes.iter().map(|route| name_in_state(route)).collect(),
    });
    let waking = routes.clone();
    let stop = move || waking.iter().for_each(|route| route.interrupt());
    options.interrupted.watch(stop).or_exit(ExitCode::Usage)?;
    let keeps = Keeps {
        rejects: rejects.is_some(),
        details: output.report.is_some(),
    };
    let convert = |source: &Source, mut batch: Batch| {
        let places = std::mem::take(&mut batch.places);
        let lines = batch.lines(source.shape, options.max_line_bytes);
        convert(&converter, &source.name, lines, Layout::Lines, keeps).ending_at(places)
    };
    let mut deliverer = Deliverer::new(&console, Box::new(sender), rejects, &discovery.errors)
        .without_duplicates(dedupe);
    console
        .progress()
        .start(sources.iter().map(|source| source.size).sum());
    let piped = pipeline::run(&sources, &options, convert, |delivery| {
        console
            .progress()
            .set(options.bytes_read.load(Ordering::Relaxed));
        deliverer.deliver(delivery)
    });
    piped.or_exit(ExitCode::Usage)?;
    let mut delivered = deliverer.close();
    if let Some(state) = &state {
        delivered.synced(&console, state);
    }
    console.progress().clear();
    let summary = Summary {
        tally: &delivered.tally,
        noun,
        inputs: sources.len() + discovery.errors.len(),
        failed_inputs: delivered.failed_inputs,
        bytes: options.bytes_read.load(Ordering::Relaxed),
        elapsed: started.elapsed(),
    };
    let failure = output.fail_on.exit_code(&delivered.tally, &console);
    let report = Report {
        command: "send",
        invocation,
        dry_run: delivery.dry_run,
        summary: Some(&summary),
        inputs: &delivered.inputs,
        known_events: converter.selection.known(),
        routes: &routes,
        exit_code: options
            .interrupted
            .code()
            .unwrap_or(delivered.code.max(failure)),
    };
    console.note(&report.to_string());
    report_file.write(&report).or_exit(ExitCode::Output)?;
    Ok(report.exit_code)
}

/// The ways from statements or events to servers.
struct Ways {
    endpoints: Vec<Endpoint>,
    /// Of Caliper.
    envelope: Option<EnvelopeSettings>,
}

impl Ways {
    /// Takes the envelopes from the converter: here they go around many events.
    fn new(converter: &mut Converter, delivery: &DeliveryArgs, console: &Console) -> Result<Self> {
        let envelope = match &mut converter.format {
            Format::Xapi(_) if delivery.caliper_array => {
                bail!("`--caliper-array` is for Caliper, leave it out")
            }
            Format::Xapi(_) => None,
            Format::Caliper(_, envelope) => Some(
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

//! `event-router recover`: dead letters, sent again.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use clap::Args;
use serde_json::Map;

use super::delivery_args::DeliveryArgs;
use crate::console::Console;
use crate::exit_code::{ExitCode, Fatal, OrExit};
use crate::format::Format;
use crate::report::{InputReports, Invocation, Report, ReportFile};
use crate::routing::{Endpoint, Routers};
use crate::send::{Batch, Connections, EnvelopeStart, Payload, Place, Protocol, Route, tell_end};
use crate::send::{DeadLetter, DeadLetters};

#[derive(Args, Debug)]
pub struct RecoverArgs {
    /// The directory of the dead letters
    #[arg(long, value_name = "DIR")]
    dead_letters: PathBuf,

    /// The routers.json by which they were sent
    #[arg(long, value_name = "FILE")]
    routers: Option<PathBuf>,

    #[command(flatten)]
    delivery: DeliveryArgs,

    /// Write what was done here, as JSON
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,

    /// Tell only errors
    #[arg(short, long)]
    quiet: bool,
}

/// Runs the command.
pub fn run(args: &RecoverArgs, invocation: &Invocation) -> Result<ExitCode, Fatal> {
    let console = Arc::new(Console::new(args.quiet, false));
    super::warn_of_unknown_variables(&console);
    if !args.dead_letters.is_dir() {
        let name = args.dead_letters.display();
        let missing = anyhow::anyhow!("there is no directory `{name}`");
        return Err(missing).or_exit(ExitCode::Usage);
    }
    let targets = Targets::new(args, &console).or_exit(ExitCode::Usage)?;
    let report_file = ReportFile::create(args.report.as_deref()).or_exit(ExitCode::Output)?;
    let dead_letters = DeadLetters::create(&args.dead_letters).or_exit(ExitCode::Output)?;
    let paths = dead_letters.list().or_exit(ExitCode::Input)?;

    let mut lanes: BTreeMap<(String, &'static str), Connections> = BTreeMap::new();
    let (mut code, mut without_router) = (ExitCode::Success, BTreeMap::new());
    for (nth, path) in paths.iter().enumerate() {
        let letter = match DeadLetter::read(path) {
            Ok(letter) => letter,
            Err(error) => {
                console.error(&format!("{error:#}"));
                code = code.max(ExitCode::Input);
                continue;
            }
        };
        let protocol = match letter.format.as_str() {
            "xapi" => Protocol::Xapi,
            "caliper" => Protocol::Caliper,
            other => {
                let name = path.display();
                console.error(&format!(
                    "the dead letter `{name}` is of the format `{other}`, which is none"
                ));
                code = code.max(ExitCode::Input);
                continue;
            }
        };
        let Some(endpoint) = targets.of(&letter.router, protocol) else {
            *without_router.entry(letter.router).or_insert(0u64) += 1;
            continue;
        };
        let key = (endpoint.name.clone(), protocol.name());
        if !lanes.contains_key(&key) {
            let route = args
                .delivery
                .route(endpoint, protocol, Some(dead_letters.clone()), &console)
                .or_exit(ExitCode::Usage)?;
            let connections = args
                .delivery
                .connections(Arc::new(route), &console, remove_letter)
                .or_exit(ExitCode::Usage)?;
            lanes.insert(key.clone(), connections);
        }
        if let Some(lane) = lanes.get(&key) {
            lane.send(batch(letter, path, nth, args.delivery.caliper_array));
        }
    }
    let mut routes = Vec::new();
    for lane in lanes.into_values() {
        let route = Arc::clone(&lane.route);
        lane.close();
        code = code.max(tell_end(&console, &route));
        routes.push(route);
    }
    for (router, count) in &without_router {
        let plural = if *count == 1 { "" } else { "s" };
        console.error(&format!(
            "{count} dead letter{plural} for `{router}` left alone"
        ));
        code = code.max(ExitCode::Undelivered);
    }
    let report = Report {
        command: "recover",
        invocation,
        dry_run: args.delivery.dry_run,
        summary: None,
        inputs: &InputReports::default(),
        known_events: &[],
        routes: &routes,
        exit_code: code,
    };
    console.note(&report.to_string());
    report_file.write(&report).or_exit(ExitCode::Output)?;
    Ok(code)
}

/// Where the letters of which router go.
enum Targets {
    /// All that are for one of these routers go to one endpoint.
    One {
        endpoint: Endpoint,
        routers: Vec<String>,
    },
    /// Each to the router of its name.
    Routers {
        xapi: Vec<Endpoint>,
        caliper: Vec<Endpoint>,
    },
}

impl Targets {
    fn new(args: &RecoverArgs, console: &Console) -> Result<Self> {
        let DeliveryArgs { router_url, .. } = &args.delivery;
        match (args.delivery.endpoint(console)?, &args.routers) {
            (None, None) => bail!("there is nowhere to send to: give `--url` or `--routers`"),
            (Some(_), Some(_)) => bail!("give `--url` or `--routers`, not both"),
            (Some(endpoint), None) => {
                let routers = if router_url.is_empty() {
                    vec![endpoint.name.clone()]
                } else {
                    router_url.clone()
                };
                Ok(Self::One { endpoint, routers })
            }
            (None, Some(path)) => {
                let xapi = endpoints(path, Format::Xapi, router_url)?;
                let caliper = endpoints(path, Format::Caliper, router_url)?;
                if xapi.is_empty() && caliper.is_empty() {
                    bail!("`{}` has no such router that is enabled", path.display());
                }
                Ok(Self::Routers { xapi, caliper })
            }
        }
    }

    fn of(&self, router: &str, protocol: Protocol) -> Option<&Endpoint> {
        match self {
            Self::One { endpoint, routers } => routers
                .iter()
                .any(|name| name.trim_end_matches('/') == router.trim_end_matches('/'))
                .then_some(endpoint),
            Self::Routers { xapi, caliper } => {
                let mut endpoints = match protocol {
                    Protocol::Xapi => xapi.iter(),
                    Protocol::Caliper => caliper.iter(),
                };
                endpoints.find(|endpoint| endpoint.name == router)
            }
        }
    }
}

fn endpoints(path: &Path, format: Format, urls: &[String]) -> Result<Vec<Endpoint>> {
    let mut routers = Routers::load(path, format)?;
    if !urls.is_empty() {
        routers.keep_any(urls);
    }
    routers.endpoints()
}

fn batch(letter: DeadLetter, path: &Path, nth: usize, as_array: bool) -> Batch {
    let payload = match letter.envelope {
        None => Payload::Xapi,
        Some(keys) => {
            // What was overridden stands in it.
            let start = EnvelopeStart::new(keys, &Map::new());
            if as_array {
                Payload::CaliperArray(start)
            } else {
                Payload::Caliper(start)
            }
        }
    };
    let mut batch = Batch::new(Arc::new(payload));
    batch.letter = Some(path.to_owned());
    batch.attempts = letter.attempts;
    for item in letter.items {
        let place = Place {
            input: nth,
            file: item.file.into(),
            line: item.line,
        };
        batch.push(item.id, item.payload.get().as_bytes(), place);
    }
    batch
}

/// Removes a letter of which all is delivered, or in other letters.
fn remove_letter(console: &Console, route: &Route, batch: &Batch, written: &[PathBuf]) {
    let Some(path) = batch.letter.as_ref().filter(|path| !written.contains(path)) else {
        return;
    };
    if route.client.is_dry_run() {
        return;
    }
    let removed = std::fs::remove_file(path)
        .with_context(|| format!("failed to remove the delivered `{}`", path.display()));
    if let Err(error) = removed {
        // It would be sent again, and be a duplicate.
        console.warn(&format!("{error:#}"));
    }
}

//! `event-router recover`: dead letters, sent again.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use clap::Args;

use super::delivery_args::DeliveryArgs;
use crate::console::Console;
use crate::exit_code::{ExitCode, Fatal, OrExit};
use crate::format::Format;
use crate::report::{InputReports, Invocation, Report, ReportFile};
use crate::routing::{Endpoint, Routers};
use crate::send::{
    DeadLetter, DeadLetters, DeliverySettings, SendBatch, Target, WorkerPool, report_end,
};

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
    let settings = args.delivery.settings();
    let targets =
        Targets::new(&settings, args.routers.as_deref(), &console).or_exit(ExitCode::Usage)?;
    let report_file = ReportFile::create(args.report.as_deref()).or_exit(ExitCode::Output)?;
    let dead_letters = DeadLetters::create(&args.dead_letters).or_exit(ExitCode::Output)?;
    let paths = dead_letters.list().or_exit(ExitCode::Input)?;

    let mut pools: BTreeMap<(String, &'static str), WorkerPool> = BTreeMap::new();
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
        let Some(format) = Format::from_name(&letter.format) else {
            console.error(&format!(
                "the dead letter `{}` has the unknown format `{}`",
                path.display(),
                letter.format
            ));
            code = code.max(ExitCode::Input);
            continue;
        };
        let Some(endpoint) = targets.of(&letter.router, format) else {
            *without_router.entry(letter.router).or_insert(0u64) += 1;
            continue;
        };
        let key = (endpoint.name.clone(), format.name());
        if !pools.contains_key(&key) {
            let target = settings
                .target(endpoint, format, Some(dead_letters.clone()), &console)
                .or_exit(ExitCode::Usage)?;
            let pool = settings
                .start_workers(Arc::new(target), &console, remove_letter)
                .or_exit(ExitCode::Usage)?;
            pools.insert(key.clone(), pool);
        }
        if let Some(pool) = pools.get(&key) {
            pool.submit(SendBatch::from_dead_letter(letter, path, nth));
        }
    }
    let mut sent_to = Vec::new();
    for pool in pools.into_values() {
        let target = Arc::clone(pool.target());
        pool.close();
        code = code.max(report_end(&console, &target));
        sent_to.push(target);
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
        dry_run: settings.client.dry_run,
        summary: None,
        inputs: &InputReports::default(),
        known_events: &[],
        targets: &sent_to,
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
    fn new(settings: &DeliverySettings, routers: Option<&Path>, console: &Console) -> Result<Self> {
        let router_urls = &settings.router_urls;
        match (settings.endpoint(console)?, routers) {
            (None, None) => bail!("there is nowhere to send to: give `--url` or `--routers`"),
            (Some(_), Some(_)) => bail!("give `--url` or `--routers`, not both"),
            (Some(endpoint), None) => {
                let routers = if router_urls.is_empty() {
                    vec![endpoint.name.clone()]
                } else {
                    router_urls.clone()
                };
                Ok(Self::One { endpoint, routers })
            }
            (None, Some(path)) => {
                let xapi = endpoints(path, Format::Xapi, router_urls)?;
                let caliper = endpoints(path, Format::Caliper, router_urls)?;
                if xapi.is_empty() && caliper.is_empty() {
                    bail!("`{}` has no such router that is enabled", path.display());
                }
                Ok(Self::Routers { xapi, caliper })
            }
        }
    }

    fn of(&self, router: &str, format: Format) -> Option<&Endpoint> {
        match self {
            Self::One { endpoint, routers } => routers
                .iter()
                .any(|name| name.trim_end_matches('/') == router.trim_end_matches('/'))
                .then_some(endpoint),
            Self::Routers { xapi, caliper } => {
                let mut endpoints = match format {
                    Format::Xapi => xapi.iter(),
                    Format::Caliper => caliper.iter(),
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

/// Removes a letter of which all is delivered, or in other letters.
fn remove_letter(console: &Console, target: &Target, batch: &SendBatch, written: &[PathBuf]) {
    let Some(path) = batch
        .dead_letter
        .as_ref()
        .filter(|path| !written.contains(path))
    else {
        return;
    };
    if target.client.is_dry_run() {
        return;
    }
    let removed = std::fs::remove_file(path)
        .with_context(|| format!("failed to remove the delivered `{}`", path.display()));
    if let Err(error) = removed {
        // It would be sent again, and be a duplicate.
        console.warn(&format!("{error:#}"));
    }
}

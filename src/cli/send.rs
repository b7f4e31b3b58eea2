//! `event-router send`: logs to learning record stores or Caliper endpoints.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;

use super::conversion_args::ConversionArgs;
use super::dedupe_args::DedupeArgs;
use super::delivery_args::DeliveryArgs;
use super::input_args::InputArgs;
use super::record_args::RecordArgs;
use crate::checkpoint::Destinations;
use crate::console::Console;
use crate::convert::Layout;
use crate::dedupe::Scope;
use crate::exit_code::{ExitCode, Fatal, OrExit};
use crate::report::Invocation;
use crate::run::job::{Job, Plan};
use crate::send::{DeadLetters, SendPlan};

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
    let settings = delivery.settings();
    let mut job = Job::prepare(plan, &input, conversion, &dedupe, record)?;
    let plan = SendPlan::new(&mut job.converter, &settings, &console).or_exit(ExitCode::Usage)?;
    let dead_letters = output
        .dead_letters
        .as_deref()
        .filter(|_| !delivery.dry_run)
        .map(DeadLetters::create)
        .transpose()
        .or_exit(ExitCode::Output)?;
    let state = job.open_state()?;
    let (sender, targets) = plan
        .start(&settings, dead_letters.as_ref(), state.as_ref(), &console)
        .or_exit(ExitCode::Usage)?;
    if let Some(state) = &state {
        let names = targets
            .iter()
            .map(|target| target.name_in_state())
            .collect();
        job.resume(state, Destinations { names, files: None });
    }
    job.run(invocation, Box::new(sender), Layout::Lines, &targets)
}

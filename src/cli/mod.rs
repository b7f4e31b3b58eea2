//! The command line: turns options into settings. No other module uses clap.

mod cloud_args;
mod conversion_args;
mod dead_letters;
mod dedupe_args;
mod delivery_args;
mod events;
mod explain;
mod explain_words;
mod filter_args;
mod format_args;
mod help;
mod input_args;
mod inspect;
mod lms;
mod lms_db_args;
mod lms_external_ids;
mod manual;
mod record_args;
mod recover;
mod send;
mod size;
mod terminal_args;
mod tips;
mod transform;
mod verify;
mod version;

use std::ffi::OsString;
use std::sync::Arc;

use clap::builder::BoolishValueParser;
use clap::parser::ValueSource;
use clap::{
    Arg, ArgAction, ArgMatches, Command, CommandFactory, FromArgMatches, Parser, Subcommand,
};

use self::terminal_args::ColorArg;
use crate::console::Console;
use crate::exit_code::{ExitCode, Fatal, OrExit};
use crate::lms::PASSWORD_VARIABLE;
use crate::progress::ProgressMode;
use crate::report::Invocation;
use crate::routing::CREDENTIAL_VARIABLES;
use crate::run::{self, ACTOR_KEY, Command as RunCommand};

const VARIABLE_PREFIX: &str = "EVENT_ROUTER_";

/// Convert Open edX tracking logs to xAPI or Caliper, in bulk and without an LMS.
#[derive(Parser, Debug)]
#[command(name = "event-router", version)]
struct Cli {
    #[command(flatten)]
    terminal: terminal_args::TerminalArgs,

    #[command(subcommand)]
    command: Subcommands,
}

#[derive(Subcommand, Debug)]
enum Subcommands {
    /// Convert logs to files or standard output
    #[command(alias = "convert")]
    Transform(Box<transform::TransformArgs>),
    /// Convert logs and send the records to learning record stores or Caliper endpoints
    Send(Box<send::SendArgs>),
    /// Convert logs and check that learning record stores hold the statements that `send` delivers
    Verify(Box<verify::VerifyArgs>),
    /// Send again what `send` could not deliver and wrote to dead letters, and remove the delivered dead letters
    Recover(Box<recover::RecoverArgs>),
    /// Count dead letters by router, reason and answer, and show how to settle them
    DeadLetters(Box<dead_letters::DeadLettersArgs>),
    /// Show what logs hold, by count, and the command that converts them
    Inspect(Box<inspect::InspectArgs>),
    /// Show the outcome of each line and the reason, or one line in detail: `tracking.log:22`
    Explain(Box<explain::ExplainArgs>),
    /// List the events that can be converted, and what each becomes
    Events(events::EventsArgs),
    /// Work with the users and courses of the LMS
    Lms(Box<lms::LmsArgs>),
    /// Write completions for a shell
    Completions(manual::CompletionsArgs),
    /// Write a man page
    Man(manual::ManArgs),
}

impl Subcommands {
    /// Returns the name of the command, its console, and whether it sends nothing.
    fn parts(&self) -> (&'static str, Console, bool) {
        match self {
            Subcommands::Transform(args) => ("transform", args.console(), false),
            Subcommands::Send(args) => {
                let console = Console::new(args.options.record.quiet, true);
                ("send", console, args.options.delivery.dry_run)
            }
            Subcommands::Verify(args) => {
                let console = Console::new(args.options.record.quiet, true);
                ("verify", console, args.options.delivery.dry_run)
            }
            Subcommands::Recover(args) => {
                let console = Console::new(args.quiet, true);
                ("recover", console, args.delivery.dry_run)
            }
            Subcommands::DeadLetters(_) => ("dead-letters", Console::new(false, false), false),
            Subcommands::Explain(args) => ("explain", args.console(), false),
            Subcommands::Inspect(args) => ("inspect", args.console(), false),
            Subcommands::Events(_) => ("events", Console::new(false, false), false),
            Subcommands::Lms(args) => ("lms", args.console(), false),
            Subcommands::Completions(_) => ("completions", Console::new(false, false), false),
            Subcommands::Man(_) => ("man", Console::new(false, false), false),
        }
    }
}

/// Runs the program with its arguments, the first of which is the program's name.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let words: Vec<OsString> = arguments.into_iter().collect();
    if let Some(color) = ColorArg::find(&words, &variable_of("color")) {
        color.apply();
    }
    let mut invocation = Invocation::new(&words);
    let parsed = program().try_get_matches_from(&words).and_then(|matches| {
        invocation.variables = variables_of(&matches);
        set_explain(&mut invocation, &matches);
        Cli::from_arg_matches(&matches)
    });
    let cli = match parsed {
        Ok(cli) => cli,
        Err(error) => {
            let console = Console::new(false, false);
            match tips::improve(error, &program(), &words) {
                Ok(message) => console.error(&message),
                Err(error) => {
                    // If standard error is closed, nobody reads the message, so this error is ignored.
                    let _ = error.print();
                    if !error.use_stderr() {
                        return ExitCode::Success;
                    }
                }
            }
            // A required option may be missing because its environment variable is misspelled.
            warn_of_unknown_variables(&console);
            return ExitCode::Usage;
        }
    };
    cli.terminal.color.apply();
    let progress = cli.terminal.progress.mode();
    let ended = run_command(cli.command, progress, &invocation);
    ended.unwrap_or_else(|Fatal { code, error }| {
        Console::new(true, false).error(&format!("{error:#}"));
        code
    })
}

fn run_command(
    command: Subcommands,
    progress: Option<ProgressMode>,
    invocation: &Invocation,
) -> Result<ExitCode, Fatal> {
    let (name, console, dry_run) = command.parts();
    let console = console.with_progress(progress);
    warn_of_unknown_variables(&console);
    let running = RunCommand {
        name,
        invocation,
        console: Arc::new(console),
        dry_run,
    };
    match command {
        Subcommands::Transform(args) => {
            let (settings, output) = args.settings().or_exit(ExitCode::Usage)?;
            run::transform(running, settings, output)
        }
        Subcommands::Send(args) if args.probe => {
            let settings = args.probe_settings().or_exit(ExitCode::Usage)?;
            run::probe(&settings, &running.console)
        }
        Subcommands::Send(args) => {
            let options = args.options.settings();
            let (settings, delivery, dead_letters) = options.or_exit(ExitCode::Usage)?;
            run::send(running, settings, &delivery, dead_letters.as_deref())
        }
        Subcommands::Verify(args) => {
            let scope = args.scope();
            let options = args.options.settings();
            let (settings, delivery, dead_letters) = options.or_exit(ExitCode::Usage)?;
            let dead_letters = dead_letters.as_deref();
            run::verify(running, settings, &delivery, dead_letters, scope)
        }
        Subcommands::Recover(args) => {
            let settings = args.settings().or_exit(ExitCode::Usage)?;
            run::recover(&running, &settings)
        }
        Subcommands::DeadLetters(args) => {
            run::dead_letters(&args.dir, args.json, args.exit_code, &running.console)
        }
        Subcommands::Explain(args) => {
            let settings = args.settings();
            let conversion = args.conversion.settings(args.ca_file);
            let conversion = conversion.or_exit(ExitCode::Usage)?;
            let input = args.input.settings();
            run::explain(&input, conversion, settings, &running.console)
        }
        Subcommands::Inspect(args) => {
            let settings = args.settings().or_exit(ExitCode::Usage)?;
            run::inspect(settings, &running.console)
        }
        Subcommands::Events(args) => run::events(args.to, &args.names, args.json, &running.console),
        Subcommands::Lms(args) => args.run(&running.console),
        Subcommands::Completions(args) => args.write(program()),
        Subcommands::Man(args) => args.write(program()),
    }
}

/// Returns the definition of the command line. Each option can also be set by an environment variable.
fn program() -> Command {
    let command = Cli::command().version(version::long());
    let command = command.mut_subcommand("send", |send| {
        // A probe converts nothing.
        let send = send.override_usage(
            "event-router send [OPTIONS] --to <TO> --lms-root-url <URL> [INPUT]...\n       \
             event-router send --probe [OPTIONS]",
        );
        send.mut_args(|arg| match arg.get_id().as_str() {
            "to" | "lms_root_url" => arg.required(false).required_unless_present("probe"),
            _ => arg,
        })
    });
    let command = command.mut_subcommand("verify", |verify| {
        let hide = |command: Command, option| command.mut_arg(option, |arg| arg.hide(true));
        verify::UNUSED.into_iter().fold(verify, hide)
    });
    help::arrange_program(with_variables(command))
}

/// Lets each option of a command, and of its own commands, be set by an environment variable.
fn with_variables(command: Command) -> Command {
    let command = command.mut_subcommands(with_variables);
    help::arrange(command).mut_args(|arg| {
        if arg.is_positional() || matches!(arg.get_action(), ArgAction::Help | ArgAction::Version) {
            return arg;
        }
        // A negative number is a wrong value of the option, not another option.
        let arg = match arg.get_action() {
            ArgAction::Set | ArgAction::Append => arg.allow_negative_numbers(true),
            _ => arg,
        };
        let variable = variable_of(arg.get_id().as_str());
        // An empty variable counts as not set, as is usual in shells and systemd unit files.
        if std::env::var_os(&variable).is_none_or(|value| value.is_empty()) {
            return arg;
        }
        let is_switch = matches!(arg.get_action(), ArgAction::SetTrue);
        let arg = arg.env(variable).hide_env(true);
        if is_switch {
            arg.value_parser(BoolishValueParser::new())
        } else {
            arg
        }
    })
}

fn variable_of(option: &str) -> String {
    format!("{VARIABLE_PREFIX}{}", option.to_uppercase())
}

/// Returns the names of the environment variables that have set options of this command.
fn variables_of(matches: &ArgMatches) -> Vec<String> {
    let mut command = &Cli::command();
    let mut matches = matches;
    // Every command has the options of the program.
    let mut options: Vec<&Arg> = command.get_arguments().collect();
    while let Some((name, inner)) = matches.subcommand() {
        let Some(found) = command.find_subcommand(name) else {
            return Vec::new();
        };
        options.extend(found.get_arguments());
        (command, matches) = (found, inner);
    }
    let options = options.into_iter().map(|arg| arg.get_id().as_str());
    options
        .filter(|id| matches.value_source(id) == Some(ValueSource::EnvVariable))
        .map(variable_of)
        .collect()
}

/// Lets the invocation know the command that explains the lines of the run.
fn set_explain(invocation: &mut Invocation, matches: &ArgMatches) {
    let program = Cli::command();
    let explain = program.find_subcommand("explain");
    if let Some((_, matches)) = matches.subcommand()
        && let Some(explain) = explain
    {
        let words = explain_words::explain_words(explain, matches);
        invocation.set_explain(&words, explain_words::rejects_file(matches).is_some());
    }
}

/// Warns of environment variables that begin with the program's prefix and set no option.
fn warn_of_unknown_variables(console: &Console) {
    let mut known = Vec::new();
    add_variables(&Cli::command(), &mut known);
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy();
        if name.starts_with(VARIABLE_PREFIX)
            && name != ACTOR_KEY
            && name != PASSWORD_VARIABLE
            && !CREDENTIAL_VARIABLES.contains(&name.as_ref())
            && !known.iter().any(|known| *known == name)
        {
            console.alert(&format!(
                "the variable {name} sets no option and is ignored: check its spelling"
            ));
        }
    }
}

/// Adds the variables of a command's options, and of its own commands.
fn add_variables(command: &Command, known: &mut Vec<String>) {
    let arguments = command.get_arguments();
    known.extend(arguments.map(|arg| variable_of(arg.get_id().as_str())));
    for subcommand in command.get_subcommands() {
        add_variables(subcommand, known);
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_command_line_is_consistent() {
        super::program().debug_assert();
    }
}

//! The command line. The only room that names clap.

pub(crate) mod conversion_args;
pub(crate) mod dedupe_args;
mod delivery_args;
mod explain;
mod fail_on;
mod filter_args;
pub(crate) mod input_args;
pub(crate) mod record_args;
mod recover;
mod send;
mod transform;

use std::ffi::OsString;

use clap::builder::BoolishValueParser;
use clap::parser::ValueSource;
use clap::{ArgAction, ArgMatches, Command, CommandFactory, FromArgMatches, Parser, Subcommand};

use conversion_args::ACTOR_KEY;

use crate::console::Console;
use crate::exit_code::{ExitCode, Fatal};
use crate::report::Invocation;
use crate::routing::CREDENTIAL_VARIABLES;

const ENVIRONMENT: &str = "Every option can also be given as an environment variable: --lms-root-url as \
    EVENT_ROUTER_LMS_ROOT_URL, a switch as EVENT_ROUTER_QUIET=true. Lists are separated by commas. \
    The command line wins.";

const VARIABLE_PREFIX: &str = "EVENT_ROUTER_";

/// Convert Open edX tracking logs to xAPI or Caliper, in bulk and without an LMS.
#[derive(Parser, Debug)]
#[command(name = "event-router", version, after_help = ENVIRONMENT)]
struct Cli {
    #[command(subcommand)]
    command: Subcommands,
}

#[derive(Subcommand, Debug)]
enum Subcommands {
    /// Convert logs to files or to standard output
    Transform(Box<transform::TransformArgs>),
    /// Send what logs become to learning record stores or Caliper endpoints
    Send(Box<send::SendArgs>),
    /// Send dead letters again, and remove those that are delivered
    Recover(Box<recover::RecoverArgs>),
    /// Show for each line what becomes of it, and why
    Explain(Box<explain::ExplainArgs>),
}

/// Runs the program with its arguments, the first of which is its name.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let words: Vec<OsString> = arguments.into_iter().collect();
    let mut invocation = Invocation::new(&words);
    let parsed = command().try_get_matches_from(words).and_then(|matches| {
        invocation.variables = variables_of(&matches);
        Cli::from_arg_matches(&matches)
    });
    let cli = match parsed {
        Ok(cli) => cli,
        Err(error) => {
            // Help is no failure, and a closed standard error is none either.
            let _ = error.print();
            return if error.use_stderr() {
                ExitCode::Usage
            } else {
                ExitCode::Success
            };
        }
    };
    let ended = match cli.command {
        Subcommands::Transform(args) => transform::run(*args, &invocation),
        Subcommands::Send(args) => send::run(*args, &invocation),
        Subcommands::Recover(args) => recover::run(&args, &invocation),
        Subcommands::Explain(args) => explain::run(*args),
    };
    ended.unwrap_or_else(|Fatal { code, error }| {
        Console::quiet().error(&format!("{error:#}"));
        code
    })
}

/// The command with a variable for every option.
fn command() -> Command {
    Cli::command().mut_subcommands(|subcommand| {
        subcommand.after_help(ENVIRONMENT).mut_args(|arg| {
            if arg.is_positional()
                || matches!(arg.get_action(), ArgAction::Help | ArgAction::Version)
            {
                return arg;
            }
            let variable = variable_of(arg.get_id().as_str());
            // An empty variable is how shells and unit files say that there is none.
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
    })
}

fn variable_of(option: &str) -> String {
    format!("{VARIABLE_PREFIX}{}", option.to_uppercase())
}

/// The variables that the options of the command were taken from.
fn variables_of(matches: &ArgMatches) -> Vec<String> {
    let command = Cli::command();
    let given = matches
        .subcommand()
        .and_then(|(name, matches)| Some((command.find_subcommand(name)?, matches)));
    let Some((command, matches)) = given else {
        return Vec::new();
    };
    let options = command.get_arguments().map(|arg| arg.get_id().as_str());
    options
        .filter(|id| matches.value_source(id) == Some(ValueSource::EnvVariable))
        .map(variable_of)
        .collect()
}

/// Tells of variables that look like this program's and are not.
pub(crate) fn warn_of_unknown_variables(console: &Console) {
    let command = Cli::command();
    let arguments = command.get_subcommands().flat_map(Command::get_arguments);
    let known: Vec<String> = arguments
        .map(|arg| variable_of(arg.get_id().as_str()))
        .collect();
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy();
        if name.starts_with(VARIABLE_PREFIX)
            && name != ACTOR_KEY
            && !CREDENTIAL_VARIABLES.contains(&name.as_ref())
            && !known.iter().any(|known| *known == name)
        {
            console.warn(&format!("no option is called like the variable {name}"));
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_command_line_is_consistent() {
        super::command().debug_assert();
    }
}

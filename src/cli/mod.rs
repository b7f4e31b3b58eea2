//! The command line. The only room that names clap.

mod conversion_args;
mod exit_code;
mod explain;
mod input_args;
mod transform;

use std::ffi::OsString;

use clap::builder::BoolishValueParser;
use clap::{ArgAction, Command, CommandFactory, FromArgMatches, Parser, Subcommand};

pub use exit_code::ExitCode;
use exit_code::{Fatal, OrExit};

use crate::console::Console;

const ENVIRONMENT: &str = "Every option can also be given as an environment variable: --lms-root-url as \
    EVENT_ROUTER_LMS_ROOT_URL, a switch as EVENT_ROUTER_QUIET=true. Lists are separated by commas. \
    The command line wins.";

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
    Transform(transform::TransformArgs),
    /// Show for each line what becomes of it, and why
    Explain(explain::ExplainArgs),
}

/// Runs the program with its arguments, the first of which is its name.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let parsed = command()
        .try_get_matches_from(arguments)
        .and_then(|matches| Cli::from_arg_matches(&matches));
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
    let (quiet, Fatal { code, error }) = match cli.command {
        Subcommands::Transform(args) => match transform::run(args) {
            Ok(code) => return code,
            Err(fatal) => (true, fatal),
        },
        Subcommands::Explain(args) => match explain::run(args) {
            Ok(code) => return code,
            Err(fatal) => (true, fatal),
        },
    };
    Console::new(quiet).error(&format!("{error:#}"));
    code
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
            let variable = format!("EVENT_ROUTER_{}", arg.get_id().as_str().to_uppercase());
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

#[cfg(test)]
mod tests {
    #[test]
    fn the_command_line_is_consistent() {
        super::command().debug_assert();
    }
}

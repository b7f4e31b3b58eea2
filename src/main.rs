//! The `event-router` program: parse, run, exit.

use std::process::ExitCode;

fn main() -> ExitCode {
    event_routing_backends::cli::run(std::env::args_os()).into()
}

//! The `event-router` program. The library crate contains all of its code.

use std::process::ExitCode;

fn main() -> ExitCode {
    event_routing_backends::cli::run(std::env::args_os()).into()
}

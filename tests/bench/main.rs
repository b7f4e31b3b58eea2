//! Benchmarks, and the log that they run on.
//!
//! ```sh
//! cargo bench                                      # measure, on a log of 100 MB
//! cargo bench -- --bytes 1GB --runs 3
//! cargo bench -- generate --bytes 1GB --out DIR    # write a log and the tables that fit it
//! ```
//!
//! Measured are the library's reading and parsing, in this process, and the program as it is run.

mod generate;
mod generator;
mod input;
mod library;
mod machine;
mod measure;
mod sink;
mod table;
mod throughput;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(about = "Measure event-router on a made-up tracking log, or write such a log")]
#[command(args_conflicts_with_subcommands = true)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,

    #[command(flatten)]
    throughput: throughput::Throughput,

    /// What `cargo bench` says, and `cargo test --benches` does not
    #[arg(long, global = true, hide = true)]
    bench: bool,
}

#[derive(Subcommand)]
enum Command {
    /// Write a log and the tables that fit it
    Generate(generate::Generate),
}

fn main() {
    let arguments = Arguments::parse();
    match arguments.command {
        Some(Command::Generate(generate)) => generate.run(),
        None if arguments.bench => arguments.throughput.run(),
        // Tests are not to take minutes.
        None => {}
    }
}

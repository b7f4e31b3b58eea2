//! Benchmarks, and the generator of their logs.
//!
//! ```sh
//! cargo bench                                      # measure with a log of 100 MB
//! cargo bench -- --bytes 1GB --runs 3
//! cargo bench -- generate --bytes 1GB --out DIR    # write a log and its lookup tables
//! ```
//!
//! The benchmarks measure reading and parsing in this process, and whole runs of the program.
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod archives;
mod case;
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
#[command(about = "Measure event-router with a generated tracking log, or write such a log")]
#[command(args_conflicts_with_subcommands = true)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,

    #[command(flatten)]
    throughput: throughput::Throughput,

    /// Passed by `cargo bench`, but not by `cargo test --benches`
    #[arg(long, global = true, hide = true)]
    bench: bool,
}

#[derive(Subcommand)]
enum Command {
    /// Write a log and its lookup tables
    Generate(generate::Generate),
}

fn main() {
    let arguments = Arguments::parse();
    match arguments.command {
        Some(Command::Generate(generate)) => generate.run(),
        None if arguments.bench => arguments.throughput.run(),
        // `cargo test --benches` must not take minutes.
        None => {}
    }
}

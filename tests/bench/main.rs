//! A made-up tracking log, to measure on.
//!
//! ```sh
//! cargo bench -- generate --bytes 1GB --out DIR    # write a log and the tables that fit it
//! ```

mod generate;
mod generator;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(about = "Write a made-up tracking log")]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,

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
    let Arguments { command, bench: _ } = Arguments::parse();
    if let Some(Command::Generate(generate)) = command {
        generate.run();
    }
}

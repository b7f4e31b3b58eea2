//! Converts a tracking log on standard input to xAPI statements on standard output, one a line:
//!
//! ```sh
//! cargo run --example convert < tracking.log
//! ```
#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::error::Error;
use std::io::{BufRead, stdin};

use event_routing_backends::{Converter, Outcome};

fn main() -> Result<(), Box<dyn Error>> {
    let converter = Converter::xapi("https://courses.example.org").build()?;
    for line in stdin().lock().split(b'\n') {
        let Some(conversion) = converter.convert(&line?) else {
            continue;
        };
        for record in &conversion.records {
            println!("{}", record.json);
        }
        if let Outcome::Rejected(fault) = &conversion.outcome {
            eprintln!("{}: {}", fault.reason.code(), fault.detail);
        }
    }
    Ok(())
}

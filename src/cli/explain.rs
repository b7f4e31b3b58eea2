//! The options of `event-router explain`.

use std::io::{self, IsTerminal};
use std::path::PathBuf;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};

use super::conversion_args::ConversionArgs;
use super::input_args::InputArgs;
use crate::console::Console;
use crate::outcome::Reason;
use crate::run::{Chosen, ExplainSettings, OUTCOMES};

#[derive(Args, Debug)]
pub struct ExplainArgs {
    #[command(flatten)]
    pub conversion: ConversionArgs,

    #[command(flatten)]
    pub input: InputArgs,

    /// Trust the certificates in this PEM file when connecting to --lms-db, in addition to those of public authorities
    #[arg(
        long,
        value_name = "FILE",
        requires = "lms_db",
        help_heading = "Conversion"
    )]
    pub ca_file: Option<PathBuf>,

    /// Write the outcomes as JSON, one object for each line that is not blank
    #[arg(long, help_heading = "Output")]
    json: bool,

    /// Show only lines with these outcomes
    #[arg(
        long,
        value_delimiter = ',',
        ignore_case = true,
        value_name = "OUTCOME,…",
        value_parser = PossibleValuesParser::new(OUTCOMES),
        help_heading = "Output"
    )]
    only: Vec<String>,

    /// Show only lines with these reasons, such as unknown-user
    #[arg(
        long,
        value_delimiter = ',',
        ignore_case = true,
        value_name = "CODE,…",
        value_parser = reason_parser(),
        hide_possible_values = true,
        help_heading = "Output"
    )]
    reason: Vec<Reason>,

    /// Stop after showing this many lines
    #[arg(long, value_name = "N", value_parser = line_count, help_heading = "Output")]
    limit: Option<u64>,

    /// Print neither the counts at the end nor a progress bar, nor warnings and notes
    #[arg(short, long, help_heading = "Output")]
    quiet: bool,
}

impl ExplainArgs {
    /// Returns the console. Its progress bar is shown only if standard output is not the same terminal.
    pub fn console(&self) -> Console {
        Console::new(self.quiet, !io::stdout().is_terminal()).without_report()
    }

    /// Returns the settings apart from those of the inputs and the conversion.
    pub fn settings(&self) -> ExplainSettings {
        ExplainSettings {
            json: self.json,
            chosen: Chosen {
                outcomes: self.only.clone(),
                reasons: self.reason.clone(),
                limit: self.limit,
            },
        }
    }
}

/// Parses a number of lines, which is not 0.
fn line_count(text: &str) -> Result<u64, String> {
    let number = text.parse().ok().filter(|&number| number > 0);
    number.ok_or_else(|| "expected a whole number from 1".to_owned())
}

fn reason_parser() -> impl TypedValueParser<Value = Reason> {
    let codes = PossibleValuesParser::new(Reason::ALL.map(|(_, code)| code));
    codes.try_map(|code| {
        let mut reasons = Reason::ALL.into_iter();
        let found = reasons.find(|(_, known)| known.eq_ignore_ascii_case(&code));
        found.map(|(reason, _)| reason).ok_or("no such reason")
    })
}

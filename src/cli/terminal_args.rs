//! `--color` and `--progress`, the options of every command.

use std::ffi::OsString;

use clap::{Args, ValueEnum};

use crate::progress::ProgressMode;
use crate::style::{self, ColorChoice};

#[derive(Args, Debug)]
pub struct TerminalArgs {
    /// Colour messages, differences and explanations: `auto` does on a terminal unless NO_COLOR is set, and elsewhere if
    /// CLICOLOR_FORCE is set
    #[arg(
        long,
        global = true,
        value_enum,
        ignore_case = true,
        default_value = "auto",
        value_name = "WHEN"
    )]
    pub color: ColorArg,

    /// Show the progress on standard error: `bar` is a bar on a terminal, `auto` is the same unless records or lines go
    /// to the terminal meanwhile, and `log` is a line every ten seconds, for journals
    #[arg(
        long,
        global = true,
        value_enum,
        ignore_case = true,
        default_value = "auto",
        value_name = "HOW"
    )]
    pub progress: ProgressArg,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ProgressArg {
    Auto,
    Bar,
    Log,
    None,
}

impl ProgressArg {
    /// Returns the mode, or `None` for the usual mode of the command.
    pub fn mode(self) -> Option<ProgressMode> {
        match self {
            Self::Auto => None,
            Self::Bar => Some(ProgressMode::Bar),
            Self::Log => Some(ProgressMode::Log),
            Self::None => Some(ProgressMode::None),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ColorArg {
    Auto,
    Always,
    Never,
}

impl ColorArg {
    /// Lets all messages from now on obey the option.
    pub fn apply(self) {
        style::set_color(match self {
            Self::Auto => ColorChoice::Auto,
            Self::Always => ColorChoice::Always,
            Self::Never => ColorChoice::Never,
        });
    }

    /// Returns the value on a command line that is not parsed yet, so that the errors and the help of the parser obey
    /// the option, too. Wrong values are left to the parser.
    pub fn find(words: &[OsString], variable: &str) -> Option<Self> {
        let words = words.iter().map(|word| word.to_string_lossy());
        let mut found = None;
        let mut is_value = false;
        for word in words.take_while(|word| word != "--") {
            let value = match word.strip_prefix("--color=") {
                Some(value) => Some(value),
                None => is_value.then_some(&*word),
            };
            found = value.map(str::to_owned).or(found);
            is_value = word == "--color";
        }
        let value = found.or_else(|| std::env::var(variable).ok())?;
        Self::from_str(&value, true).ok()
    }
}

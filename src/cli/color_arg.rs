//! `--color`, an option of every command.

use std::ffi::OsString;

use clap::{Args, ValueEnum};

use crate::style::{self, ColorChoice};

#[derive(Args, Debug)]
pub struct ColorArgs {
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

//! Colours of texts for people. No other file names a colour. Records and reports have no colours.

use std::io::{self, IsTerminal};

use anstream::AutoStream;
pub use anstream::ColorChoice;
pub use anstyle::Style;
use anstyle::{AnsiColor, Effects};

/// The styles of one stream. Without colours, each style is empty, and printing the style writes nothing.
///
/// `{style}` begins a styled text and `{style:#}` ends the text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Palette {
    /// Errors, and outcomes that are failures.
    pub error: Style,
    pub warning: Style,
    pub note: Style,
    /// The lines of a difference that only this run has.
    pub added: Style,
    /// The lines of a difference that only the file has.
    pub removed: Style,
    /// Positions in a difference, and other names that help to find something.
    pub position: Style,
    /// Headings, and the words that matter most.
    pub strong: Style,
    /// Texts that matter less than the others.
    pub faint: Style,
}

impl Palette {
    const COLOURED: Self = Self {
        // The same styles as in the messages of clap.
        error: AnsiColor::Red.on_default().effects(Effects::BOLD),
        warning: AnsiColor::Yellow.on_default().effects(Effects::BOLD),
        note: AnsiColor::Green.on_default().effects(Effects::BOLD),
        added: AnsiColor::Green.on_default(),
        removed: AnsiColor::Red.on_default(),
        position: AnsiColor::Cyan.on_default(),
        strong: Style::new().bold(),
        faint: Style::new().dimmed(),
    };

    /// Returns the styles of standard output.
    pub fn stdout() -> Self {
        Self::of(AutoStream::choice(&io::stdout()))
    }

    /// Returns the styles of standard error.
    pub fn stderr() -> Self {
        Self::of(AutoStream::choice(&io::stderr()))
    }

    fn of(choice: ColorChoice) -> Self {
        match choice {
            ColorChoice::Never => Self::default(),
            _ => Self::COLOURED,
        }
    }

    /// Returns a unified difference with its lines in the colours of their kinds.
    pub fn difference(&self, difference: &str) -> String {
        let style_of = |line: &str| match line.as_bytes() {
            [b'+', b'+', b'+', b' ', ..] | [b'-', b'-', b'-', b' ', ..] => self.strong,
            [b'+', ..] => self.added,
            [b'-', ..] => self.removed,
            [b'@', b'@', ..] => self.position,
            _ => Style::new(),
        };
        let lines = difference.lines();
        let lines = lines.map(|line| {
            let style = style_of(line);
            format!("{style}{line}{style:#}")
        });
        lines.collect::<Vec<_>>().join("\n")
    }
}

/// Sets when texts are coloured. By default, and with `ColorChoice::Auto`, that is on terminals, unless the variables
/// NO_COLOR and CLICOLOR_FORCE say otherwise. The messages of clap obey, too.
///
/// With CLICOLOR_FORCE=0, which stands for no force, texts are coloured only if both streams are terminals.
pub fn set_color(choice: ColorChoice) {
    let is_off = || std::env::var_os("CLICOLOR_FORCE").is_some_and(|value| value == "0");
    let are_terminals = || io::stdout().is_terminal() && io::stderr().is_terminal();
    let choice = match choice {
        ColorChoice::Auto if is_off() && !are_terminals() => ColorChoice::Never,
        choice => choice,
    };
    choice.write_global();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_is_unchanged_without_colours() {
        let difference = "--- a\n+++ b\n@@ -1 +1 @@\n-1\n+2\n same";
        assert_eq!(Palette::default().difference(difference), difference);
    }

    #[test]
    fn lines_of_a_difference_have_the_colours_of_their_kinds() {
        let coloured = Palette::COLOURED.difference("+++ b\n-1\n+2\n same");
        assert_eq!(
            coloured,
            "\x1b[1m+++ b\x1b[0m\n\x1b[31m-1\x1b[0m\n\x1b[32m+2\x1b[0m\n same"
        );
    }
}

//! The command line, without secrets, for the JSON report.

use std::ffi::OsString;

use crate::text::{shell_argument, shell_word};
use crate::url::{redacted, redacted_if_url};

/// The command line of a run, and the environment variables that options were taken from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Invocation {
    /// The words of the command line, beginning with the name of the program. Secret parts of URLs are replaced by
    /// `***`.
    pub words: Vec<String>,
    /// The names of the environment variables that options were taken from.
    pub variables: Vec<String>,
    /// The words of the command that explains the lines of the run, without `--only`, as a shell reads them. Empty if
    /// there is no such command.
    pub explain: Vec<String>,
    /// Whether this command reads the rejects file of the run.
    pub explains_rejects: bool,
}

/// A word that stands for more inputs.
pub const MORE: &str = "…";

impl Invocation {
    /// Keeps the words of a command line, and replaces secret parts of URLs by `***`.
    pub fn new(words: &[OsString]) -> Self {
        let mut kept: Vec<String> = Vec::with_capacity(words.len());
        let mut is_url = false;
        for word in words {
            let word = word.to_string_lossy();
            let value = word
                .split_once('=')
                .filter(|(option, _)| is_url_option(option));
            kept.push(match value {
                Some((option, url)) => format!("{option}={}", redacted(url)),
                None if is_url => redacted(&word),
                None => redacted_if_url(&word),
            });
            is_url = is_url_option(&word);
        }
        Self {
            words: kept,
            variables: Vec::new(),
            explain: Vec::new(),
            explains_rejects: false,
        }
    }

    /// Sets the options and inputs of the command that explains the lines of the run. Secret parts of URLs are replaced by
    /// `***`.
    pub fn set_explain(&mut self, words: &[OsString], explains_rejects: bool) {
        self.explains_rejects = explains_rejects;
        let words = words.iter().map(|word| match word.to_str() {
            Some(MORE) => MORE.to_owned(),
            Some(text) => shell_word(&redacted_if_url(text)).into_owned(),
            None => shell_argument(word).into_owned(),
        });
        self.explain = words.collect();
    }

    /// Returns the command that shows the lines with these outcomes, such as "rejected,unparsable", for a shell.
    pub fn explain(&self, outcomes: &str) -> Option<String> {
        if self.explain.is_empty() {
            return None;
        }
        Some(format!(
            "event-router explain --only {outcomes} {}",
            self.explain.join(" ")
        ))
    }

    /// Returns the words without the names of the program and of the command.
    pub fn arguments(&self) -> Vec<&str> {
        let mut words = self.words.iter().skip(1).map(String::as_str);
        let mut arguments = Vec::new();
        // Options of the program may stand before the command.
        while let Some(word) = words.next().filter(|word| word.starts_with("--")) {
            arguments.push(word);
            if !word.contains('=') {
                arguments.extend(words.next());
            }
        }
        arguments.extend(words);
        arguments
    }
}

fn is_url_option(word: &str) -> bool {
    word.starts_with("--") && word.ends_with("url")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_the_words_beside_the_command() {
        for (words, arguments) in [
            ("event-router transform a.log -o out", "a.log -o out"),
            (
                "event-router --color=never send a.log",
                "--color=never a.log",
            ),
            (
                "event-router --color never send a.log",
                "--color never a.log",
            ),
            ("event-router", ""),
        ] {
            let words: Vec<OsString> = words.split(' ').map(OsString::from).collect();
            assert_eq!(Invocation::new(&words).arguments().join(" "), arguments);
        }
    }

    #[test]
    fn urls_are_kept_without_their_secrets() {
        for (words, kept) in [
            (&["-o", "a?b", "logs/x@y#1"][..], "-o a?b logs/x@y#1"),
            (
                &["--url", "https://x.example/a?t=hunter2"],
                "--url https://x.example/a?***",
            ),
            (
                &["--url=https://x.example/a#hunter2"],
                "--url=https://x.example/a?***",
            ),
            (
                &["--router-url", "${LRS}?token=hunter2", "a?b"],
                "--router-url ${LRS}?*** a?b",
            ),
            (
                &["--router-url=ada:hunter2@x.example"],
                "--router-url=***@x.example",
            ),
            (
                &["HTTPS://ada:hunter2@x.example?x"],
                "HTTPS://***@x.example?***",
            ),
        ] {
            let words: Vec<OsString> = words.iter().map(OsString::from).collect();
            assert_eq!(Invocation::new(&words).words.join(" "), kept);
        }
    }
}

//! How the program was called, without what may be secret.

use std::ffi::OsString;

/// A command and what it was given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Invocation {
    /// The words of the command line, the program and the command among them, without what is secret in a URL.
    pub words: Vec<String>,
    /// The variables that an option was taken from. Their values stay where they are.
    pub variables: Vec<String>,
}

impl Invocation {
    /// Takes the words as they were typed.
    pub fn new(words: &[OsString]) -> Self {
        let mut kept: Vec<String> = Vec::with_capacity(words.len());
        let mut is_url = false;
        for word in words {
            let word = word.to_string_lossy();
            let value = word
                .split_once('=')
                .filter(|(option, _)| is_url_option(option));
            kept.push(match value {
                Some((option, url)) => format!("{option}={}", without_secrets(url, true)),
                None => without_secrets(&word, is_url),
            });
            is_url = is_url_option(&word);
        }
        Self {
            words: kept,
            variables: Vec::new(),
        }
    }
}

fn is_url_option(word: &str) -> bool {
    word.starts_with("--") && word.ends_with("url")
}

/// The text without the user, the password, the query and the fragment of the URL that is in it. What is a URL for
/// certain may lack its scheme.
fn without_secrets(text: &str, is_url: bool) -> String {
    // Behind these there may be another URL.
    let end = text.find(['?', '#']).unwrap_or(text.len());
    let (before, rest) = match text[..end].find("://") {
        Some(scheme) => text.split_at(scheme + 3),
        None if is_url || text.contains("://") => ("", text),
        None => return text.to_owned(),
    };
    let (url, query) = match rest.find(['?', '#']) {
        Some(end) => (&rest[..end], &rest[end..]),
        None => (rest, ""),
    };
    if query.contains('@') {
        // It may as well be the middle of a password.
        return format!("{before}***");
    }
    let hidden = if query.is_empty() { "" } else { "?***" };
    match url.rsplit_once('@') {
        Some((_, url)) => format!("{before}***@{url}{hidden}"),
        None => format!("{before}{url}{hidden}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_told_without_their_secrets() {
        for (words, told) in [
            (&["-o", "a?b", "logs/x@y#1"][..], "-o a?b logs/x@y#1"),
            (
                &["--url", "https://x.example/a"],
                "--url https://x.example/a",
            ),
            (
                &["--url", "https://x.example/a?t=hunter2"],
                "--url https://x.example/a?***",
            ),
            (
                &["--url=https://x.example/a#hunter2"],
                "--url=https://x.example/a?***",
            ),
            (
                &["--url", "https://ada:hunter2@x.example/a"],
                "--url https://***@x.example/a",
            ),
            (
                &["--url", "https://ada:hun/ter@2@x.example/a"],
                "--url https://***@x.example/a",
            ),
            (
                &["--url", "https://ada:hunter@2?@x.example/a"],
                "--url https://***",
            ),
            (
                &["--url", "https://x.example/?user=ada@hunter2"],
                "--url https://***",
            ),
            (
                &["--router-url", "${LRS}?token=hunter2", "a?b"],
                "--router-url ${LRS}?*** a?b",
            ),
            (
                &["--router-url", "${LRS}?token=hunter2&to=https://x.example"],
                "--router-url ${LRS}?***",
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
            assert_eq!(Invocation::new(&words).words.join(" "), told);
        }
    }
}

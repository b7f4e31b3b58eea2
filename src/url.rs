//! The URLs of servers, and functions that hide the secret parts of a URL in messages.
//!
//! A URL is never normalized, because names in state directories and dead letters are made from its text.

use std::fmt;
use std::net::IpAddr;

use anyhow::{Result, bail};
use http::Uri;
use http::uri::Authority;

/// A URL with the scheme `http` or `https` and a host, without a user or a password.
#[derive(Clone, PartialEq, Eq)]
pub struct Url {
    text: String,
    uri: Uri,
}

impl Url {
    /// Parses a URL.
    ///
    /// # Errors
    /// Returns an error if the text is not such a URL, or contains a user or a password. The error shows no secret.
    pub fn parse(text: &str) -> Result<Self> {
        Self::parse_like(text, "https://lrs.example.org/xAPI")
    }

    /// Parses a URL. An error shows `example`.
    ///
    /// # Errors
    /// Returns an error as [`parse`](Self::parse) does.
    pub fn parse_like(text: &str, example: &str) -> Result<Self> {
        let starts_with = |scheme: &str| {
            let start = text.get(..scheme.len());
            start.is_some_and(|start| start.eq_ignore_ascii_case(scheme))
        };
        let is_http = starts_with("http://") || starts_with("https://");
        let uri: Option<Uri> = text.parse().ok();
        let authority = uri.as_ref().and_then(Uri::authority).map(Authority::as_str);
        if is_http && authority.is_some_and(|authority| authority.contains('@')) {
            let shown = redacted(text);
            bail!(
                "the URL `{shown}` contains credentials: remove them, and set EVENT_ROUTER_USERNAME and EVENT_ROUTER_PASSWORD, or give `--auth-file`; for a router, set its `auth_scheme`"
            );
        }
        // A port that is not a number is refused, since it may be a part of a password: `hun` in
        // `https://ada:hun/ter2@lrs.example.org`.
        let is_address = |uri: &Uri| authority == uri.host() || uri.port().is_some();
        let Some(uri) = uri.as_ref().filter(|uri| is_http && is_address(uri)) else {
            let shown = redacted(text);
            let missing = match text.contains("://") || text.is_empty() {
                true => "",
                false => ": it lacks `https://` or `http://` at the start",
            };
            bail!("`{shown}` is not a URL like {example}{missing}");
        };
        Ok(Self {
            text: text.to_owned(),
            uri: uri.clone(),
        })
    }

    /// The parsed URL.
    pub fn uri(&self) -> &Uri {
        &self.uri
    }

    /// The part before the query and the fragment. It contains no secret.
    pub fn base(&self) -> &str {
        &self.text[..base_len(&self.text)]
    }

    /// The query. It may contain a secret.
    pub fn query(&self) -> Option<&str> {
        self.uri.query()
    }

    /// Whether the scheme is `https`.
    pub fn is_encrypted(&self) -> bool {
        self.uri.scheme_str() == Some("https")
    }

    /// Whether the host is this machine.
    pub fn is_loopback(&self) -> bool {
        // In a URL, an IPv6 address stands in brackets.
        let host = self.uri.host().unwrap_or_default();
        let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
        address.map_or(host == "localhost", |address| address.is_loopback())
    }

    /// The URL with one more segment at the end of its path, without its fragment.
    ///
    /// # Errors
    /// Returns an error if the result is not a URL.
    pub fn join(&self, segment: &str) -> Result<Self> {
        let base = self.base().trim_end_matches('/');
        self.with_base(&format!("{base}/{segment}"))
    }

    /// The URL with another part before the query, without its fragment.
    ///
    /// # Errors
    /// Returns an error if the result is not a URL.
    pub fn with_base(&self, base: &str) -> Result<Self> {
        match self.query() {
            Some(query) => Self::parse(&format!("{base}?{query}")),
            None => Self::parse(base),
        }
    }
}

impl fmt::Debug for Url {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&redacted(&self.text))
    }
}

/// Replaces the user, the password, the query and the fragment of a URL by `***`. The text need not be a valid URL.
pub fn redacted(url: &str) -> String {
    // The `://` must stand before the query, since a query may contain another URL.
    let scheme_len = url[..base_len(url)].find("://").map_or(0, |at| at + 3);
    let (scheme, rest) = url.split_at(scheme_len);
    let (base, query) = rest.split_at(base_len(rest));
    if query.contains('@') {
        // The `?` or `#` may be a part of a password, so everything after the scheme is hidden.
        return format!("{scheme}***");
    }
    let hidden = if query.is_empty() { "" } else { "?***" };
    match base.rsplit_once('@') {
        Some((_, base)) => format!("{scheme}***@{base}{hidden}"),
        None => format!("{scheme}{base}{hidden}"),
    }
}

/// Hides the parts that [`redacted`] hides, if the text contains `://`. Returns any other text unchanged, and the URL of a
/// database without a password: its user and its option `ssl-mode` are no secrets, and a command that is shown to the user
/// needs them.
pub fn redacted_if_url(text: &str) -> String {
    if text.contains("://") && !is_database_without_password(text) {
        redacted(text)
    } else {
        text.to_owned()
    }
}

/// Returns whether the text is a URL like `mysql://reader@host/edxapp?ssl-mode=required`, perhaps after `--lms-db=`.
fn is_database_without_password(text: &str) -> bool {
    let url = text.strip_prefix("--lms-db=").unwrap_or(text);
    let parts = url
        .strip_prefix("mysql://")
        .and_then(|rest| rest.split_once('@'));
    let Some((user, address)) = parts else {
        return false;
    };
    let (base, query) = address.split_at(base_len(address));
    let has_only_mode = query.is_empty() || query.starts_with("?ssl-mode=");
    !user.contains([':', '/', '?', '#'])
        && !base.contains('@')
        && has_only_mode
        && !query.contains(['@', '&', '#'])
}

/// The length of a URL without its query and fragment.
fn base_len(url: &str) -> usize {
    url.find(['?', '#']).unwrap_or(url.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_knows_its_parts_and_keeps_its_text() {
        let url = Url::parse("https://LRS.example:8443/a/../xAPI/?token=hunter2#f").unwrap();
        assert_eq!(url.base(), "https://LRS.example:8443/a/../xAPI/");
        assert_eq!(url.query(), Some("token=hunter2"));
        assert!(url.is_encrypted());
        assert_eq!(
            format!("{url:?}"),
            "https://LRS.example:8443/a/../xAPI/?***"
        );
        assert_eq!(
            url.join("statements").unwrap().text,
            "https://LRS.example:8443/a/../xAPI/statements?token=hunter2"
        );
    }

    #[test]
    fn the_scheme_may_be_in_capitals() {
        for (url, is_encrypted) in [("HTTPS://a/x", true), ("Http://a/x", false)] {
            let url = Url::parse(url).unwrap();
            assert_eq!(url.is_encrypted(), is_encrypted);
            assert_eq!(url.base(), url.text);
        }
    }

    #[test]
    fn a_loopback_host_is_this_machine() {
        for (url, expected) in [
            ("http://lrs.example/xAPI", false),
            ("http://127.0.0.1:80/xAPI", true),
            ("http://localhost/xAPI", true),
            ("http://[::1]:8080/xAPI", true),
            ("http://localhost.example/xAPI", false),
            ("http://127.0.0.1.example", false),
        ] {
            assert_eq!(Url::parse(url).unwrap().is_loopback(), expected, "{url}");
        }
    }

    #[test]
    fn errors_do_not_show_secrets() {
        for text in [
            "https://ada:hunter2@x.example/a",
            "https://ada:hun/ter2@x.example/a",
            "ftp://ada:hunter2@x.example",
            "HTTPS://ada:hunter2@x.example/",
            "x.example/hunter 2?hunter2",
            "https://?hunter2",
            "https:///a?hunter2",
            "https://x.example/a b?hunter2",
            "x.example?to=https://hunter2",
            "${NO_SUCH_VARIABLE}#://hunter2",
        ] {
            let error = Url::parse(text).unwrap_err().to_string();
            assert!(!error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn user_password_query_and_fragment_are_hidden() {
        for (url, shown) in [
            ("https://x.example/a", "https://x.example/a"),
            ("https://x.example/a?t=hunter2", "https://x.example/a?***"),
            ("https://x.example/a#hunter2", "https://x.example/a?***"),
            ("https://ada:hunter2@x.example/a", "https://***@x.example/a"),
            (
                "https://ada:hun/ter@2@x.example/a",
                "https://***@x.example/a",
            ),
            ("https://ada:hunter@2?@x.example/a", "https://***"),
            ("https://x.example/?user=ada@hunter2", "https://***"),
            ("${LRS}?token=hunter2&to=https://x.example", "${LRS}?***"),
            ("ada:hunter2@x.example", "***@x.example"),
        ] {
            assert_eq!(redacted(url), shown);
        }
    }

    #[test]
    fn text_without_a_url_or_a_secret_is_shown_as_it_is() {
        for text in [
            "a?b",
            "logs/x@y#1",
            "",
            "mysql://reader@db:3307/edxapp?ssl-mode=required",
            "--lms-db=mysql://reader@db/edxapp",
        ] {
            assert_eq!(redacted_if_url(text), text);
        }
        for text in [
            "mysql://reader:hunter2@db/edxapp",
            "mysql://reader@hunter2@db/edxapp",
            "mysql://reader:hun@ter2@db/edxapp",
            "mysql://hunter2#@db/edxapp",
            "mysql://db/edxapp?password=hunter2",
            "mysql://reader@db/edxapp?ssl-mode=required&password=hunter2",
            "https://ada@hunter2/?mysql://reader@db",
        ] {
            let shown = redacted_if_url(text);
            assert!(!shown.contains("hunter2"), "{shown}");
        }
        assert_eq!(
            redacted_if_url("HTTPS://ada:hunter2@x.example?x"),
            "HTTPS://***@x.example?***"
        );
    }
}

//! Advice about answers that most requests to a server would get: what to change so that requests succeed.

use super::http::{Answer, Loss, Response};
use crate::url::{Url, redacted};

/// The advice if a server needs credentials, and the request had none.
const NO_CREDENTIALS: &str = "no credentials were given: set EVENT_ROUTER_USERNAME and EVENT_ROUTER_PASSWORD, or \
    EVENT_ROUTER_TOKEN, or give `--auth-file`; for a router, set its `auth_scheme`";

/// The segment that requests to an LRS add to its URL.
const STATEMENTS: &str = "/statements";

/// Returns what to change so that requests to a URL succeed, if the answer shows it. `has_credentials` says whether the
/// request had credentials.
pub fn advice(requested: &Url, has_credentials: bool, answer: &Answer) -> Option<String> {
    match answer {
        Answer::Response(response) => match response.status {
            200..=299 if is_web_page(response) => {
                Some("a web page answers, perhaps one to log in: check the URL".to_owned())
            }
            300..=399 => Some(about_redirect(requested, response)),
            400 if refuses_plain_http(requested, response) => Some(use_https(requested)),
            401 | 403 if !has_credentials => Some(NO_CREDENTIALS.to_owned()),
            401 => Some(
                "the server does not accept the credentials: check the username and password, or the token"
                    .to_owned(),
            ),
            403 => Some(
                "the credentials do not allow this request: check what they allow, or give others"
                    .to_owned(),
            ),
            402 => Some(
                "the server asks for a payment: ask its operator about the account".to_owned(),
            ),
            404 | 405 | 410 | 501 => Some(about_path(requested)),
            407 => Some(
                "no proxy is set for this server, and yet the answer is that of a proxy: check the host and the port"
                    .to_owned(),
            ),
            411 => Some(
                "a proxy has probably changed the request, which has a length: exclude the server with no_proxy, or send to it directly"
                    .to_owned(),
            ),
            415 => Some(
                "the server does not take JSON at this URL: check the path of the URL".to_owned(),
            ),
            _ => None,
        },
        Answer::Lost(Loss { reason, .. }) | Answer::Impossible(reason) => {
            about_error(requested, reason)
        }
    }
}

/// Returns what to check after an answer to a probe that does not show what to change.
pub fn general_advice(answer: &Answer) -> &'static str {
    let status = match answer {
        Answer::Response(response) => response.status,
        Answer::Lost(_) => {
            return "check the host and the port, and whether the server is running, or try again later";
        }
        Answer::Impossible(_) => return "check the URL, and the settings of TLS and of proxies",
    };
    match status {
        200..=299 => "this is not the answer of an LRS, so check the URL",
        400 | 422 => "the server does not take a usual request: check the path of the URL",
        408 | 425 | 429 => "the server is busy: try again later",
        502..=504 => {
            "the server behind this address does not answer: check whether it is running, or try again later"
        }
        500.. => "the server fails: read its log, or try again later",
        _ => "check the URL, and what the server says",
    }
}

/// Returns whether the body is HTML.
pub fn is_web_page(response: &Response) -> bool {
    let body = response.body.trim_ascii_start();
    let start = body[..body.len().min(15)].to_ascii_lowercase();
    start.starts_with(b"<!doctype html") || start.starts_with(b"<html")
}

/// Returns whether a server that expects TLS answered a request without TLS. Common servers say so in the text of a 400.
fn refuses_plain_http(requested: &Url, response: &Response) -> bool {
    // The sentences of nginx, Go, Apache and Tomcat.
    const SENTENCES: [&str; 4] = [
        "plain http request was sent to https port",
        "http request to an https server",
        "ssl-enabled server port",
        "combination of host and port requires tls",
    ];
    let text = String::from_utf8_lossy(&response.body).to_ascii_lowercase();
    !requested.is_encrypted() && SENTENCES.iter().any(|sentence| text.contains(sentence))
}

fn use_https(requested: &Url) -> String {
    let url = https_url(requested);
    format!("the server expects TLS at this port: use `{url}`")
}

fn https_url(requested: &Url) -> String {
    let url = given_url(requested.base());
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    format!("https://{rest}")
}

/// Returns the URL that was given, without the segments that requests to an LRS add.
fn given_url(requested: &str) -> &str {
    let url = requested.trim_end_matches('/');
    let given = url.strip_suffix(STATEMENTS);
    given.or(url.strip_suffix("/about")).unwrap_or(requested)
}

fn about_redirect(requested: &Url, response: &Response) -> String {
    let base = requested.base();
    let Some(location) = response.header("location") else {
        return "the server redirects without saying where to: check the URL".to_owned();
    };
    let origin_end = base
        .match_indices('/')
        .nth(2)
        .map_or(base.len(), |(at, _)| at);
    let (scheme, origin) = (base.split("//").next().unwrap_or(base), &base[..origin_end]);
    let location = match location {
        _ if location.starts_with("//") => format!("{scheme}{location}"),
        _ if location.starts_with('/') => format!("{origin}{location}"),
        _ => location.to_owned(),
    };
    let shown = redacted(&location);
    let Ok(url) = Url::parse(&location) else {
        return format!("the server redirects to `{shown}`: check the URL");
    };
    let (old, new) = (given_url(base), given_url(url.base()));
    // A redirect to a page to log in leads to no other address of the server.
    let name = |url: &str| {
        url.trim_end_matches('/')
            .rsplit('/')
            .next()
            .map(str::to_owned)
    };
    let keeps_path = match old == base {
        true => name(old) == name(url.base()),
        false => new != url.base(),
    };
    if keeps_path && old != new {
        format!("the server redirects to `{shown}`: use `{new}`")
    } else {
        format!(
            "the server redirects to `{shown}`: check the URL; if that is a page to log in, check the credentials"
        )
    }
}

fn about_path(requested: &Url) -> String {
    let base = requested.base();
    let given = given_url(base);
    if given.trim_end_matches('/').ends_with(STATEMENTS) {
        let url = given_url(given);
        return format!(
            "`--url`, or `route_url` of a router, must not end in `/statements`: use `{url}`"
        );
    }
    if given != base && !given.to_ascii_lowercase().contains("/xapi") {
        let url = given.trim_end_matches('/');
        return format!("the URLs of most LRSs end in `/xAPI`: try `{url}/xAPI`");
    }
    "there is nothing that takes this request: check the path of the URL".to_owned()
}

fn about_error(requested: &Url, error: &str) -> Option<String> {
    let error = error.to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| error.contains(word));
    if has(&["causedasendentity"]) {
        return Some(
            "the server shows the certificate of an authority, which is not valid for a server: give the server a certificate that is not one of an authority (CA:FALSE), and its authority with `--ca-file`"
                .to_owned(),
        );
    }
    if has(&["peer certificate"]) {
        return Some(if has(&["expired", "not yet valid", "notvalidyet"]) {
            "the certificate is not valid now: renew it, or set the clock of this machine"
                .to_owned()
        } else if has(&["not valid for name", "notvalidforname"]) {
            "the certificate belongs to another host: use a host name that the certificate has"
                .to_owned()
        } else {
            "give the certificate of the authority that signed the server's with `--ca-file`"
                .to_owned()
        });
    }
    if has(&["invalidcontenttype", "corrupt message"]) {
        let url = given_url(requested.base()).replacen("https://", "http://", 1);
        return Some(format!(
            "the server speaks no TLS at this port: use the port for TLS, or `{url}`"
        ));
    }
    let is_plain = !requested.is_encrypted();
    if is_plain && has(&["connection reset", "disconnected", "unexpected eof"]) {
        let url = https_url(requested);
        return Some(format!(
            "the server closes the connection: check whether it is running; if it expects TLS at this port, use `{url}`"
        ));
    }
    // The server may have answered with an error of TLS.
    (has(&["http parse fail"]) && is_plain).then(|| {
        let expects = use_https(requested);
        format!("the answer is not HTTP; perhaps {expects}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(url: &str, has_credentials: bool, answer: &Answer) -> String {
        let url = Url::parse(url).unwrap();
        advice(&url, has_credentials, answer).unwrap_or_default()
    }

    fn answer(status: u16, location: &str, body: &str) -> Answer {
        let mut response = Response {
            status,
            body: body.into(),
            ..Response::default()
        };
        if !location.is_empty() {
            let location = location.parse().unwrap();
            response.headers.insert("location", location);
        }
        Answer::Response(response)
    }

    #[test]
    fn the_status_says_what_to_change() {
        let page = "\n<!DOCTYPE html><html>";
        for (url, status, body, expected) in [
            (
                "https://a/xAPI/statements",
                401,
                "",
                "does not accept the credentials",
            ),
            (
                "https://a/xAPI/statements",
                403,
                "",
                "do not allow this request",
            ),
            (
                "https://a/xAPI/statements/statements",
                404,
                "",
                "must not end in `/statements`: use `https://a/xAPI`",
            ),
            (
                "https://a/statements?k=secret",
                404,
                "",
                "try `https://a/xAPI`",
            ),
            (
                "https://a:8/lrs/statements",
                405,
                "",
                "try `https://a:8/lrs/xAPI`",
            ),
            ("https://a/xapi/statements", 404, "", "check the path"),
            ("https://a/caliper", 404, "", "check the path"),
            ("https://a/xAPI/statements", 200, page, "a web page"),
            (
                "http://a:443/xAPI/statements",
                400,
                "The plain HTTP request was sent to HTTPS port",
                "use `https://a:443/xAPI`",
            ),
            (
                "http://a/xAPI/statements",
                400,
                "`https://w3id.org/xapi` is no valid verb",
                "",
            ),
            (
                "https://a/xAPI/statements",
                400,
                "The plain HTTP request was sent to HTTPS port",
                "",
            ),
            ("https://a/xAPI/statements", 400, "bad", ""),
            ("https://a/xAPI/statements", 500, page, ""),
        ] {
            let given = of(url, true, &answer(status, "", body));
            let fits = given.contains(expected) && given.is_empty() == expected.is_empty();
            assert!(fits, "{url} {status}: {given}");
            assert!(!given.contains("secret"), "{given}");
        }
        for status in [401, 403] {
            let given = of("https://a/xAPI/statements", false, &answer(status, "", ""));
            assert!(given.contains("no credentials were given"), "{given}");
        }
    }

    #[test]
    fn a_redirect_names_the_url_to_use() {
        for (requested, location, expected) in [
            (
                "http://a/xAPI/statements",
                "https://a/xAPI/statements?k=secret",
                "use `https://a/xAPI`",
            ),
            (
                "http://a/xAPI/statements",
                "/lrs/xAPI/statements",
                "use `http://a/lrs/xAPI`",
            ),
            (
                "http://a/xAPI/statements",
                "//b/xAPI/statements",
                "use `http://b/xAPI`",
            ),
            (
                "http://a/xAPI/about",
                "https://a/xAPI/about",
                "use `https://a/xAPI`",
            ),
            (
                "http://a/caliper",
                "https://a/caliper",
                "use `https://a/caliper`",
            ),
            ("http://a/caliper", "/login", "`http://a/login`: check"),
            (
                "http://a/xAPI/statements",
                "https://a/login?next=secret",
                "to `https://a/login?***`: check",
            ),
            (
                "http://a/xAPI/statements",
                "http://a/xAPI/statements/",
                "`: check",
            ),
            ("http://a/xAPI/statements", "login", "`login`: check"),
            ("http://a/xAPI/statements", "", "without saying where to"),
        ] {
            let given = of(requested, true, &answer(308, location, ""));
            assert!(given.contains(expected), "{location}: {given}");
            assert!(!given.contains("secret"), "{given}");
        }
    }

    #[test]
    fn an_error_of_the_connection_says_what_to_change() {
        let url = "https://a/xAPI/statements";
        for (url, error, expected) in [
            (
                url,
                "io: invalid peer certificate: UnknownIssuer",
                "`--ca-file`",
            ),
            (
                url,
                "io: invalid peer certificate: certificate expired: verification time 1",
                "not valid now",
            ),
            (
                url,
                "io: invalid peer certificate: certificate not valid for name \"a\"",
                "another host",
            ),
            (
                url,
                "io: received corrupt message of type InvalidContentType",
                "or `http://a/xAPI`",
            ),
            (
                "http://a:8/x/statements",
                "protocol: http parse fail: invalid HTTP version",
                "`https://a:8/x`",
            ),
            (url, "protocol: http parse fail: invalid HTTP version", ""),
            (url, "io: Connection refused (os error 111)", ""),
            (url, "io: Connection reset by peer (os error 104)", ""),
            (
                "http://a:8/x/statements",
                "io: Connection reset by peer (os error 104)",
                "use `https://a:8/x`",
            ),
            (
                url,
                "io: invalid peer certificate: Other(OtherError(CaUsedAsEndEntity))",
                "the certificate of an authority",
            ),
        ] {
            let given = of(url, true, &Answer::Impossible(error.to_owned()));
            let fits = given.contains(expected) && given.is_empty() == expected.is_empty();
            assert!(fits, "{error}: {given}");
        }
    }
}

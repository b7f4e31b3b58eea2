//! The address of the LMS, as events tell it.

use std::borrow::Cow;

/// Returns the address of the LMS from which an event comes, such as `https://courses.example.org`: the origin of its page
/// if the page is on the host that received the event. Pages of microfrontends are on other hosts. The scheme of a host alone
/// is a guess.
pub fn site_of<'a>(host: Option<&str>, page: Option<&'a str>) -> Option<Cow<'a, str>> {
    match (host, page.and_then(origin_of)) {
        (Some(host), Some(origin)) if authority_of(origin) == host => Some(origin.into()),
        (Some(host), _) if is_host(host) => Some(format!("https://{host}").into()),
        (_, origin) => origin.map(Cow::Borrowed),
    }
}

/// Returns the scheme and the authority of an address, such as `https://courses.example.org`.
pub fn origin_of(address: &str) -> Option<&str> {
    let rest = address.strip_prefix("https://");
    let rest = rest.or_else(|| address.strip_prefix("http://"))?;
    let end = memchr::memchr(b'/', rest.as_bytes()).unwrap_or(rest.len());
    let origin = &address[..address.len() - rest.len() + end];
    is_host(&rest[..end]).then_some(origin)
}

/// Returns the authority of an origin, such as `courses.example.org`.
fn authority_of(origin: &str) -> &str {
    origin.split_once("://").map_or(origin, |(_, host)| host)
}

fn is_host(text: &str) -> bool {
    let is_of_host = |c: u8| c.is_ascii_alphanumeric() || b"-.:".contains(&c);
    text.contains(['.', ':']) && text.bytes().all(is_of_host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_site_is_the_host_that_received_the_event() {
        for (host, page, site) in [
            (
                Some("a.org"),
                Some("http://a.org/x?y"),
                Some("http://a.org"),
            ),
            (
                Some("a.org"),
                Some("https://apps.a.org/x"),
                Some("https://a.org"),
            ),
            (None, Some("https://a.org:80"), Some("https://a.org:80")),
            (Some("lms"), Some("https://a.org/"), Some("https://a.org")),
            (Some("a.org"), None, Some("https://a.org")),
            (None, Some("/courses/x"), None),
            (Some("<script>."), Some("https://<script>./"), None),
        ] {
            assert_eq!(site_of(host, page).as_deref(), site, "{host:?} {page:?}");
        }
    }
}

//! The proxy that requests go through.

use anyhow::{Result, anyhow, bail};
use ureq::http::Uri;
use ureq::{Proxy, ProxyProtocol};

/// Returns the proxy named by `HTTP_PROXY` or `HTTPS_PROXY`, depending on the URL's scheme, or else by `ALL_PROXY`.
/// Returns `None` for hosts in `NO_PROXY`. All of these variables may be in lower case.
///
/// # Errors
/// Returns an error that names the variable if its value is not the URL of an HTTP proxy.
pub fn proxy_for(url: &Uri) -> Result<Option<Proxy>> {
    // ureq is asked about `NO_PROXY` only. ureq itself would choose the first proxy that is set, whatever the scheme
    // is.
    if Proxy::try_from_env().is_some_and(|any| any.is_no_proxy(url)) {
        return Ok(None);
    }
    let scheme = url.scheme_str().unwrap_or_default();
    for name in [format!("{scheme}_proxy"), "all_proxy".to_owned()] {
        for name in [name.to_uppercase(), name] {
            if let Some(proxy) = std::env::var(&name).ok().filter(|proxy| !proxy.is_empty()) {
                let proxy = Proxy::new(&proxy).map_err(|_| {
                    anyhow!("the variable {name} is not the URL of a proxy like http://HOST:PORT")
                })?;
                if !matches!(proxy.protocol(), ProxyProtocol::Http | ProxyProtocol::Https) {
                    bail!(
                        "the variable {name} names a SOCKS proxy, which is not supported: name an HTTP proxy, or exclude the server with no_proxy"
                    );
                }
                return Ok(Some(proxy));
            }
        }
    }
    Ok(None)
}

/// Returns the URL of a proxy without its credentials.
pub fn name_of(proxy: &Proxy) -> String {
    let scheme = proxy.uri().scheme_str().unwrap_or("http");
    format!("{scheme}://{}:{}", proxy.host(), proxy.port())
}

/// Returns the reason why a proxy does not let requests through, given the status with which the proxy itself answered.
/// Returns `None` if the failure may be temporary.
pub fn refusal(status: u16) -> Option<&'static str> {
    match status {
        403 => Some(
            "the proxy answered 403: it does not allow requests to this server; allow them there, or exclude the server with no_proxy",
        ),
        407 => Some(
            "the proxy answered 407: give its credentials in the environment variable that names the proxy, as in http://USER:PASSWORD@HOST:PORT",
        ),
        _ => None,
    }
}

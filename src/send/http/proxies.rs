//! The proxy that requests go through.

use anyhow::{Result, anyhow};
use ureq::Proxy;
use ureq::http::Uri;

/// Returns the proxy named by `HTTP_PROXY` or `HTTPS_PROXY`, depending on the URL's scheme, or else by `ALL_PROXY`.
/// Returns `None` for hosts in `NO_PROXY`. All of these variables may be in lower case.
///
/// # Errors
/// Returns an error that names the variable if its value is not the URL of a proxy.
pub fn proxy_for(url: &Uri) -> Result<Option<Proxy>> {
    // ureq takes the first proxy that is set, whatever its scheme, but reads `NO_PROXY` correctly.
    if Proxy::try_from_env().is_some_and(|any| any.is_no_proxy(url)) {
        return Ok(None);
    }
    let scheme = url.scheme_str().unwrap_or_default();
    for name in [format!("{scheme}_proxy"), "all_proxy".to_owned()] {
        for name in [name.to_uppercase(), name] {
            if let Some(proxy) = std::env::var(&name).ok().filter(|proxy| !proxy.is_empty()) {
                let proxy = Proxy::new(&proxy)
                    .map_err(|_| anyhow!("the variable {name} is not the URL of a proxy"))?;
                return Ok(Some(proxy));
            }
        }
    }
    Ok(None)
}

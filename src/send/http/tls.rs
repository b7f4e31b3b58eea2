//! The way to a server: which certificates are trusted, and which proxy is gone through.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, anyhow, bail};
use ureq::Proxy;
use ureq::http::Uri;
use ureq::tls::{Certificate, PemItem, RootCerts, parse_pem};

/// The certificates of the system, with those of a file.
///
/// # Errors
/// The file cannot be read or holds none.
pub fn root_certificates(ca_file: Option<&Path>) -> Result<RootCerts> {
    // What of the system cannot be read is missing: then a server that needs it is not trusted.
    let mut certificates: Vec<Certificate<'static>> = rustls_native_certs::load_native_certs()
        .certs
        .iter()
        .map(|certificate| Certificate::from_der(certificate).to_owned())
        .collect();
    if let Some(path) = ca_file {
        let name = path.display();
        let pem = fs::read(path).with_context(|| format!("failed to read `{name}`"))?;
        let before = certificates.len();
        for item in parse_pem(&pem) {
            let item = item.with_context(|| format!("`{name}` is no PEM file"))?;
            if let PemItem::Certificate(certificate) = item {
                certificates.push(certificate);
            }
        }
        if certificates.len() == before {
            bail!("`{name}` holds no certificate in PEM form");
        }
    }
    Ok(RootCerts::new_with_certs(&certificates))
}

/// The proxy of the usual variables: that of the scheme, else that of all. `NO_PROXY` is read with it.
pub fn proxy_for(url: &Uri) -> Result<Option<Proxy>> {
    // It takes the first proxy that there is, but knows the hosts without one.
    if Proxy::try_from_env().is_some_and(|any| any.is_no_proxy(url)) {
        return Ok(None);
    }
    let scheme = url.scheme_str().unwrap_or_default();
    for name in [format!("{scheme}_proxy"), "all_proxy".to_owned()] {
        for name in [name.to_uppercase(), name] {
            if let Some(proxy) = std::env::var(&name).ok().filter(|proxy| !proxy.is_empty()) {
                let proxy = Proxy::new(&proxy)
                    .map_err(|_| anyhow!("the variable {name} holds no URL of a proxy"))?;
                return Ok(Some(proxy));
            }
        }
    }
    Ok(None)
}

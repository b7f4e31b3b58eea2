//! The certificates that are trusted.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use ureq::tls::{Certificate, PemItem, RootCerts, parse_pem};

/// Loads the system's certificates, and the certificates in a PEM file if one is given.
///
/// # Errors
/// Returns an error that names the file if it cannot be read or holds no certificate.
pub fn root_certificates(ca_file: Option<&Path>) -> Result<RootCerts> {
    // System certificates that cannot be read are skipped. A server that needs one of them is then not trusted.
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
            let item = item.with_context(|| format!("`{name}` is not a PEM file"))?;
            if let PemItem::Certificate(certificate) = item {
                certificates.push(certificate);
            }
        }
        if certificates.len() == before {
            bail!(
                "`{name}` holds no certificate in PEM form: give `--ca-file` a file with a BEGIN CERTIFICATE line"
            );
        }
    }
    Ok(RootCerts::new_with_certs(&certificates))
}

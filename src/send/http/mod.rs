//! HTTP: the client, TLS and proxies. The only module that names ureq.

mod client;
mod tls;

pub use client::{Client, ClientOptions, Protocol, StatementBy};
pub use tls::root_certificates;

//! HTTP: the client, TLS, proxies and the redaction of answers. The only module that names ureq.

mod client;
mod forward;
mod proxies;
mod redaction;
mod tls;

pub use client::{Answer, Client, ClientOptions, Resource, Response};
pub use tls::root_certificates;

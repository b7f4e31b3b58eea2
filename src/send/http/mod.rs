//! HTTP: the client, TLS, proxies and the redaction of answers. The only module that names ureq.

mod answer;
mod client;
mod early_answer;
mod forward;
mod proxies;
mod redaction;
mod tls;

pub use answer::{Answer, Loss, LossKind, Response};
pub use client::{Client, ClientOptions, Resource};
pub use tls::root_certificates;

//! The options that decide where and how is sent, the same in `send` and `recover`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, value_parser};

use crate::send::{Backoff, BatchLimits, ClientOptions, DeliverySettings};

/// More connections would be an attack.
const MAX_CONNECTIONS: i64 = 64;

#[derive(Args, Debug)]
#[command(next_help_heading = "Sending")]
pub struct DeliveryArgs {
    /// Where to send: the URL of an LRS, below which there is `statements`, or of a Caliper endpoint
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,

    /// Of the routers, only those with this URL
    #[arg(long, value_name = "URL")]
    pub router_url: Vec<String>,

    /// A JSON file with a username and password, or a token (or EVENT_ROUTER_USERNAME and EVENT_ROUTER_PASSWORD, or
    /// EVENT_ROUTER_TOKEN)
    #[arg(long, value_name = "FILE")]
    auth_file: Option<PathBuf>,

    /// How many statements or events are sent at once
    #[arg(long, value_name = "N", default_value_t = 500, value_parser = value_parser!(u32).range(1..=100_000))]
    batch_size: u32,

    /// How large the body of a request is, before compression
    #[arg(long, value_name = "BYTES", default_value_t = 4 << 20, value_parser = value_parser!(u32).range(1..=256 << 20))]
    batch_bytes: u32,

    /// Send the bodies of requests as gzip
    #[arg(long)]
    compress_requests: bool,

    /// Caliper: send an array of envelopes with one event each, as the reference does
    #[arg(long)]
    pub caliper_array: bool,

    /// How many connections to each router
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = value_parser!(u16).range(1..=MAX_CONNECTIONS))]
    connections: u16,

    /// How many requests a second to each router at the most
    #[arg(long, value_name = "N", value_parser = rate)]
    rate: Option<f64>,

    /// How long a connection may take
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = seconds)]
    connect_timeout: Duration,

    /// How long the server may take to answer
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = seconds)]
    read_timeout: Duration,

    /// How long a request may take in all
    #[arg(long, value_name = "SECONDS", default_value = "300", value_parser = seconds)]
    request_timeout: Duration,

    /// How often a request is made again when the server does not answer, fails, or says to wait
    #[arg(long, value_name = "N", default_value_t = 8)]
    max_retries: u32,

    /// How long to wait before the first time; each time doubles it
    #[arg(long, value_name = "SECONDS", default_value = "1", value_parser = seconds)]
    retry_delay: Duration,

    /// A PEM file with certificates to trust beside the system's
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,

    /// Make no request, and say what would be sent
    #[arg(long)]
    pub dry_run: bool,
}

impl DeliveryArgs {
    /// Returns the settings that these options stand for.
    pub fn settings(&self) -> DeliverySettings {
        DeliverySettings {
            url: self.url.clone(),
            auth_file: self.auth_file.clone(),
            router_urls: self.router_url.clone(),
            limits: BatchLimits {
                items: self.batch_size as usize,
                bytes: self.batch_bytes as usize,
            },
            caliper_array: self.caliper_array,
            rate: self.rate,
            backoff: Backoff {
                first: self.retry_delay,
                max_retries: self.max_retries,
            },
            client: ClientOptions {
                connect_timeout: self.connect_timeout,
                read_timeout: self.read_timeout,
                request_timeout: self.request_timeout,
                compress: self.compress_requests,
                connections: usize::from(self.connections),
                dry_run: self.dry_run,
            },
            ca_file: self.ca_file.clone(),
        }
    }

    /// The files that these options name.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        [&self.auth_file, &self.ca_file]
            .into_iter()
            .flatten()
            .map(PathBuf::as_path)
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok();
    seconds
        .filter(|seconds| (0.001..=86400.0).contains(seconds))
        .map(Duration::from_secs_f64)
        .ok_or_else(|| "a number of seconds from 0.001 to 86400 is needed".to_owned())
}

fn rate(text: &str) -> Result<f64, String> {
    let rate = text.parse().ok();
    rate.filter(|rate| (0.001..=100_000.0).contains(rate))
        .ok_or_else(|| "a number of requests from 0.001 to 100000 is needed".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_positive_numbers_of_this_world() {
        assert_eq!(seconds("0.5").unwrap(), Duration::from_millis(500));
        for text in ["0", "-1", "NaN", "inf", "1e9", "1s", ""] {
            assert!(seconds(text).is_err(), "{text}");
        }
    }
}

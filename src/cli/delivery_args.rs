//! The options about the servers and the requests to them, the same in `send` and `recover`.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Result, bail};
use clap::Args;

use super::size::{number_in, size_in};
use crate::send::{
    Backoff, BatchLimits, ClickHouseSettings, ClientOptions, DeliverySettings, TableName,
};
use crate::time::parse_seconds;

/// The most connections that can be set, since very many connections could overload a server.
const MAX_CONNECTIONS: u16 = 64;

#[derive(Args, Debug)]
#[command(next_help_heading = "Sending")]
pub struct DeliveryArgs {
    /// Send to this URL: an LRS, without `/statements` at the end, or a Caliper endpoint
    #[arg(long, value_name = "URL")]
    url: Option<String>,

    /// Insert rows into ClickHouse at this URL of its HTTP interface, such as http://clickhouse:8123; needs
    /// --clickhouse-table
    #[arg(long, value_name = "URL")]
    clickhouse_url: Option<String>,

    /// Insert rows into this table, such as openedx.xapi_events_all
    #[arg(long, value_name = "DATABASE.TABLE")]
    clickhouse_table: Option<String>,

    /// Send only records for the routers with this URL; may be given several times
    #[arg(long, value_name = "URL")]
    router_url: Vec<String>,

    /// Read the credentials for --url or --clickhouse-url from this JSON file: a username and a password, or a token (or set
    /// EVENT_ROUTER_USERNAME and EVENT_ROUTER_PASSWORD, or EVENT_ROUTER_TOKEN)
    #[arg(long, value_name = "FILE")]
    auth_file: Option<PathBuf>,

    /// Send at most this many statements or events in one request [default: 500, or 20000 to ClickHouse]
    #[arg(long, value_name = "N", value_parser = number_in::<u32>(1..=100_000))]
    batch_size: Option<u32>,

    /// Send at most this many bytes in one request, before compression [default: 4M, or 32M to ClickHouse]
    #[arg(long, value_name = "SIZE", value_parser = size_in(1..=256 << 20))]
    batch_bytes: Option<u64>,

    /// Compress the bodies of requests with gzip, as those to ClickHouse always are
    #[arg(long)]
    compress_requests: bool,

    /// Caliper: send an array of envelopes with one event each, as the Python package edx-event-routing-backends does
    #[arg(long)]
    caliper_array: bool,

    /// Open at most this many connections to --url or to each router: more while the server can handle them [default: 4, or
    /// 2 to ClickHouse]
    #[arg(long, value_name = "N", value_parser = number_in::<u16>(1..=MAX_CONNECTIONS))]
    connections: Option<u16>,

    /// Make at most this many requests per second to --url or to each router
    #[arg(long, value_name = "N", value_parser = rate)]
    rate: Option<f64>,

    /// Wait at most this long for a connection
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = seconds)]
    connect_timeout: Duration,

    /// Wait at most this long for the server to take more of a request, for an answer to start, and again for its body
    /// [default: 60, or 600 for ClickHouse]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    read_timeout: Option<Duration>,

    /// Wait at most this long for a request and its answer together [default: 300, or 900 for ClickHouse]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    request_timeout: Option<Duration>,

    /// Retry a request at most this many times if the server does not answer, fails, or asks to wait
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = number_in(0..=u32::MAX))]
    max_retries: u32,

    /// Wait this long before the first retry, and twice as long before each further one
    #[arg(long, value_name = "SECONDS", default_value = "1", value_parser = seconds)]
    retry_delay: Duration,

    /// Stop before more than this many statements or events of a router are in dead letters [default: 1000 or the number
    /// of accepted ones, whichever is larger]
    #[arg(long, value_name = "N", value_parser = number_in(0..=u64::MAX))]
    max_dead_letters: Option<u64>,

    /// Trust the certificates in this PEM file, in addition to the system's
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,

    /// Make no requests, and show how many records would be delivered
    #[arg(long)]
    pub dry_run: bool,
}

impl DeliveryArgs {
    /// Returns the settings that these options stand for.
    ///
    /// # Errors
    /// Returns an error if one of the options for ClickHouse is missing or wrong.
    pub fn settings(&self) -> Result<DeliverySettings> {
        let clickhouse = self.clickhouse()?;
        let (items, bytes, connections) = match clickhouse {
            None => (500, 4 << 20, 4),
            Some(_) => (20_000, 32 << 20, 2),
        };
        // An insert that is not answered may go on, so that a lookup does not find its rows yet.
        let (read, request) = match clickhouse {
            None => (60, 300),
            Some(_) => (600, 900),
        };
        Ok(DeliverySettings {
            url: self.url.clone(),
            clickhouse,
            auth_file: self.auth_file.clone(),
            router_urls: self.router_url.clone(),
            limits: BatchLimits {
                items: self.batch_size.unwrap_or(items) as usize,
                bytes: usize::try_from(self.batch_bytes.unwrap_or(bytes)).unwrap_or(usize::MAX),
            },
            caliper_array: self.caliper_array,
            rate: self.rate,
            backoff: Backoff {
                first: self.retry_delay,
                max_retries: self.max_retries,
            },
            max_dead_letters: self.max_dead_letters,
            client: ClientOptions {
                connect_timeout: self.connect_timeout,
                read_timeout: self.read_timeout.unwrap_or(Duration::from_secs(read)),
                request_timeout: self.request_timeout.unwrap_or(Duration::from_secs(request)),
                compress: self.compress_requests,
                connections: usize::from(self.connections.unwrap_or(connections)),
                dry_run: self.dry_run,
            },
            ca_file: self.ca_file.clone(),
        })
    }

    fn clickhouse(&self) -> Result<Option<ClickHouseSettings>> {
        match (&self.clickhouse_url, &self.clickhouse_table) {
            (None, None) => Ok(None),
            (Some(url), Some(table)) => Ok(Some(ClickHouseSettings {
                url: url.clone(),
                table: TableName::parse(table)?,
            })),
            (Some(_), None) => bail!(
                "`--clickhouse-url` needs `--clickhouse-table`, such as `openedx.xapi_events_all`"
            ),
            (None, Some(_)) => bail!(
                "`--clickhouse-table` needs `--clickhouse-url`, such as `http://clickhouse:8123`"
            ),
        }
    }
}

fn seconds(text: &str) -> std::result::Result<Duration, String> {
    parse_seconds(text).ok_or_else(|| "must be a number of seconds from 0.001 to 86400".to_owned())
}

fn rate(text: &str) -> std::result::Result<f64, String> {
    let rate = text.parse().ok();
    rate.filter(|rate| (0.001..=100_000.0).contains(rate))
        .ok_or_else(|| "must be a number of requests from 0.001 to 100000".to_owned())
}

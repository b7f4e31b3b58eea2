//! Whether rows can be inserted, and what to change so that they can.

use memchr::memmem;

use super::super::http::{Answer, Client, Response};
use super::super::server::{Finding, LookupFailure, Probe};
use super::exception::code_of;
use super::queries::{COLUMNS, SETTINGS};
use super::table::TableName;
use super::table_reader::TableReader;

/// Reads the columns of the table, and inserts no row.
pub fn probe(reader: &TableReader, client: &Client) -> Probe {
    let (answer, finding) = match reader.check_columns(client) {
        Err(LookupFailure::Answer(failure)) => (failure.0, Finding::Unusable),
        Err(LookupFailure::Unusable(problem)) => {
            let answer = Answer::Response(Response {
                status: 200,
                ..Response::default()
            });
            (answer, Finding::Wrong(problem))
        }
        Ok(()) => {
            let answer = reader.insert_nothing(client);
            let finding = match &answer {
                Answer::Response(response) if response.status == 200 => Finding::Usable(format!(
                    "ClickHouse answers, and rows can be read from `{0}` and inserted into it",
                    reader.table
                )),
                _ => Finding::Unusable,
            };
            (answer, finding)
        }
    };
    Probe { answer, finding }
}

/// Returns what to change after an answer with an exception. `has_credentials` says whether the request had credentials.
pub fn advice(table: &TableName, answer: &Answer, has_credentials: bool) -> Option<String> {
    let Answer::Response(response) = answer else {
        return None;
    };
    let Some(code) = code_of(response) else {
        return without_code(response).map(str::to_owned);
    };
    let advice = match code {
        192..=194 | 516 if !has_credentials => "no credentials were given: set EVENT_ROUTER_USERNAME and EVENT_ROUTER_PASSWORD, or give `--auth-file`".to_owned(),
        192..=194 | 516 => "the server does not accept the credentials: check the username and the password, in EVENT_ROUTER_USERNAME and EVENT_ROUTER_PASSWORD or in `--auth-file`".to_owned(),
        195 => "the user may not connect from this address: allow the address, or use another user".to_owned(),
        291 | 497 => format!("the user needs the grants SELECT and INSERT on `{table}`"),
        60 | 81 => format!("check `--clickhouse-table`, which is `{table}`, and the tables of its materialized views"),
        16 | 47 => format!("the table `{table}`, or one of its materialized views, lacks a column: rows have the columns {}", COLUMNS.join(", ")),
        216 => "an insert of this run or of an earlier run is still running: run the same command again once it has ended".to_owned(),
        115 | 164 | 452 => about_setting(code, response),
        158 | 161 | 191 | 307 | 396 => about_limit(response),
        _ => return None,
    };
    Some(advice)
}

/// Returns what to change after an answer without an exception.
fn without_code(response: &Response) -> Option<&'static str> {
    /// The port of the native protocol answers requests of HTTP with this text.
    const USE_HTTP: &[u8] = b"You must use port";

    match response.status {
        _ if memmem::find(&response.body, USE_HTTP).is_some() => Some(
            "this is the port of ClickHouse's own protocol: use the port for HTTP, which is usually 8123, or 8443 with TLS",
        ),
        200..=299 => Some(
            "this is not the answer of ClickHouse's HTTP interface: check the host and the port, which is usually 8123, or 8443 with TLS",
        ),
        413 => Some(
            "a proxy in front of ClickHouse limits the size of bodies: raise its limit, since a lookup alone has up to 256 KiB",
        ),
        404 => Some(
            "no ClickHouse interface answers at this path: check the path of the URL, which is usually `/`",
        ),
        _ => None,
    }
}

/// Returns what to change after a query has exceeded a limit of the user's profile, which the answer names.
fn about_limit(response: &Response) -> String {
    let text = String::from_utf8_lossy(&response.body);
    let mut words = text.split(|char: char| !char.is_ascii_alphanumeric() && char != '_');
    let limit = match words.find(|word| word.starts_with("max_")) {
        Some(name) => format!("the limit `{name}`"),
        None => "the limit on rows or bytes".to_owned(),
    };
    format!(
        "later queries exceed {limit}, too: remove the limit from the profile of the user, or use another user"
    )
}

/// Returns what to change after the server has refused a setting, which its answer names.
fn about_setting(code: u32, response: &Response) -> String {
    const UNKNOWN: u32 = 115;
    let text = String::from_utf8_lossy(&response.body);
    if text.contains("in readonly mode") {
        return "the user may only read: remove `readonly` from the profile of the user, or use another user".to_owned();
    }
    let refused = SETTINGS.iter().find(|(name, _)| text.contains(name));
    match refused {
        Some((name, value)) if code == UNKNOWN => format!(
            "the server does not know the setting `{name}={value}`, which correct inserts need: update ClickHouse"
        ),
        Some((name, value)) => format!(
            "the server refuses the setting `{name}={value}`, which correct inserts need: allow it in the profile of the user"
        ),
        None => {
            "the user may not insert with these settings: check the profile of the user".to_owned()
        }
    }
}

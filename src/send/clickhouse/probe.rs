//! Whether rows can be inserted, and what to change so that they can.

use super::super::http::{Answer, Client, Response};
use super::super::server::{Finding, LookupFailure, Probe};
use super::queries::{COLUMNS, SETTINGS};
use super::table::TableName;
use super::{ClickHouse, Server, code_of, name_of, queries, with_status_of_exception};

/// Reads the columns of the table, asks for a row, and inserts none.
pub fn probe(server: &ClickHouse, client: &Client) -> Probe {
    let query = queries::describe(&server.table);
    let describe = with_status_of_exception(client.post_with(&[], query.as_bytes(), false).0);
    if let Err(failure) = server.check_columns(client) {
        return match failure {
            LookupFailure::Answer(answer, _) => Probe {
                answer,
                finding: Finding::Unusable,
            },
            LookupFailure::Unusable(problem) => Probe {
                answer: describe,
                finding: Finding::Wrong(problem),
            },
        };
    }
    let (answer, _) = server.takes_again(client, &[]);
    let finding = match &answer {
        Answer::Response(response) if response.status == 200 => Finding::Usable(format!(
            "ClickHouse answers, and rows can be read from `{0}` and inserted into it",
            server.table
        )),
        _ => Finding::Unusable,
    };
    Probe { answer, finding }
}

/// Returns what to change after an answer with an exception.
pub fn advice(table: &TableName, answer: &Answer) -> Option<String> {
    let Answer::Response(response) = answer else {
        return None;
    };
    let code = code_of(response)?;
    let advice = match code {
        192..=194 | 516 => "the server does not accept the credentials: check the username and the password, in EVENT_ROUTER_USERNAME and EVENT_ROUTER_PASSWORD or in `--auth-file`".to_owned(),
        195 => "the user may not connect from this address: allow the address, or use another user".to_owned(),
        291 | 497 => format!("the user needs the grants SELECT and INSERT on `{table}`"),
        60 | 81 => format!("check `--clickhouse-table`, which is `{table}`, and the tables of its materialized views"),
        16 | 47 => format!("the table `{table}`, or one of its materialized views, lacks a column: rows have the columns {}", COLUMNS.join(", ")),
        115 | 164 | 452 => about_setting(response),
        _ => return name_of(code).map(|name| format!("ClickHouse calls this {name}")),
    };
    Some(advice)
}

/// Returns what to change after the server has refused a setting, which its answer names.
fn about_setting(response: &Response) -> String {
    let text = String::from_utf8_lossy(&response.body);
    let refused = SETTINGS.iter().find(|(name, _)| text.contains(name));
    match refused {
        Some((name, value)) => format!(
            "the server refuses the setting `{name}={value}`, which inserts need to be right: allow it in the profile of the user"
        ),
        None => {
            "the user may not insert with these settings: check the profile of the user".to_owned()
        }
    }
}

//! The answers of a server without faults.

use serde_json::{Value, json};

use super::Records;
use super::requests::{Request, id_of, items};
use super::settings::ServerSettings;

/// A header that only an LRS sends.
const VERSION: &str = "X-Experience-API-Version: 1.0.3\r\n";

pub fn answer(request: &Request, settings: &ServerSettings, records: &mut Records) -> Vec<u8> {
    if request.method == "GET" {
        return get(request, settings, records);
    }
    let is_compressed = request.headers.contains_key("content-encoding");
    if let Some((status, bytes)) = settings.gzip
        && is_compressed
        && request.body.len() >= bytes
    {
        return response(status, "", b"not JSON");
    }
    if request.body.len() > settings.max_bytes {
        return response(413, "", b"too much");
    }
    let text = String::from_utf8_lossy(&request.body);
    if text.contains(settings.poison.0) {
        return response(settings.poison.1, "", b"the request contains poison");
    }
    let items = match items(request) {
        Ok(items) => items,
        Err(problem) => {
            records.problems.push(problem);
            return response(400, "", b"not valid");
        }
    };
    let is_stored = |item: &Value| records.stored.contains_key(id_of(item));
    if settings.refuses_duplicates && !settings.keeps_all && items.iter().any(is_stored) {
        let known = items.iter().enumerate().filter(|(_, item)| is_stored(item));
        let known: Vec<_> = known
            .map(|(nth, item)| (nth, id_of(item).to_owned()))
            .collect();
        return response(409, "", (settings.conflict_text)(&known).as_bytes());
    }
    // Like some real servers, this one does not list the items that were stored before.
    let new: Vec<Value> = items
        .into_iter()
        .filter(|item| settings.keeps_all || !is_stored(item))
        .collect();
    let (unlisted, stores_unlisted) = settings.unlisted;
    let mut ids = Vec::new();
    for item in new {
        let (id, is_listed) = (
            id_of(&item).to_owned(),
            !item.to_string().contains(unlisted),
        );
        if is_listed || stores_unlisted {
            records.stored.entry(id.clone()).or_default().push(item);
        }
        if is_listed {
            ids.push(id);
        }
    }
    response(200, "", serde_json::to_string(&ids).unwrap().as_bytes())
}

fn get(request: &Request, settings: &ServerSettings, records: &Records) -> Vec<u8> {
    if let Some(status) = settings.get {
        return response(status, VERSION, b"");
    }
    let target = request.target.trim_start_matches("http://lrs.invalid:8080");
    if target == "/xAPI/statements?limit=1" {
        return response(200, "", b"{\"statements\": [], \"more\": \"\"}");
    }
    let query = target.strip_prefix("/xAPI/statements?").unwrap_or_default();
    let (parameter, id) = query.split_once('=').unwrap_or_default();
    let found = records.stored.get(id).filter(|versions| {
        match versions[0].to_string().contains(settings.voided) {
            true => parameter == "voidedStatementId",
            false => parameter == "statementId",
        }
    });
    match found {
        // Only the LRS itself names the version of xAPI.
        None if query.is_empty() => response(404, "", b""),
        None => response(404, VERSION, b""),
        Some(versions) => {
            // Real servers add fields and normalize actors.
            let mut statement = versions[0].clone();
            statement["stored"] = "2024-04-01T00:00:00Z".into();
            statement["authority"] = json!({"mbox": "mailto:lrs@example.org"});
            statement["actor"]["objectType"] = "Agent".into();
            response(200, "", statement.to_string().as_bytes())
        }
    }
}

/// Leaves only the first half of the ids in an answer that lists ids.
pub fn half_of_list(answer: Vec<u8>) -> Vec<u8> {
    let start = answer.windows(4).position(|end| end == b"\r\n\r\n");
    let body = &answer[start.map_or(0, |start| start + 4)..];
    match serde_json::from_slice::<Vec<Value>>(body) {
        Ok(mut ids) => {
            ids.truncate(ids.len() / 2);
            response(200, "", json!(ids).to_string().as_bytes())
        }
        Err(_) => answer,
    }
}

pub fn response(status: u16, headers: &str, body: &[u8]) -> Vec<u8> {
    let mut response = format!(
        "HTTP/1.1 {status} Said\r\n{headers}Content-Length: {}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    response.extend_from_slice(body);
    response
}

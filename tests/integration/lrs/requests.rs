//! The requests to the server, and what is in them.

use std::collections::BTreeMap;
use std::io::{BufRead, Read};

use flate2::read::GzDecoder;
use serde_json::Value;

#[derive(Clone, Debug)]
pub struct Request {
    pub method: String,
    pub target: String,
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
}

impl Request {
    /// Whether the request checks the server before the first delivery. No statement has the id that it asks for.
    pub fn is_check(&self) -> bool {
        let is_check = |id: &str| id == "5bd1f9c4-6d07-4b0b-9d4e-1f1ad3c7a2e6";
        let id = self.target.split_once("statementId=");
        self.method == "OPTIONS" || id.is_some_and(|(_, id)| is_check(id))
    }
}

/// Reads a request without its body.
pub fn read_head(reader: &mut impl BufRead) -> Option<Request> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|&read| read > 0)?;
    let mut words = line.split_whitespace().map(str::to_owned);
    let (method, target) = (words.next()?, words.next()?);
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(": ") else {
            break;
        };
        headers.insert(name.to_lowercase(), value.to_owned());
    }
    Some(Request {
        method,
        target,
        headers,
        body: Vec::new(),
    })
}

/// Reads the body of a request into it. Returns `None` if the client has closed the connection.
pub fn read_body(reader: &mut impl BufRead, request: &mut Request) -> Option<()> {
    let header = |name| request.headers.get(name).map_or("", String::as_str);
    let length = header("content-length").parse().unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    if header("content-encoding") == "gzip" {
        let mut unpacked = Vec::new();
        GzDecoder::new(&body[..])
            .read_to_end(&mut unpacked)
            .unwrap();
        body = unpacked;
    }
    request.body = body;
    Some(())
}

/// Returns the statements or events of a request, or the problem of an invalid request.
pub fn items(request: &Request) -> Result<Vec<Value>, String> {
    let header = |name: &str| request.headers.get(name).map_or("", String::as_str);
    if header("content-type") != "application/json" || header("accept") != "application/json" {
        return Err("a header is missing".to_owned());
    }
    let body: Value = serde_json::from_slice(&request.body).map_err(|error| error.to_string())?;
    // A proxy gets whole URLs.
    let target = request.target.trim_start_matches("http://lrs.invalid:8080");
    let items = match target.split('?').next() {
        Some("/xAPI/statements") if header("x-experience-api-version") == "1.0.3" => {
            body.as_array().cloned().ok_or("the body is not an array")?
        }
        Some("/caliper") => {
            let envelopes = match body {
                Value::Array(envelopes) => envelopes,
                envelope => vec![envelope],
            };
            let mut events = Vec::new();
            for envelope in envelopes {
                if !["sensor", "sendTime", "dataVersion"]
                    .iter()
                    .all(|key| envelope[key].is_string())
                {
                    return Err(format!("{envelope} is not an envelope"));
                }
                events.extend(envelope["data"].as_array().cloned().unwrap_or_default());
            }
            events
        }
        _ => return Err(format!("{} is not a resource", request.target)),
    };
    let mut ids: Vec<&str> = items.iter().map(id_of).collect();
    ids.sort_unstable();
    if items.is_empty() || ids[0].is_empty() || ids.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err("the ids are not distinct".to_owned());
    }
    Ok(items)
}

pub fn id_of(item: &Value) -> &str {
    item["id"].as_str().unwrap_or_default()
}

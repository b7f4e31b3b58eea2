//! ClickHouse's HTTP interface in the test process, as far as `send` uses it, which fails on demand. `tests/clickhouse` has
//! tests against ClickHouse itself.

use std::collections::BTreeMap;
use std::io::{BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use serde_json::{Value, json};

use crate::harness::json_lines;
use crate::lrs::{Request, read_body, read_head};

/// The failure of a request.
#[derive(Clone, Debug)]
pub enum Fault {
    None,
    /// An exception with this status, code and text. Nothing is stored.
    Exception(u16, u32, &'static str),
    /// As a failing materialized view: the rows are stored, and the exception follows.
    AfterStoring(u32),
    /// The connection closes after the rows are stored.
    CloseAfterStoring,
    /// The rows are stored, and no answer follows.
    HangAfterStoring,
    /// As a proxy that gives up: the answer has this status, or no answer follows if the status is 0. The rows are stored
    /// after so many questions whether the insert has ended.
    StoreLater(u16, usize),
    /// An answer with this status, head and body, without the headers of ClickHouse.
    Answer(u16, &'static str, &'static str),
}

/// Returns the failure of a request, given its kind, its number among the requests of this kind, and its rows.
type FaultOf = dyn Fn(Kind, usize, &[Value]) -> Fault + Send + Sync;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Describe,
    Lookup,
    Insert,
    /// An insert of no row.
    EmptyInsert,
    /// A query that asks with the id of an insert whether the insert has ended.
    Question,
}

/// A running server with one table. The server stops when the value is dropped.
pub struct ClickHouse {
    address: SocketAddr,
    records: Arc<Mutex<Records>>,
    ends: Arc<AtomicBool>,
}

#[derive(Default)]
pub struct Records {
    /// The rows in the order in which they were stored.
    pub rows: Vec<Value>,
    /// The requests, with their bodies decompressed.
    pub requests: Vec<(Kind, Request)>,
    /// The inserts that still run: their ids, their rows, and the number of questions to go.
    running: Vec<(String, Vec<Value>, usize)>,
}

impl Records {
    /// Returns whether an insert has ended. Its rows are stored at the last question.
    fn has_ended(&mut self, id: &str) -> bool {
        let Some(nth) = self.running.iter().position(|(of, ..)| of == id) else {
            return true;
        };
        if self.running[nth].2 == 0 {
            return false;
        }
        self.running[nth].2 -= 1;
        if self.running[nth].2 == 0 {
            let (_, rows, _) = self.running.remove(nth);
            self.rows.extend(rows);
        }
        false
    }

    pub fn of_kind(&self, kind: Kind) -> Vec<&Request> {
        let requests = self.requests.iter().filter(|(of, _)| *of == kind);
        requests.map(|(_, request)| request).collect()
    }
}

/// The parameters of a request.
pub fn parameters(request: &Request) -> BTreeMap<String, String> {
    let query = request
        .target
        .split_once('?')
        .map_or("", |(_, query)| query);
    form_urlencoded::parse(query.as_bytes())
        .into_owned()
        .collect()
}

impl ClickHouse {
    pub fn healthy() -> Self {
        Self::with_faults(|_, _, _| Fault::None)
    }

    pub fn with_faults(
        fault: impl Fn(Kind, usize, &[Value]) -> Fault + Send + Sync + 'static,
    ) -> Self {
        Self::start(&["event_id", "emission_time", "event"], fault)
    }

    /// Starts a server whose table has these columns. A column may be followed by its type.
    pub fn start(
        columns: &[&str],
        fault: impl Fn(Kind, usize, &[Value]) -> Fault + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = Self {
            address: listener.local_addr().unwrap(),
            records: Arc::default(),
            ends: Arc::default(),
        };
        let (records, ends) = (Arc::clone(&server.records), Arc::clone(&server.ends));
        let fault: Arc<FaultOf> = Arc::new(fault);
        let columns: Arc<Vec<Value>> =
            Arc::new(columns.iter().map(|column| described(column)).collect());
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if ends.load(Ordering::Relaxed) {
                    break;
                }
                let (records, fault) = (Arc::clone(&records), Arc::clone(&fault));
                let (columns, ends) = (Arc::clone(&columns), Arc::clone(&ends));
                std::thread::spawn(move || serve(stream, &records, &*fault, &columns, &ends));
            }
        });
        server
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn records(&self) -> MutexGuard<'_, Records> {
        self.records.lock().unwrap()
    }

    /// The stored rows by id. Fails if a row was stored twice, or an insert is still running.
    #[track_caller]
    pub fn stored(&self) -> BTreeMap<String, Value> {
        let mut stored = BTreeMap::new();
        let records = self.records();
        assert!(records.running.is_empty(), "inserts run after the end");
        for row in &records.rows {
            let id = row["event_id"].as_str().unwrap().to_owned();
            let earlier = stored.insert(id, row.clone());
            assert!(earlier.is_none(), "{row} was stored twice");
        }
        stored
    }
}

impl Drop for ClickHouse {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::Relaxed);
        // The listener notices the flag at the next connection.
        let _ = TcpStream::connect(self.address);
    }
}

fn serve(
    stream: TcpStream,
    records: &Mutex<Records>,
    fault: &FaultOf,
    columns: &[Value],
    ends: &AtomicBool,
) {
    let mut reader = BufReader::new(stream);
    while let Some(mut request) = read_head(&mut reader) {
        if read_body(&mut reader, &mut request).is_none() {
            return;
        }
        let text = String::from_utf8_lossy(&request.body).into_owned();
        let kind = match text.as_str() {
            "SELECT 1 FORMAT JSONCompact" => Kind::Question,
            text if text.starts_with("DESCRIBE") => Kind::Describe,
            text if text.starts_with("SELECT") => Kind::Lookup,
            text if text.starts_with("INSERT") => Kind::EmptyInsert,
            _ => Kind::Insert,
        };
        let rows = match kind {
            Kind::Insert => json_lines(&request.body),
            _ => Vec::new(),
        };
        let query_id = parameters(&request).remove("query_id");
        let (nth, answer, has_ended) = {
            let mut records = records.lock().unwrap();
            let nth = records.of_kind(kind).len();
            let id = query_id.as_deref().filter(|_| kind == Kind::Question);
            let has_ended = id.is_none_or(|id| records.has_ended(id));
            records.requests.push((kind, request));
            let answer = match kind {
                Kind::Describe => compact(columns.to_vec()),
                Kind::Lookup => {
                    let ids = records.rows.iter().map(|row| &row["event_id"]);
                    let is_named =
                        |id: &&Value| text.contains(&format!("'{}'", id.as_str().unwrap()));
                    let ids: Vec<_> = ids.filter(is_named).collect();
                    compact(vec![json!([ids, ["throw", "throw", "throw"]])])
                }
                Kind::Question => compact(vec![json!([1])]),
                Kind::Insert | Kind::EmptyInsert => String::new(),
            };
            (nth, answer, has_ended)
        };
        let store = || records.lock().unwrap().rows.extend(rows.iter().cloned());
        let exception = |status, code: u32, text: &str| {
            let head = format!("X-ClickHouse-Exception-Code: {code}\r\n");
            response(
                status,
                &head,
                &format!("Code: {code}. DB::Exception: {text}"),
            )
        };
        let answer = match fault(kind, nth, &rows) {
            Fault::None if !has_ended => exception(500, 216, "is already running"),
            Fault::None => {
                store();
                let summary = json!({"written_rows": rows.len().to_string()});
                response(
                    200,
                    &format!("X-ClickHouse-Summary: {summary}\r\n"),
                    &answer,
                )
            }
            Fault::Exception(status, code, text) => exception(status, code, text),
            Fault::AfterStoring(code) => {
                store();
                exception(500, code, "while pushing to view")
            }
            Fault::CloseAfterStoring => {
                store();
                return;
            }
            Fault::HangAfterStoring => {
                store();
                return hang(ends);
            }
            Fault::StoreLater(status, questions) => {
                let id = query_id.unwrap();
                records.lock().unwrap().running.push((id, rows, questions));
                match status {
                    0 => return hang(ends),
                    status => response(status, "", "Gateway time-out"),
                }
            }
            Fault::Answer(status, head, body) => response(status, head, body),
        };
        if reader.get_mut().write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}

/// Returns the row of a column in the answer to DESCRIBE.
fn described(column: &str) -> Value {
    let usual = |name| match name {
        "event_id" => "UUID",
        "emission_time" => "DateTime64(6)",
        _ => "String",
    };
    match column.split_once(' ') {
        Some((name, kind)) => json!([name, kind]),
        None => json!([column, usual(column)]),
    }
}

fn hang(ends: &AtomicBool) {
    while !ends.load(Ordering::Relaxed) {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
}

fn compact(data: Vec<Value>) -> String {
    json!({"meta": [], "rows": data.len(), "data": data}).to_string()
}

fn response(status: u16, head: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status} Said\r\n{head}Content-Length: {length}\r\n\r\n{body}")
}

//! A learning record store and Caliper endpoint in the test process. The server checks each request, stores what it
//! accepts, and fails on demand.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use flate2::read::GzDecoder;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::{Value, json};

/// The way in which the server fails a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServerFault {
    None,
    /// Stores nothing and answers with this status.
    Status(u16),
    /// Like `Status`, with a `Retry-After` header.
    RetryAfter(u16, String),
    CloseBeforeStoring,
    CloseAfterStoring,
    /// Stores nothing and answers 400 with the target and headers of the request.
    Echo,
    /// Never answers.
    Silence,
    /// Stores the items and sends the head of an answer, but never the body.
    NoBody,
    /// Stores nothing and answers with bytes that are not HTTP.
    Malformed,
    /// Stores the items and sends an incomplete answer.
    HalfAnAnswer,
    /// Stores nothing and answers with this status, these headers and this body.
    Answer(u16, &'static str, &'static str),
    /// Like `Answer`, after storing the items. Items that the server does not store are refused as usual.
    AnswerAfterStoring(u16, &'static str, &'static str),
    /// Stores the items and lists only the first half of them in the answer.
    HalfAList,
    /// Answers with this status before the body is read, and closes the connection.
    Early(u16),
}

/// Returns the text of a 409, given the indices of the stored items in the request, and their ids.
type ConflictText = dyn Fn(&[(usize, String)]) -> String + Send + Sync;

type FaultOf = dyn Fn(usize, &str) -> ServerFault + Send + Sync;

/// The behaviour of the server.
pub struct ServerSettings {
    /// The fault of a request, given its number from 0 and its method.
    pub fault: Box<FaultOf>,
    /// The largest body that is accepted. Larger bodies are answered with 413.
    pub max_bytes: usize,
    /// A text, and the status with which the server answers requests that contain the text.
    pub poison: (&'static str, u16),
    /// The status with which the server answers compressed bodies, if it does not read them.
    pub gzip: Option<u16>,
    /// Whether a batch with a stored id is answered with 409 and not stored, as the specification requires. Otherwise
    /// the stored items of the batch are ignored.
    pub refuses_duplicates: bool,
    /// The text with which batches with stored ids are refused.
    pub conflict_text: Box<ConflictText>,
    /// Whether items with a stored id are stored again.
    pub keeps_all: bool,
    /// A text, and whether items that contain the text are stored. The server lists them in no answer.
    pub unlisted: (&'static str, bool),
    /// The status of all GET requests, if the server is to refuse them.
    pub get: Option<u16>,
    /// Statements that contain this text are voided.
    pub voided: &'static str,
    /// The fault of the requests that check the server before the first delivery. They are not among the requests that
    /// the server keeps.
    pub check: ServerFault,
}

impl Default for ServerSettings {
    fn default() -> Self {
        Self {
            fault: Box::new(|_, _| ServerFault::None),
            max_bytes: usize::MAX,
            poison: ("poison", 400),
            gzip: None,
            refuses_duplicates: true,
            conflict_text: Box::new(|_| "conflict".to_owned()),
            keeps_all: false,
            unlisted: ("never listed", true),
            get: None,
            voided: "never voided",
            check: ServerFault::Status(404),
        }
    }
}

/// The items and requests that the server has received.
#[derive(Default)]
pub struct Records {
    /// All stored versions of each item, by id.
    pub stored: BTreeMap<String, Vec<Value>>,
    /// All requests, with their bodies decompressed.
    pub requests: Vec<Request>,
    /// The number of requests whose heads have been read.
    started: usize,
    /// The number of requests that checked the server before the first delivery.
    pub checks: usize,
    /// The problems of invalid requests.
    pub problems: Vec<String>,
}

#[derive(Clone, Debug)]
pub struct Request {
    pub method: String,
    pub target: String,
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
}

impl Request {
    /// Whether the request checks the server before the first delivery. No statement has the id that it asks for.
    fn is_check(&self) -> bool {
        let is_check = |id: &str| id == "5bd1f9c4-6d07-4b0b-9d4e-1f1ad3c7a2e6";
        let id = self.target.split_once("statementId=");
        self.method == "OPTIONS" || id.is_some_and(|(_, id)| is_check(id))
    }
}

/// A running server. The server stops when the value is dropped.
pub struct Lrs {
    address: SocketAddr,
    records: Arc<Mutex<Records>>,
    ends: Arc<AtomicBool>,
}

impl Lrs {
    /// Starts a server without faults.
    pub fn healthy() -> Self {
        Self::start(ServerSettings::default())
    }

    /// Starts a server that fails each request as the function says, given its number from 0 and its method.
    pub fn with_faults(fault: impl Fn(usize, &str) -> ServerFault + Send + Sync + 'static) -> Self {
        Self::start(ServerSettings {
            fault: Box::new(fault),
            ..ServerSettings::default()
        })
    }

    pub fn start(settings: ServerSettings) -> Self {
        Self::start_with(settings, None)
    }

    /// Starts a server that speaks TLS.
    pub fn start_tls(settings: ServerSettings, tls: ServerConfig) -> Self {
        Self::start_with(settings, Some(Arc::new(tls)))
    }

    fn start_with(settings: ServerSettings, tls: Option<Arc<ServerConfig>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = Self {
            address: listener.local_addr().unwrap(),
            records: Arc::default(),
            ends: Arc::default(),
        };
        let (records, ends) = (Arc::clone(&server.records), Arc::clone(&server.ends));
        let settings = Arc::new(settings);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if ends.load(Ordering::Relaxed) {
                    break;
                }
                let (settings, records, ends) = (
                    Arc::clone(&settings),
                    Arc::clone(&records),
                    Arc::clone(&ends),
                );
                let tls = tls.clone();
                std::thread::spawn(move || {
                    let minute = Duration::from_secs(60);
                    stream.set_read_timeout(Some(minute)).unwrap();
                    match tls {
                        None => serve(stream, &settings, &records, &ends),
                        Some(tls) => {
                            let connection = ServerConnection::new(tls).unwrap();
                            let stream = StreamOwned::new(connection, stream);
                            serve(stream, &settings, &records, &ends);
                        }
                    }
                });
            }
        });
        server
    }

    pub fn xapi(&self) -> String {
        format!("http://{}/xAPI", self.address)
    }

    pub fn xapi_tls(&self) -> String {
        format!("https://localhost:{}/xAPI", self.address.port())
    }

    pub fn caliper(&self) -> String {
        format!("http://{}/caliper", self.address)
    }

    pub fn request_count(&self) -> usize {
        self.records().requests.len()
    }

    /// The number of requests that checked the server before the first delivery.
    pub fn check_count(&self) -> usize {
        self.records().checks
    }

    pub fn records(&self) -> MutexGuard<'_, Records> {
        self.records.lock().unwrap()
    }

    /// The stored items by id. Fails if an item was stored twice, or if a request was invalid.
    #[track_caller]
    pub fn stored(&self) -> BTreeMap<String, Value> {
        let records = self.records();
        assert_eq!(records.problems, [""; 0]);
        let once = records.stored.iter().map(|(id, versions)| {
            assert_eq!(versions.len(), 1, "{id} was stored more than once");
            (id.clone(), versions[0].clone())
        });
        once.collect()
    }
}

impl Drop for Lrs {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::Relaxed);
        // The listener notices the flag at the next connection.
        let _ = TcpStream::connect(self.address);
    }
}

fn serve(
    stream: impl Read + Write,
    settings: &ServerSettings,
    records: &Mutex<Records>,
    ends: &AtomicBool,
) {
    let mut reader = BufReader::new(stream);
    while let Some(mut request) = read_head(&mut reader) {
        let is_check = request.is_check();
        let fault = if is_check {
            records.lock().unwrap().checks += 1;
            settings.check.clone()
        } else {
            let mut records = records.lock().unwrap();
            let nth = records.started;
            records.started += 1;
            drop(records);
            (settings.fault)(nth, &request.method)
        };
        let is_early = matches!(fault, ServerFault::Early(_));
        if !is_early && read_body(&mut reader, &mut request).is_none() {
            return;
        }
        if !is_check {
            records.lock().unwrap().requests.push(request.clone());
        }
        let answer = match &fault {
            ServerFault::None => answer(&request, settings, &mut records.lock().unwrap()),
            ServerFault::Status(status) => response(*status, "", b"as requested by the test"),
            ServerFault::RetryAfter(status, header) => {
                response(*status, &format!("Retry-After: {header}\r\n"), b"")
            }
            ServerFault::Echo => response(
                400,
                "",
                format!("{} {:?}", request.target, request.headers).as_bytes(),
            ),
            ServerFault::Answer(status, headers, body) => {
                response(*status, headers, body.as_bytes())
            }
            ServerFault::AnswerAfterStoring(status, headers, body) => {
                let usual = answer(&request, settings, &mut records.lock().unwrap());
                match usual.starts_with(b"HTTP/1.1 200") {
                    true => response(*status, headers, body.as_bytes()),
                    false => usual,
                }
            }
            ServerFault::HalfAList => {
                let whole = answer(&request, settings, &mut records.lock().unwrap());
                half_of_list(whole)
            }
            ServerFault::Early(status) => {
                let _ = reader.get_mut().write_all(&response(*status, "", b"early"));
                return;
            }
            ServerFault::CloseBeforeStoring => return,
            ServerFault::CloseAfterStoring => {
                answer(&request, settings, &mut records.lock().unwrap());
                return;
            }
            ServerFault::HalfAnAnswer => {
                let whole = answer(&request, settings, &mut records.lock().unwrap());
                let _ = reader.get_mut().write_all(&whole[..whole.len() - 1]);
                return;
            }
            ServerFault::Silence | ServerFault::NoBody => {
                if fault == ServerFault::NoBody {
                    answer(&request, settings, &mut records.lock().unwrap());
                    let head = b"HTTP/1.1 200 Said\r\nContent-Length: 40\r\n\r\n";
                    let _ = reader.get_mut().write_all(head);
                }
                while !ends.load(Ordering::Relaxed) {
                    std::thread::sleep(Duration::from_millis(10));
                }
                return;
            }
            ServerFault::Malformed => {
                let _ = reader.get_mut().write_all(b"HTTP/9.9 abc\r\n\x00\r\n\r\n");
                return;
            }
        };
        if reader.get_mut().write_all(&answer).is_err() {
            return;
        }
    }
}

/// Reads a request without its body.
fn read_head(reader: &mut impl BufRead) -> Option<Request> {
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
fn read_body(reader: &mut impl BufRead, request: &mut Request) -> Option<()> {
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

/// Leaves only the first half of the ids in an answer that lists ids.
fn half_of_list(answer: Vec<u8>) -> Vec<u8> {
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

fn answer(request: &Request, settings: &ServerSettings, records: &mut Records) -> Vec<u8> {
    if request.method == "GET" {
        return get(request, settings, records);
    }
    if let (Some(status), true) = (
        settings.gzip,
        request.headers.contains_key("content-encoding"),
    ) {
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

/// Returns the statements or events of a request, or the problem of an invalid request.
fn items(request: &Request) -> Result<Vec<Value>, String> {
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

fn get(request: &Request, settings: &ServerSettings, records: &Records) -> Vec<u8> {
    if let Some(status) = settings.get {
        return response(status, "", b"");
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
        None => response(404, "", b""),
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

pub fn id_of(item: &Value) -> &str {
    item["id"].as_str().unwrap_or_default()
}

fn response(status: u16, headers: &str, body: &[u8]) -> Vec<u8> {
    let mut response = format!(
        "HTTP/1.1 {status} Said\r\n{headers}Content-Length: {}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    response.extend_from_slice(body);
    response
}

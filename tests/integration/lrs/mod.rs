//! A learning record store and Caliper endpoint in the test process. The server checks each request, stores what it
//! accepts, and fails on demand.

mod answers;
mod requests;
mod settings;

use std::collections::BTreeMap;
use std::io::{BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::Value;

pub use requests::{Request, id_of, read_body, read_head};
pub use settings::{ServerFault, ServerSettings};

use answers::{answer, half_of_list, response};

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
        let outage = settings.outage.lock().unwrap().clone();
        let mut fault = if is_check {
            records.lock().unwrap().checks += 1;
            settings.check.clone()
        } else {
            let mut records = records.lock().unwrap();
            let nth = records.started;
            records.started += 1;
            drop(records);
            (settings.fault)(nth, &request.method)
        };
        fault = outage.unwrap_or(fault);
        let is_early = matches!(fault, ServerFault::Early(_));
        if !is_early && read_body(&mut reader, &mut request).is_none() {
            return;
        }
        if !is_check {
            records.lock().unwrap().requests.push(request.clone());
        }
        let has_poison = || String::from_utf8_lossy(&request.body).contains(settings.poison.0);
        if settings.poison_fault != ServerFault::None && fault == ServerFault::None && has_poison()
        {
            fault = settings.poison_fault.clone();
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

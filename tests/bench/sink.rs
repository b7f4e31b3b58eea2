//! An LRS and ClickHouse that accept each request at once, so that the benchmark measures the sending alone.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;

/// The size from which the number of reads is negligible.
const BUFFER_BYTES: usize = 1 << 18;

/// The answer of the LRS.
const ACCEPTED: &str = "HTTP/1.1 204 No Content\r\nX-Experience-API-Version: 1.0.3\r\n\r\n";

/// The columns of ClickHouse's table.
const COLUMNS: &str = r#"{"data":[["event_id","UUID"],["emission_time","DateTime64(6)"],["event","String"]],"rows":3}"#;
/// The ids that ClickHouse holds, and the settings that the program asks for beside them.
const NO_IDS: &str = r#"{"data":[[[],["throw","throw","throw"]]],"rows":1}"#;

const LRS_PATH: &str = "/xAPI";

/// A server that runs until the process ends. The server uses the processor, but its time does not count as the
/// program's.
pub struct Sink {
    address: SocketAddr,
}

impl Sink {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let address = listener.local_addr().expect("a listener has an address");
        thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                // An error means that the program has closed the connection. Its exit code shows whether it failed.
                thread::spawn(move || drop(serve(&connection)));
            }
        });
        Self { address }
    }

    pub fn lrs_url(&self) -> String {
        format!("http://{}{LRS_PATH}", self.address)
    }

    pub fn clickhouse_url(&self) -> String {
        format!("http://{}", self.address)
    }
}

/// Answers the requests of a connection until the connection is closed.
fn serve(connection: &TcpStream) -> io::Result<()> {
    connection.set_nodelay(true)?;
    let mut reader = BufReader::with_capacity(BUFFER_BYTES, connection);
    let mut answers = connection;
    while let Some(head) = Head::read(&mut reader)? {
        let mut body = reader.by_ref().take(head.body_length);
        let mut start = Vec::new();
        body.by_ref().take(8).read_to_end(&mut start)?;
        io::copy(&mut body, &mut io::sink())?;
        if body.limit() > 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        answers.write_all(head.answer(&start).as_bytes())?;
    }
    Ok(())
}

/// The head of a request.
struct Head {
    first_line: String,
    body_length: u64,
}

impl Head {
    /// Returns `None` if the connection is closed.
    fn read(reader: &mut impl BufRead) -> io::Result<Option<Self>> {
        let mut first_line = String::new();
        let mut body_length = None;
        let mut line = String::new();
        while reader.read_line(&mut line)? > 0 {
            let text = line.trim_end();
            if text.is_empty() {
                let is_get = first_line.starts_with("GET");
                let body_length = if is_get { Some(0) } else { body_length };
                // A body without a length is not supported. Closing the connection makes the program fail.
                let body_length = body_length.ok_or(io::ErrorKind::InvalidData)?;
                return Ok(Some(Self {
                    first_line,
                    body_length,
                }));
            }
            if first_line.is_empty() {
                text.clone_into(&mut first_line);
            } else if let Some((name, value)) = text.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                body_length = value.trim().parse().ok();
            }
            line.clear();
        }
        Ok(None)
    }

    /// Returns the answer to the request, whose body starts like this.
    fn answer(&self, body: &[u8]) -> String {
        let is_insert = self.first_line.contains("query=INSERT") || body.starts_with(b"INSERT");
        let content = match body {
            _ if self.first_line.contains(LRS_PATH) => return ACCEPTED.to_owned(),
            _ if is_insert => "",
            [b'D', b'E', b'S', b'C', ..] => COLUMNS,
            _ => NO_IDS,
        };
        let length = content.len();
        format!(
            "HTTP/1.1 200 OK\r\nX-ClickHouse-Query-Id: 1\r\nContent-Length: {length}\r\n\r\n{content}"
        )
    }
}

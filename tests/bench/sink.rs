//! A server that accepts each request at once, so that the benchmark measures the sending alone.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;

/// The size from which the number of reads is negligible.
const BUFFER_BYTES: usize = 1 << 18;

const ANSWER: &[u8] = b"HTTP/1.1 204 No Content\r\n\r\n";

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

    pub fn url(&self) -> String {
        format!("http://{}/xAPI", self.address)
    }
}

/// Answers the requests of a connection until the connection is closed.
fn serve(connection: &TcpStream) -> io::Result<()> {
    connection.set_nodelay(true)?;
    let mut reader = BufReader::with_capacity(BUFFER_BYTES, connection);
    let mut answers = connection;
    while let Some(length) = body_length(&mut reader)? {
        let read = io::copy(&mut reader.by_ref().take(length), &mut io::sink())?;
        if read < length {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        answers.write_all(ANSWER)?;
    }
    Ok(())
}

/// Reads the head of a request and returns the length of its body, or `None` if the connection is closed.
fn body_length(reader: &mut impl BufRead) -> io::Result<Option<u64>> {
    let mut length = None;
    let mut line = String::new();
    while reader.read_line(&mut line)? > 0 {
        let text = line.trim_end();
        if text.is_empty() {
            // A body without a length is not supported. Closing the connection makes the program fail.
            return length.ok_or(io::ErrorKind::InvalidData.into()).map(Some);
        }
        if let Some((name, value)) = text.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().ok();
        }
        line.clear();
    }
    Ok(None)
}

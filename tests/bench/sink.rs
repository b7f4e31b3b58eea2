//! A server that takes whatever it is sent and says so at once, so that what is measured is the sending.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;

/// Large enough that reads are rare.
const BUFFER_BYTES: usize = 1 << 18;

const ANSWER: &[u8] = b"HTTP/1.1 204 No Content\r\n\r\n";

/// It runs as long as this process. It takes some of the processor, but not of the program's processor time.
pub struct Sink {
    address: SocketAddr,
}

impl Sink {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let address = listener.local_addr().expect("a listener has an address");
        thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                // A program that goes away without a word is told of by its exit code.
                thread::spawn(move || drop(serve(&connection)));
            }
        });
        Self { address }
    }

    pub fn url(&self) -> String {
        format!("http://{}/xAPI", self.address)
    }
}

/// Answers the requests of a connection, one after the other, until it is closed.
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

/// Reads the head of a request: how long its body is; `None` when there is no further one.
fn body_length(reader: &mut impl BufRead) -> io::Result<Option<u64>> {
    let mut length = None;
    let mut line = String::new();
    while reader.read_line(&mut line)? > 0 {
        let text = line.trim_end();
        if text.is_empty() {
            // Of a body whose length is not said nothing is known, and closing makes the program fail.
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

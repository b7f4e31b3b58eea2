//! A gateway in front of the LRS of the tests, which answers some requests itself, and early.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// The reaction to the head of a request.
pub enum Early {
    /// Reads the body.
    None,
    /// Reads a part of the body, answers, and closes the connection.
    Close(Vec<u8>),
    /// Answers, and then neither reads nor closes the connection.
    Stall(Vec<u8>),
}

type EarlyOf = dyn Fn(usize) -> Early + Send + Sync;
type AnswerOf = dyn Fn(&[u8], &dyn Fn() -> Vec<u8>) -> Vec<u8> + Send + Sync;

/// The behaviour of the gateway.
pub struct Rules {
    /// The reaction to the head of a request, given the length of the body.
    pub early: Box<EarlyOf>,
    /// The answer to a whole request, given the body and a function that lets the LRS answer.
    pub answer: Box<AnswerOf>,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            early: Box::new(|_| Early::None),
            answer: Box::new(|_, forward| forward()),
        }
    }
}

/// A running gateway.
pub struct Gateway {
    address: SocketAddr,
}

impl Gateway {
    /// Starts a gateway to the LRS at a URL, perhaps with TLS.
    pub fn start(lrs_url: &str, rules: Rules, tls: Option<ServerConfig>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let host = lrs_url.split('/').nth(2).unwrap().to_owned();
        let (rules, tls) = (Arc::new(rules), tls.map(Arc::new));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (rules, tls, host) = (Arc::clone(&rules), tls.clone(), host.clone());
                stream.set_nodelay(true).unwrap();
                std::thread::spawn(move || match tls {
                    None => serve(stream, &rules, &host),
                    Some(tls) => {
                        let connection = ServerConnection::new(tls).unwrap();
                        serve(StreamOwned::new(connection, stream), &rules, &host)
                    }
                });
            }
        });
        Self { address }
    }

    pub fn xapi(&self) -> String {
        format!("http://{}/xAPI", self.address)
    }

    pub fn xapi_tls(&self) -> String {
        format!("https://localhost:{}/xAPI", self.address.port())
    }
}

/// Serves a connection until it ends. The result is only for `?`.
fn serve(stream: impl Read + Write, rules: &Rules, host: &str) -> Option<()> {
    let mut reader = BufReader::new(stream);
    loop {
        let (head, length) = read_head(&mut reader)?;
        match (rules.early)(length) {
            Early::None => {}
            Early::Close(answer) => {
                reader.read_exact(&mut vec![0; length.min(64 << 10)]).ok()?;
                reader.get_mut().write_all(&answer).ok()?;
                // Unread bytes make the kernel reset the connection.
                return None;
            }
            Early::Stall(answer) => {
                reader.get_mut().write_all(&answer).ok()?;
                std::thread::sleep(Duration::from_secs(60));
                return None;
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).ok()?;
        let forward = || {
            let mut lrs = TcpStream::connect(host).unwrap();
            lrs.write_all(&[head.as_bytes(), &body].concat()).unwrap();
            let mut reader = BufReader::new(lrs);
            let (head, length) = read_head(&mut reader).unwrap();
            let mut answer = head.into_bytes();
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            answer.extend(body);
            answer
        };
        let answer = (rules.answer)(&body, &forward);
        reader.get_mut().write_all(&answer).ok()?;
    }
}

/// Returns the head of a message and the length of its body.
fn read_head(reader: &mut impl BufRead) -> Option<(String, usize)> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        reader.read_line(&mut head).ok().filter(|&read| read > 0)?;
    }
    let lines = head.lines().map(str::to_lowercase);
    let mut lengths = lines.filter_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
    let length = lengths.next().unwrap_or(0);
    Some((head, length))
}

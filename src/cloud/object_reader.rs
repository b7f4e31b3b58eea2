//! Reading an object. A connection that breaks is replaced by another one, which continues at the byte that was reached, as
//! long as the object has the same ETag.

use std::io::{self, Read};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use object_store::{Attribute, GetOptions, GetRange, GetResult};
use tokio::sync::{mpsc, oneshot};

use super::address::Address;
use super::bucket::Bucket;
use super::failure::Failure;
use super::keys;
use super::runtime;

/// The most parts of an object that wait to be read. A part has some hundred KiB at most.
const WAITING_PARTS: usize = 4;

/// The answer to the request for an object.
#[derive(Clone, Debug)]
struct Start {
    size: u64,
    e_tag: Option<String>,
    is_encoded: bool,
}

/// A request for an object, whose bytes are received in the background.
pub struct Reading {
    bucket: Arc<Bucket>,
    key: String,
    start: oneshot::Receiver<Result<Start, String>>,
    parts: mpsc::Receiver<Result<Bytes, String>>,
}

impl Reading {
    /// Requests an object. If there is an ETag, the object must have it.
    ///
    /// # Errors
    /// Returns an error if the threads of the runtime cannot be started.
    pub fn start(bucket: &Arc<Bucket>, key: &str, e_tag: Option<String>) -> io::Result<Self> {
        let (started, start) = oneshot::channel();
        let (sent, parts) = mpsc::channel(WAITING_PARTS);
        let request = Request {
            bucket: Arc::clone(bucket),
            key: key.to_owned(),
            e_tag,
            offset: 0,
        };
        runtime::spawn(request.receive(started, sent))?;
        Ok(Self {
            bucket: Arc::clone(bucket),
            key: key.to_owned(),
            start,
            parts,
        })
    }

    /// Waits for the answer.
    ///
    /// # Errors
    /// Returns an error if the object cannot be read.
    pub fn open(self) -> io::Result<ObjectReader> {
        let start = self.start.blocking_recv();
        let start = start.map_err(io::Error::other)?;
        Ok(ObjectReader {
            version: ObjectVersion {
                bucket: self.bucket,
                key: self.key,
                start: start.map_err(io::Error::other)?,
            },
            parts: self.parts,
            part: Bytes::new(),
            received: 0,
        })
    }
}

/// The version of an object that is being read.
#[derive(Clone)]
pub struct ObjectVersion {
    bucket: Arc<Bucket>,
    key: String,
    start: Start,
}

impl ObjectVersion {
    /// Returns the address of the object.
    pub fn address(&self) -> Address {
        self.bucket.address(&self.key)
    }

    /// Returns the size in bytes.
    pub fn size(&self) -> u64 {
        self.start.size
    }

    /// Returns the ETag without its quotes.
    pub fn e_tag(&self) -> Option<&str> {
        self.start.e_tag.as_deref().map(unquoted)
    }

    /// Returns whether the object has `Content-Encoding: gzip`, so that its bytes are gzipped once more than its name says.
    pub fn is_encoded(&self) -> bool {
        self.start.is_encoded
    }

    /// Opens this version of the object once more at its first byte.
    ///
    /// # Errors
    /// Returns an error if the object cannot be read, or has changed.
    pub fn open(&self) -> io::Result<ObjectReader> {
        Reading::start(&self.bucket, &self.key, self.start.e_tag.clone())?.open()
    }
}

/// A reader of the bytes of an object as they are stored.
pub struct ObjectReader {
    version: ObjectVersion,
    parts: mpsc::Receiver<Result<Bytes, String>>,
    part: Bytes,
    /// The number of bytes of all parts.
    received: u64,
}

impl ObjectReader {
    pub fn version(&self) -> &ObjectVersion {
        &self.version
    }
}

impl Read for ObjectReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.part.is_empty() && !buffer.is_empty() {
            match self.parts.blocking_recv() {
                Some(Ok(part)) => {
                    self.received += part.len() as u64;
                    self.part = part;
                }
                Some(Err(text)) => return Err(io::Error::other(text)),
                None if self.received == self.version.size() => return Ok(0),
                None => return Err(io::Error::other("the client has stopped; run again")),
            }
        }
        let length = buffer.len().min(self.part.len());
        buffer[..length].copy_from_slice(&self.part.split_to(length));
        Ok(length)
    }
}

/// A request that is being answered.
struct Request {
    bucket: Arc<Bucket>,
    key: String,
    e_tag: Option<String>,
    /// The number of bytes that were received.
    offset: u64,
}

impl Request {
    /// Sends the parts of the object, until the reader is dropped.
    async fn receive(
        mut self,
        started: oneshot::Sender<Result<Start, String>>,
        parts: mpsc::Sender<Result<Bytes, String>>,
    ) {
        let (start, mut stream) = match self.first().await {
            Ok(first) => first,
            Err(failure) => {
                // The reader may have been dropped.
                let _ = started.send(Err(self.bucket.text(&failure)));
                return;
            }
        };
        self.e_tag.clone_from(&start.e_tag);
        let size = start.size;
        if started.send(Ok(start)).is_err() {
            return;
        }
        let mut delays = None;
        while self.offset < size {
            let failure = match stream.next().await {
                Some(Ok(part)) => {
                    self.offset += part.len() as u64;
                    delays = None;
                    if parts.send(Ok(part)).await.is_err() {
                        return;
                    }
                    continue;
                }
                Some(Err(error)) => Failure::of(&error),
                None => Failure::Network("the connection was closed".to_owned()),
            };
            let delays = delays.get_or_insert_with(|| self.bucket.delays());
            match self.continued(failure, delays).await {
                Ok(next) => stream = next,
                Err(text) => {
                    let _ = parts.send(Err(text)).await;
                    return;
                }
            }
        }
    }

    async fn first(&self) -> Result<(Start, Parts), Failure> {
        let path = keys::path_of(&self.key).map_err(|cause| Failure::Other(cause.to_owned()))?;
        let result = self.bucket.request(|| {
            let options = GetOptions {
                if_match: self.e_tag.clone(),
                ..GetOptions::default()
            };
            self.bucket.client.get_opts(&path, options)
        });
        let result = result.await?;
        let encoding = result.attributes.get(&Attribute::ContentEncoding);
        let encodings = encoding.map(|encoding| encoding.split(',')).into_iter();
        let is_gzip = |coding: &str| ["gzip", "x-gzip"].contains(&coding.trim());
        let start = Start {
            size: result.meta.size,
            e_tag: result.meta.e_tag.clone(),
            is_encoded: encodings.flatten().any(is_gzip),
        };
        Ok((start, result.into_stream()))
    }

    /// Requests the rest of the object after a connection broke.
    async fn continued(
        &self,
        mut failure: Failure,
        delays: &mut impl Iterator<Item = Duration>,
    ) -> Result<Parts, String> {
        let offset = self.offset;
        let Some(e_tag) = &self.e_tag else {
            let cause = self.bucket.text(&failure);
            return Err(format!(
                "reading broke off after {offset} bytes, and the server gives no ETag with which to continue; {cause}"
            ));
        };
        while failure.may_pass() {
            let Some(delay) = delays.next() else {
                break;
            };
            tokio::time::sleep(delay).await;
            match self.rest(e_tag).await {
                Ok(result) if result.meta.e_tag.as_ref() == Some(e_tag) => {
                    return Ok(result.into_stream());
                }
                Ok(_) => return Err(changed()),
                Err(error) => failure = Failure::of(&error),
            }
        }
        if failure.is_changed() || failure.is_missing() {
            return Err(changed());
        }
        let cause = self.bucket.text(&failure);
        Err(format!("reading broke off after {offset} bytes: {cause}"))
    }

    async fn rest(&self, e_tag: &str) -> object_store::Result<GetResult> {
        let options = GetOptions {
            range: Some(GetRange::Offset(self.offset)),
            if_match: Some(e_tag.to_owned()),
            ..GetOptions::default()
        };
        let path = keys::path_of(&self.key).unwrap_or_default();
        self.bucket.client.get_opts(&path, options).await
    }
}

/// Returns an ETag without the quotes that are in headers and missing in some lists.
pub fn unquoted(e_tag: &str) -> &str {
    e_tag.trim_start_matches("W/").trim_matches('"')
}

type Parts = BoxStream<'static, object_store::Result<Bytes>>;

fn changed() -> String {
    "the object was replaced or deleted while it was read, so lines are lost; run again when nothing writes it"
        .to_owned()
}

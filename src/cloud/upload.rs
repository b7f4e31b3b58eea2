//! The requests that write an object: one for a small object, several for the parts of a large one. The object appears when it
//! is complete, and replaces an earlier one at that moment.

use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use futures_util::future::{Either, select};
use object_store::multipart::PartId;
use object_store::path::Path;
use object_store::{GetOptions, MultipartId, PutMode, PutPayload};
use tokio::sync::SemaphorePermit;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::{JoinError, JoinSet};

use super::address::Provider;
use super::bucket::Bucket;
use super::failure::Failure;
use super::keys;
use super::output_settings::OutputSettings;

/// An object that is being written.
pub struct Upload {
    pub bucket: Arc<Bucket>,
    pub key: String,
    pub path: Path,
    pub settings: OutputSettings,
}

/// The next bytes of an object.
pub struct Part {
    pub bytes: Bytes,
    pub is_last: bool,
    /// The share of the memory for all parts, which is released when the part is sent.
    pub memory: SemaphorePermit<'static>,
}

/// The end of an upload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The object is complete.
    Written {
        /// Whether the object replaced one with records.
        replaced: bool,
    },
    /// The sender of the parts was dropped before the end. No part is left.
    Abandoned,
}

/// The ids of the parts that were sent, by their numbers.
type Sent = BTreeMap<usize, PartId>;

type PartResult = Result<(usize, PartId), Failure>;

/// The next event of an upload in parts.
enum Event {
    /// The next part, or `None` if the upload is abandoned.
    Part(Option<Part>),
    Sent(Option<Result<PartResult, JoinError>>),
}

impl Upload {
    /// Writes the object. The sender of the parts must live until the end, since the upload is abandoned without it.
    ///
    /// # Errors
    /// Returns a message that does not name the object. No part is left, unless the message says so.
    pub async fn run(self, mut parts: UnboundedReceiver<Part>) -> Result<Ended, String> {
        let existing = self.existing().await?;
        let replaced = existing.is_some_and(|size| self.has_records(size));
        let Some(first) = parts.recv().await else {
            return Ok(Ended::Abandoned);
        };
        let ended = if first.is_last {
            let _memory = first.memory;
            let put = pin!(self.put(first.bytes, existing.is_none()));
            match select(put, pin!(parts.recv())).await {
                Either::Left((written, _)) => written.map(|()| true),
                Either::Right(_) => Ok(false),
            }
        } else {
            self.put_in_parts(first, parts, existing.is_none()).await?
        };
        match ended {
            Ok(true) => Ok(Ended::Written { replaced }),
            Ok(false) => Ok(Ended::Abandoned),
            Err(failure) => Err(self.text(&failure)),
        }
    }

    /// Returns the size of the object that has the key, if there is one. Credentials that may not read count as if there was
    /// none.
    async fn existing(&self) -> Result<Option<u64>, String> {
        let existing = match self.size().await {
            Ok(size) => size,
            Err(Failure::Server(error)) if error.status == 403 => None,
            Err(failure) => return Err(self.text(&failure)),
        };
        match existing.filter(|size| self.settings.keeps_existing && self.has_records(*size)) {
            Some(_) => Err(
                "the object exists, and `--no-clobber` keeps it: move it, or write below another prefix"
                    .to_owned(),
            ),
            None => Ok(existing),
        }
    }

    async fn size(&self) -> Result<Option<u64>, Failure> {
        let result = self.bucket.request(|| {
            let options = GetOptions {
                head: true,
                ..GetOptions::default()
            };
            self.bucket.client.get_opts(&self.path, options)
        });
        match result.await {
            Ok(result) => Ok(Some(result.meta.size)),
            Err(failure) if failure.is_missing() => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    fn has_records(&self, size: u64) -> bool {
        ![0, self.settings.empty_bytes].contains(&size)
    }

    /// Writes the object by one request.
    async fn put(&self, bytes: Bytes, is_new: bool) -> Result<(), Failure> {
        let size = bytes.len() as u64;
        let put = |mode: PutMode| {
            let tries = AtomicUsize::new(0);
            let bytes = bytes.clone();
            async move {
                let result = self.bucket.request(|| {
                    tries.fetch_add(1, Ordering::Relaxed);
                    let payload = PutPayload::from(bytes.clone());
                    let options = mode.clone().into();
                    self.bucket.client.put_opts(&self.path, payload, options)
                });
                let result = result.await.map(drop);
                self.settle(result, tries.into_inner() > 1, size).await
            }
        };
        if !(self.settings.keeps_existing && is_new) {
            return put(PutMode::Overwrite).await;
        }
        match put(PutMode::Create).await {
            Err(failure) if failure.is_not_implemented() => {
                self.check_absent().await?;
                put(PutMode::Overwrite).await
            }
            result => result,
        }
    }

    /// Writes the object in parts. Returns whether the object is complete, or `false` if the upload was abandoned.
    async fn put_in_parts(
        &self,
        first: Part,
        parts: UnboundedReceiver<Part>,
        is_new: bool,
    ) -> Result<Result<bool, Failure>, String> {
        let client = &self.bucket.client;
        let id = self
            .bucket
            .request(|| client.create_multipart(&self.path))
            .await;
        let id = match id {
            Ok(id) => id,
            Err(failure) => return Ok(Err(failure)),
        };
        let completed = match self.send_parts(&id, first, parts).await {
            Ok(Some((sent, size))) => self.complete(&id, sent, size, is_new).await.map(|()| true),
            Ok(None) => Ok(false),
            Err(failure) => Err(failure),
        };
        if matches!(completed, Ok(true)) {
            return Ok(completed);
        }
        let abort = || client.abort_multipart(&self.path, &id);
        match self.bucket.request(abort).await {
            Err(failure) if !failure.is_missing() => {
                let cause = match completed {
                    Err(failure) => self.text(&failure),
                    Ok(_) => self.text(&failure),
                };
                Err(format!(
                    "{cause}; parts of the object are left and cost money until they are removed (see *Object storage* in the guide)"
                ))
            }
            _ => Ok(completed),
        }
    }

    /// Sends the parts, several at a time. Returns their ids and the size of the object, or `None` if the upload was
    /// abandoned.
    async fn send_parts(
        &self,
        id: &MultipartId,
        first: Part,
        mut parts: UnboundedReceiver<Part>,
    ) -> Result<Option<(Sent, u64)>, Failure> {
        let mut sending = JoinSet::new();
        let (mut sent, mut number, mut size) = (Sent::new(), 0, 0);
        let mut is_last = false;
        let mut event = Event::Part(Some(first));
        loop {
            match event {
                // Dropping `sending` ends the requests.
                Event::Part(None) => return Ok(None),
                Event::Part(Some(part)) => {
                    is_last |= part.is_last;
                    if !part.bytes.is_empty() {
                        size += part.bytes.len() as u64;
                        sending.spawn(self.send_part(id, number, part));
                        number += 1;
                    }
                }
                Event::Sent(Some(Ok(result))) => sent.extend([result?]),
                Event::Sent(Some(Err(error))) => return Err(Failure::Other(error.to_string())),
                Event::Sent(None) => {}
            }
            if is_last && sending.is_empty() {
                return Ok(Some((sent, size)));
            }
            event = if sending.is_empty() {
                Event::Part(parts.recv().await)
            } else {
                match select(pin!(parts.recv()), pin!(sending.join_next())).await {
                    Either::Left((part, _)) => Event::Part(part),
                    Either::Right((result, _)) => Event::Sent(result),
                }
            };
        }
    }

    fn send_part(
        &self,
        id: &MultipartId,
        number: usize,
        part: Part,
    ) -> impl Future<Output = PartResult> + Send + 'static {
        let (bucket, path, id) = (Arc::clone(&self.bucket), self.path.clone(), id.clone());
        async move {
            let result = bucket.request(|| {
                let payload = PutPayload::from(part.bytes.clone());
                bucket.client.put_part(&path, &id, number, payload)
            });
            let result = result.await;
            drop(part.memory);
            Ok((number, result?))
        }
    }

    /// Lets the object appear.
    async fn complete(
        &self,
        id: &MultipartId,
        sent: Sent,
        size: u64,
        is_new: bool,
    ) -> Result<(), Failure> {
        let sent: Vec<PartId> = sent.into_values().collect();
        let complete = |path: Path| {
            let tries = AtomicUsize::new(0);
            let sent = sent.clone();
            async move {
                let result = self.bucket.request(|| {
                    tries.fetch_add(1, Ordering::Relaxed);
                    let client = &self.bucket.client;
                    let (path, sent) = (path.clone(), sent.clone());
                    async move { client.complete_multipart(&path, id, sent).await }
                });
                let result = result.await.map(drop);
                self.settle(result, tries.into_inner() > 1, size).await
            }
        };
        if !(self.settings.keeps_existing && is_new) {
            return complete(self.path.clone()).await;
        }
        // Older servers ignore the condition, and Azure's client has none.
        self.check_absent().await?;
        if self.bucket.provider == Provider::Azure {
            return complete(self.path.clone()).await;
        }
        match complete(keys::path_to_create(&self.key)).await {
            Err(failure) if failure.is_not_implemented() => complete(self.path.clone()).await,
            result => result,
        }
    }

    /// Returns the result of writing the object. If an earlier try of the request may have succeeded, although its answer was
    /// lost, and the object has the right size, the object is written.
    async fn settle(
        &self,
        result: Result<(), Failure>,
        is_repeated: bool,
        size: u64,
    ) -> Result<(), Failure> {
        match result {
            Err(failure) if is_repeated && (failure.is_changed() || failure.is_missing()) => {
                match self.size().await {
                    Ok(Some(existing)) if existing == size => Ok(()),
                    _ => Err(failure),
                }
            }
            result => result,
        }
    }

    async fn check_absent(&self) -> Result<(), Failure> {
        match self.size().await {
            Ok(Some(size)) if self.has_records(size) => Err(Failure::Other(APPEARED.to_owned())),
            _ => Ok(()),
        }
    }

    fn text(&self, failure: &Failure) -> String {
        match failure {
            Failure::Server(error)
                if self.settings.keeps_existing && matches!(error.status, 409 | 412) =>
            {
                APPEARED.to_owned()
            }
            Failure::Server(error) if error.status == 403 => format!(
                "{} answered {error}; let the credentials write objects, and abort uploads",
                self.bucket.endpoint
            ),
            failure if failure.is_missing() => format!(
                "the upload was removed while it was written, perhaps by a rule of the bucket ({} answered 404): run again",
                self.bucket.endpoint
            ),
            failure => self.bucket.text(failure),
        }
    }
}

const APPEARED: &str = "an object of this name appeared during the run, and `--no-clobber` keeps it: move it and run again, or write below another prefix";

//! Writing an object from a thread that blocks. The parts are sent in the background.

use std::io;
use std::mem;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use bytes::Bytes;
use object_store::list::PaginatedListOptions;
use tokio::sync::mpsc::{self, UnboundedSender};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::task::JoinHandle;

use super::address::Address;
use super::failure::Failure;
use super::keys;
use super::object::Object;
use super::output_settings::OutputSettings;
use super::runtime;
use super::stores::{Stores, head};
use super::upload::{Ended, Part, Upload};

/// The size of the first parts. A smaller object takes one request. Parts of S3, but for the last, have 5 MiB at least.
const PART_BYTES: usize = 8 << 20;

/// The number of parts after which the size of parts doubles. So the most parts that an object may have, 10,000, hold 8 TiB,
/// and parts are larger than 64 MiB only after 56 GiB.
const PARTS_OF_A_SIZE: u32 = 1000;

/// The unit of [`MEMORY`].
const UNIT_BYTES: usize = 64 << 10;

const MEMORY_UNITS: usize = (64 << 20) / UNIT_BYTES;

/// The memory for parts on their way to servers, for all objects together.
static MEMORY: Semaphore = Semaphore::const_new(MEMORY_UNITS);

/// The time between two looks at whether the run is stopped.
const PAUSE: Duration = Duration::from_millis(100);

/// The time that a stopped run has to complete the objects whose parts are all on their way, and then once more to abort their
/// uploads.
const GRACE: Duration = Duration::from_secs(2);

/// The time when a writer first saw that the run is stopped.
static STOPPED: OnceLock<Instant> = OnceLock::new();

/// Tells whether the run is stopped, so that nothing may wait for long.
pub type IsStopped = Arc<dyn Fn() -> bool + Send + Sync>;

/// An object that is being written. The object appears only after [`finish`](Self::finish).
pub struct ObjectWriter {
    buffer: Vec<u8>,
    sent_parts: u32,
    /// Whether bytes were dropped because the run is stopped.
    is_cut: bool,
    is_stopped: IsStopped,
    parts: UnboundedSender<Part>,
    task: Task,
}

/// An object whose bytes are all on their way, or whose upload is abandoned.
pub struct Completion {
    task: Task,
    /// Dropping it abandons the upload. `None` if the upload is abandoned.
    parts: Option<UnboundedSender<Part>>,
    is_stopped: IsStopped,
}

type Task = JoinHandle<Result<Ended, String>>;

impl Stores {
    /// Checks that there is a bucket to write to, if the credentials may list its objects.
    ///
    /// # Errors
    /// Returns a message that does not name the address.
    pub fn check_output(&self, address: &Address) -> Result<(), String> {
        let bucket = self.bucket(address)?;
        let first = bucket.request(|| {
            let options = PaginatedListOptions {
                max_keys: Some(1),
                ..PaginatedListOptions::default()
            };
            bucket.client.list_paginated(None, options)
        });
        match runtime::wait(first).map_err(text_of)? {
            Ok(_) => Ok(()),
            Err(Failure::Server(error)) if error.status == 403 && error.code == "AccessDenied" => {
                Ok(())
            }
            Err(failure) => Err(bucket.text(&failure)),
        }
    }

    /// Returns the object with this address, if there is one.
    ///
    /// # Errors
    /// Returns a message that does not name the address.
    pub fn object(&self, address: &Address) -> Result<Option<Object>, String> {
        let bucket = self.bucket(address)?;
        match runtime::wait(head(&bucket, &address.key)).map_err(text_of)? {
            Ok(object) => Ok(Some(object)),
            Err(failure) if failure.is_missing() => Ok(None),
            Err(failure) => Err(bucket.text(&failure)),
        }
    }

    /// Starts to write an object.
    ///
    /// # Errors
    /// Returns a message that does not name the object.
    pub fn write(
        &self,
        address: &Address,
        settings: OutputSettings,
        is_stopped: IsStopped,
    ) -> Result<ObjectWriter, String> {
        let path = keys::path_of(&address.key).map_err(|_| {
            "its key has a segment `.` or `..`, or a control character: rename the input".to_owned()
        })?;
        let upload = Upload {
            bucket: self.bucket(address)?,
            key: address.key.clone(),
            path,
            settings,
        };
        let (parts, receiver) = mpsc::unbounded_channel();
        let task = runtime::spawn(upload.run(receiver)).map_err(text_of)?;
        Ok(ObjectWriter {
            buffer: Vec::new(),
            sent_parts: 0,
            is_cut: false,
            is_stopped,
            parts,
            task,
        })
    }
}

impl ObjectWriter {
    /// Appends bytes. If the run is stopped, bytes that would have to wait are dropped.
    ///
    /// # Errors
    /// Returns a message that does not name the object.
    pub fn write(&mut self, mut bytes: &[u8]) -> Result<(), String> {
        while !self.is_cut {
            let rest = self.part_bytes() - self.buffer.len();
            if bytes.len() < rest {
                self.buffer.extend_from_slice(bytes);
                break;
            }
            let (now, later) = bytes.split_at(rest);
            self.buffer.extend_from_slice(now);
            bytes = later;
            self.send(false)?;
            self.buffer.reserve(self.part_bytes());
        }
        Ok(())
    }

    fn part_bytes(&self) -> usize {
        PART_BYTES << (self.sent_parts / PARTS_OF_A_SIZE).min(10)
    }

    /// Sends the bytes in the buffer.
    fn send(&mut self, is_last: bool) -> Result<(), String> {
        let bytes = Bytes::from(mem::take(&mut self.buffer));
        let units = bytes.len().div_ceil(UNIT_BYTES).min(MEMORY_UNITS) as u32;
        let Some(memory) = self.memory(units)? else {
            self.is_cut = true;
            return Ok(());
        };
        let part = Part {
            bytes,
            is_last,
            memory,
        };
        self.sent_parts += 1;
        match self.parts.send(part) {
            Ok(()) => Ok(()),
            Err(_) => Err(self.failure()),
        }
    }

    /// Waits for memory. Returns `None` if the run is stopped.
    fn memory(&mut self, units: u32) -> Result<Option<SemaphorePermit<'static>>, String> {
        loop {
            let memory = runtime::wait(async {
                tokio::time::timeout(PAUSE, MEMORY.acquire_many(units)).await
            });
            match memory.map_err(text_of)? {
                Ok(memory) => return memory.map(Some).map_err(|error| error.to_string()),
                Err(_) if self.task.is_finished() => return Err(self.failure()),
                Err(_) if (self.is_stopped)() => return Ok(None),
                Err(_) => {}
            }
        }
    }

    /// Returns why the upload has ended early.
    fn failure(&mut self) -> String {
        match runtime::wait(&mut self.task) {
            Ok(Ok(Err(text))) => text,
            _ => "the client has stopped; run again".to_owned(),
        }
    }

    /// Sends the last bytes.
    ///
    /// # Errors
    /// Returns a message that does not name the object.
    pub fn finish(mut self) -> Result<Completion, String> {
        self.send(true)?;
        if self.is_cut {
            self.abandon().wait_abandoned(Instant::now() + GRACE)?;
            return Err(interrupted());
        }
        Ok(Completion {
            task: self.task,
            parts: Some(self.parts),
            is_stopped: self.is_stopped,
        })
    }

    /// Removes the parts that were sent, in the background.
    pub fn abandon(self) -> Completion {
        Completion {
            task: self.task,
            parts: None,
            is_stopped: self.is_stopped,
        }
    }
}

impl Completion {
    /// Returns whether [`wait`](Self::wait) returns at once.
    pub fn is_finished(&self) -> bool {
        self.task.is_finished()
    }

    /// Waits until the object is complete. Returns whether it replaced an object with records. If the run is stopped, the
    /// upload is abandoned after some seconds.
    ///
    /// # Errors
    /// Returns a message that does not name the object.
    pub fn wait(mut self) -> Result<bool, String> {
        loop {
            match self.ended_within(PAUSE) {
                Some(Ok(Ended::Written { replaced })) => return Ok(replaced),
                Some(Ok(Ended::Abandoned)) => return Err(interrupted()),
                Some(Err(text)) => return Err(text),
                None => {}
            }
            let stopped = (self.is_stopped)().then(|| *STOPPED.get_or_init(Instant::now));
            if let Some(stopped) = stopped.filter(|stopped| stopped.elapsed() >= GRACE) {
                self.wait_abandoned(stopped + 2 * GRACE)?;
                return Err(interrupted());
            }
        }
    }

    /// Waits until the parts of an abandoned upload are removed.
    ///
    /// # Errors
    /// Returns a message that does not name the object if parts may be left.
    pub fn wait_abandoned(mut self, deadline: Instant) -> Result<(), String> {
        self.parts = None;
        match self.ended_within(deadline.saturating_duration_since(Instant::now())) {
            Some(Ok(_)) => Ok(()),
            Some(Err(text)) => Err(text),
            None => Err(
                "its upload could not be aborted in time, so parts may be left and cost money (see *Object storage* in the guide)"
                    .to_owned(),
            ),
        }
    }

    fn ended_within(&mut self, time: Duration) -> Option<Result<Ended, String>> {
        let ended = runtime::wait(async { tokio::time::timeout(time, &mut self.task).await });
        match ended {
            Ok(Ok(Ok(ended))) => Some(ended),
            Ok(Ok(Err(error))) => Some(Err(error.to_string())),
            Ok(Err(_)) => None,
            Err(error) => Some(Err(error.to_string())),
        }
    }
}

fn interrupted() -> String {
    "the run was interrupted: run again".to_owned()
}

fn text_of(error: io::Error) -> String {
    error.to_string()
}

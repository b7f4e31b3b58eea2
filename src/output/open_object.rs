//! The output object of an input that has started and has not ended, or of all inputs.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Error, Result, anyhow};

use super::part_file::packed;
use crate::cloud::{Address, Completion, IsStopped, ObjectWriter, OutputSettings, Stores};
use crate::compression::Compression;
use crate::console::Console;
use crate::convert::ConvertedBatch;
use crate::files::failed_to_write;
use crate::interrupt::Interrupted;

/// The object storage to which a run writes.
pub struct ObjectStorage {
    pub stores: Stores,
    /// Whether an output fails if it would replace an object that is not empty.
    pub keeps_existing: bool,
    is_stopped: IsStopped,
    /// The uploads that are being aborted.
    abandoned: Vec<(PathBuf, Completion)>,
}

/// An output object before its last byte.
pub struct OpenObject {
    pub path: PathBuf,
    pub compression: Option<Compression>,
    /// The writer, once there is something to write.
    writer: Option<ObjectWriter>,
    is_empty: bool,
}

impl ObjectStorage {
    /// Checks that there is a bucket to write to.
    ///
    /// # Errors
    /// Returns an error that names the path if there is no such bucket, or it cannot be reached.
    pub fn open(
        path: &Path,
        stores: Stores,
        keeps_existing: bool,
        interrupted: Interrupted,
    ) -> Result<Self> {
        let checked = address_of(path).and_then(|address| stores.check_output(&address));
        checked.map_err(|text| failed(path, text))?;
        Ok(Self {
            stores,
            keeps_existing,
            is_stopped: Arc::new(move || interrupted.is_set()),
            abandoned: Vec::new(),
        })
    }

    /// Returns whether there is an object of this name that has records.
    ///
    /// # Errors
    /// Returns an error that names the path if that cannot be found out.
    pub fn has_records(&self, path: &Path) -> Result<bool> {
        let object = address_of(path).and_then(|address| self.stores.object(&address));
        let object = object.map_err(|text| failed(path, text))?;
        let empty = empty_object(Compression::of_name(path))?.len() as u64;
        Ok(object.is_some_and(|object| ![0, empty].contains(&object.size())))
    }

    /// Starts to write an object.
    ///
    /// # Errors
    /// Returns an error that names the path.
    pub fn start(&self, object: &mut OpenObject) -> Result<()> {
        let settings = OutputSettings {
            keeps_existing: self.keeps_existing,
            empty_bytes: empty_object(object.compression)?.len() as u64,
        };
        let is_stopped = Arc::clone(&self.is_stopped);
        let writer = address_of(&object.path)
            .and_then(|address| self.stores.write(&address, settings, is_stopped));
        let writer = writer.map(Some);
        object.writer = writer.map_err(|text| failed(&object.path, text))?;
        Ok(())
    }

    /// Aborts the upload of an object, in the background.
    pub fn abandon(&mut self, object: OpenObject) {
        let upload = object.writer.map(ObjectWriter::abandon);
        self.abandoned
            .extend(upload.map(|upload| (object.path, upload)));
        self.abandoned.retain(|(_, upload)| !upload.is_finished());
    }

    /// Waits until no part of an aborted upload is left.
    pub fn close(&mut self, console: &Console) {
        /// The time for all uploads. An interrupted run must end within some seconds.
        const MOST_TIME: Duration = Duration::from_secs(3);

        let deadline = Instant::now() + MOST_TIME;
        for (path, upload) in self.abandoned.drain(..) {
            if let Err(text) = upload.wait_abandoned(deadline) {
                console.warn(&format!("`{}` is not written: {text}", path.display()));
            }
        }
    }
}

impl OpenObject {
    pub fn new(path: PathBuf, compression: Option<Compression>) -> Self {
        Self {
            path,
            compression,
            writer: None,
            is_empty: true,
        }
    }

    pub fn is_started(&self) -> bool {
        self.writer.is_some()
    }

    /// Appends the records of a batch to an object that has started.
    ///
    /// # Errors
    /// Returns an error that names the path.
    pub fn write(&mut self, batch: &ConvertedBatch) -> Result<()> {
        let bytes = packed(batch, self.compression).with_context(|| failed_to_write(&self.path))?;
        self.is_empty = false;
        self.append(&bytes)
    }

    fn append(&mut self, bytes: &[u8]) -> Result<()> {
        match self.writer.as_mut().map(|writer| writer.write(bytes)) {
            Some(Err(text)) => Err(failed(&self.path, text)),
            _ => Ok(()),
        }
    }

    /// Sends the last bytes. Returns `None` if the object was never started.
    ///
    /// # Errors
    /// Returns an error that names the path.
    pub fn finish(mut self) -> Result<Option<(PathBuf, Completion)>> {
        if self.is_empty {
            self.append(&empty_object(self.compression)?)?;
        }
        let Some(writer) = self.writer else {
            return Ok(None);
        };
        let path = self.path;
        match writer.finish() {
            Ok(completion) => Ok(Some((path, completion))),
            Err(text) => Err(failed(&path, text)),
        }
    }
}

/// Returns the bytes of an object without records.
fn empty_object(compression: Option<Compression>) -> Result<Vec<u8>> {
    match compression {
        Some(compression) => Ok(compression.member(b"")?),
        None => Ok(Vec::new()),
    }
}

fn address_of(path: &Path) -> Result<Address, String> {
    Address::parse(path).unwrap_or_else(|| Err("it is no address".to_owned()))
}

/// Returns the error about an object.
pub fn failed(path: &Path, text: String) -> Error {
    anyhow!(text).context(failed_to_write(path))
}

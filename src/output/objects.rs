//! A prefix in object storage, with one output object for each input.
//!
//! An object appears when it is complete. The last request of an object is answered in the background, while the next inputs
//! are converted: small objects would else take the time of a request each.

use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Result;

use super::open_object::{ObjectStorage, OpenObject, failed};
use crate::checkpoint::Resumed;
use crate::cloud::Completion;
use crate::compression::Compression;
use crate::console::Console;
use crate::convert::ConvertedBatch;
use crate::destination::{Closed, Completed, Destination, WriteStatus, WrittenFile};
use crate::input::{Shape, Source};
use crate::output_names::{OutputNames, nth_file};

/// The most objects whose last requests are not answered yet.
const MOST_COMPLETING: usize = 64;

/// Writes the output of each input to an object of its own.
pub struct Objects {
    names: OutputNames,
    storage: ObjectStorage,
    /// The outputs that have started and not ended, by the numbers of their inputs.
    open: BTreeMap<usize, OpenObject>,
    completing: VecDeque<(usize, PathBuf, Completion)>,
    /// Whether the outputs of inputs that have ended may be incomplete for a while.
    pub completes_later: bool,
    last_file: Option<WrittenFile>,
    console: Arc<Console>,
}

impl Objects {
    pub fn new(names: OutputNames, storage: ObjectStorage, console: Arc<Console>) -> Self {
        Self {
            names,
            storage,
            open: BTreeMap::new(),
            completing: VecDeque::new(),
            completes_later: false,
            last_file: None,
            console,
        }
    }

    /// Returns the path of an output. Each run writes other lines of a rejects file that shrinks, so the outputs of earlier
    /// runs stay.
    fn path(&self, source: &Source) -> Result<PathBuf> {
        let (first, mut nth) = (self.names.path(source), 1);
        loop {
            let path = nth_file(&first, nth);
            if !source.is_own_rejects || !self.storage.has_records(&path)? {
                return Ok(path);
            }
            nth += 1;
        }
    }
}

fn written(path: PathBuf, completion: Completion) -> Result<WrittenFile> {
    match completion.wait() {
        Ok(replaced) => Ok(WrittenFile { path, replaced }),
        Err(text) => Err(failed(&path, text)),
    }
}

impl Destination for Objects {
    fn start(&mut self, input: usize, source: &Source, _: Option<&Resumed>) -> Result<()> {
        let is_log = source.shape == Shape::Log;
        let path = self.path(source)?;
        let compression = Compression::of_name(&path).filter(|_| is_log);
        let mut object = OpenObject::new(path, compression);
        // A log without records gets an empty object, and a document gets none.
        if is_log && !source.is_own_rejects {
            self.storage.start(&mut object)?;
        }
        self.open.insert(input, object);
        Ok(())
    }

    fn write(&mut self, input: usize, batch: &ConvertedBatch) -> Result<WriteStatus> {
        let Some(object) = self.open.get_mut(&input) else {
            return Ok(WriteStatus::Written);
        };
        if !batch.bytes.is_empty() {
            let started = match object.is_started() {
                true => Ok(()),
                false => self.storage.start(object),
            };
            if let Err(error) = started.and_then(|()| object.write(batch)) {
                self.open.remove(&input);
                return Err(error);
            }
        }
        Ok(WriteStatus::Written)
    }

    fn finish(&mut self, input: usize) -> Result<WriteStatus> {
        if let Some(object) = self.open.remove(&input)
            && let Some((path, completion)) = object.finish()?
        {
            match self.completes_later {
                true => self.completing.push_back((input, path, completion)),
                false => self.last_file = Some(written(path, completion)?),
            }
        }
        Ok(WriteStatus::Written)
    }

    fn is_completing(&self, input: usize) -> bool {
        self.completing.back().is_some_and(|last| last.0 == input)
    }

    fn completed(&mut self, waits: bool) -> Vec<Completed> {
        let mut completed = Vec::new();
        let mut rest = VecDeque::new();
        let too_many = self.completing.len().saturating_sub(MOST_COMPLETING);
        for (nth, (input, path, completion)) in self.completing.drain(..).enumerate() {
            if waits || nth < too_many || completion.is_finished() {
                let output = written(path, completion);
                completed.push(Completed { input, output });
            } else {
                rest.push_back((input, path, completion));
            }
        }
        self.completing = rest;
        completed
    }

    fn last_file(&mut self) -> Option<WrittenFile> {
        self.last_file.take()
    }

    fn abort(&mut self, input: usize) -> Result<bool> {
        if let Some(object) = self.open.remove(&input) {
            self.storage.abandon(object);
        }
        Ok(false)
    }

    fn written(&self) -> String {
        format!("written to `{}`", self.names.directory.display())
    }

    fn compression(&self) -> Option<Compression> {
        self.names.compression
    }

    fn takes_several(&self) -> bool {
        true
    }

    fn close(mut self: Box<Self>) -> Closed {
        self.storage.close(&self.console);
        Closed::default()
    }
}

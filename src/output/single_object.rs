//! An object with the output of all inputs, one after the other. It appears when the run has read all inputs to their ends.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Result, bail};

use super::open_object::{ObjectStorage, OpenObject, failed};
use crate::checkpoint::Resumed;
use crate::compression::Compression;
use crate::console::Console;
use crate::convert::ConvertedBatch;
use crate::destination::{Closed, Destination, WriteStatus};
use crate::exit_code::ExitCode;
use crate::input::Source;
use crate::interrupt::Interrupted;

/// Writes the output of all inputs to one object.
pub struct SingleObject {
    path: PathBuf,
    /// The object. `None` if a write has failed.
    object: Option<OpenObject>,
    storage: ObjectStorage,
    /// Whether an input ended early, so that the object is not complete.
    is_cut: bool,
    interrupted: Interrupted,
    /// The inputs that have started.
    inputs: BTreeSet<usize>,
    console: Arc<Console>,
}

impl SingleObject {
    /// Starts the object. The end of its key says whether it is compressed.
    ///
    /// # Errors
    /// Returns an error that names the path if the object cannot be written, or if an existing object stays.
    pub fn create(
        path: &Path,
        storage: ObjectStorage,
        interrupted: Interrupted,
        console: Arc<Console>,
    ) -> Result<Self> {
        if storage.keeps_existing && storage.has_records(path)? {
            bail!(
                "`{}` exists, and `--no-clobber` keeps it: move it, or write to another path",
                path.display()
            );
        }
        let mut object = OpenObject::new(path.to_owned(), Compression::of_name(path));
        storage.start(&mut object)?;
        Ok(Self {
            path: path.to_owned(),
            object: Some(object),
            storage,
            is_cut: false,
            interrupted,
            inputs: BTreeSet::new(),
            console,
        })
    }

    /// Completes the object.
    fn complete(&mut self) -> Result<()> {
        let finished = self.object.take().map(OpenObject::finish).transpose()?;
        match finished.flatten() {
            Some((path, completion)) => {
                let written = completion.wait();
                written.map(drop).map_err(|text| failed(&path, text))
            }
            None => Ok(()),
        }
    }
}

impl Destination for SingleObject {
    fn written(&self) -> String {
        format!("written to `{}`", self.path.display())
    }

    fn start(&mut self, input: usize, _: &Source, _: Option<&Resumed>) -> Result<()> {
        self.inputs.insert(input);
        Ok(())
    }

    fn write(&mut self, _: usize, batch: &ConvertedBatch) -> Result<WriteStatus> {
        if let Some(object) = self.object.as_mut().filter(|_| !batch.bytes.is_empty())
            && let Err(error) = object.write(batch)
        {
            (self.object, self.is_cut) = (None, true);
            return Err(error);
        }
        Ok(WriteStatus::Written)
    }

    fn finish(&mut self, _: usize) -> Result<WriteStatus> {
        Ok(WriteStatus::Written)
    }

    fn abort(&mut self, _: usize) -> Result<bool> {
        self.is_cut = true;
        Ok(false)
    }

    fn compression(&self) -> Option<Compression> {
        self.object.as_ref().and_then(|object| object.compression)
    }

    fn is_shared(&self) -> bool {
        true
    }

    fn close(mut self: Box<Self>) -> Closed {
        let is_stopped = self.is_cut || self.interrupted.is_set();
        let code = if is_stopped {
            self.console.alert(&format!(
                "`{}` is not written, since the run ended early: run again",
                self.path.display()
            ));
            if let Some(object) = self.object.take() {
                self.storage.abandon(object);
            }
            self.storage.close(&self.console);
            ExitCode::Success
        } else {
            match self.complete() {
                Ok(()) => return Closed::default(),
                Err(error) => {
                    self.console.error(&format!("{error:#}"));
                    ExitCode::Output
                }
            }
        };
        Closed {
            code,
            stopped: self.inputs,
            is_discarded: true,
            ..Closed::default()
        }
    }
}

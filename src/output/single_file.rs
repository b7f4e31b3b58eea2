//! A file with the output of all inputs, one after the other.
//!
//! The file gets its name when the run has read all inputs to their ends. A run that ends early leaves no file, and an
//! earlier file of this name stays.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result, bail};

use super::open_output::{NextFile, OpenOutput};
use crate::checkpoint::Resumed;
use crate::compression::Compression;
use crate::console::Console;
use crate::convert::ConvertedBatch;
use crate::destination::{Closed, Destination, WriteStatus};
use crate::exit_code::ExitCode;
use crate::files::{failed_to_write, parent, remove_abandoned};
use crate::input::Source;
use crate::interrupt::Interrupted;

/// Writes the output of all inputs to one file.
pub struct SingleFile {
    file: OpenOutput,
    /// Whether an input or a write ended early, so that the file is not complete.
    is_incomplete: bool,
    interrupted: Interrupted,
    /// The inputs that have started.
    inputs: BTreeSet<usize>,
    console: Arc<Console>,
}

impl SingleFile {
    /// Starts the file under a temporary name. The name of the file says whether it is compressed. If `keeps_existing`,
    /// an existing file that is not empty is not replaced.
    ///
    /// # Errors
    /// Returns an error that names the path if the file cannot be created, or if an existing file stays.
    pub fn create(
        path: PathBuf,
        keeps_existing: bool,
        interrupted: Interrupted,
        console: Arc<Console>,
    ) -> Result<Self> {
        if fs::metadata(&path).is_ok_and(|existing| !existing.is_file()) {
            bail!(
                "`{}` is not a regular file and is not replaced: redirect standard output to it, without `--output`",
                path.display()
            );
        }
        let path = target_of_links(path);
        let compression = Compression::of_name(&path);
        let mut file = OpenOutput {
            next: NextFile {
                path,
                ..NextFile::default()
            },
            part: None,
            compression,
            delivery: None,
            keeps_existing,
            // The new name of the file is made durable, as that of a numbered file.
            is_numbered: true,
        };
        file.check_existing()?;
        let name = file.next.path.file_name().unwrap_or_default();
        let name = name.to_string_lossy().into_owned();
        remove_abandoned(parent(&file.next.path), |other| other == name);
        file.part(None)?;
        Ok(Self {
            file,
            is_incomplete: false,
            interrupted,
            inputs: BTreeSet::new(),
            console,
        })
    }
}

/// Returns the path of the file that a link leads to, which need not exist. So the link stays when the file is replaced.
fn target_of_links(mut path: PathBuf) -> PathBuf {
    /// The most links that Linux follows.
    const MOST_LINKS: usize = 40;

    for _ in 0..MOST_LINKS {
        let Ok(target) = fs::read_link(&path) else {
            break;
        };
        path = parent(&path).join(target);
    }
    path
}

impl Destination for SingleFile {
    fn written(&self) -> String {
        format!("written to `{}`", self.file.next.path.display())
    }

    fn start(&mut self, input: usize, _: &Source, _: Option<&Resumed>) -> Result<()> {
        self.inputs.insert(input);
        Ok(())
    }

    fn write(&mut self, _: usize, batch: &ConvertedBatch) -> Result<WriteStatus> {
        if !batch.bytes.is_empty() {
            let part = self.file.part(None);
            if let Err(error) = part.and_then(|part| Ok(part.write(batch)?)) {
                self.is_incomplete = true;
                return Err(error.context(failed_to_write(&self.file.next.path)));
            }
        }
        Ok(WriteStatus::Written)
    }

    fn finish(&mut self, _: usize) -> Result<WriteStatus> {
        Ok(WriteStatus::Written)
    }

    fn abort(&mut self, _: usize) -> Result<bool> {
        self.is_incomplete = true;
        Ok(false)
    }

    fn compression(&self) -> Option<Compression> {
        self.file.compression
    }

    fn is_shared(&self) -> bool {
        true
    }

    fn close(self: Box<Self>) -> Closed {
        let path = self.file.next.path.clone();
        if self.is_incomplete || self.interrupted.is_set() {
            self.console.alert(&format!(
                "`{}` is not written, since the run ended early: run again",
                path.display()
            ));
            return Closed {
                code: ExitCode::Success,
                stopped: self.inputs,
                is_discarded: true,
                ..Closed::default()
            };
        }
        let completed = self.file.complete();
        match completed.with_context(|| failed_to_write(&path)) {
            Ok(()) => Closed::default(),
            Err(error) => {
                self.console.error(&format!("{error:#}"));
                Closed {
                    code: ExitCode::Output,
                    stopped: self.inputs,
                    is_discarded: true,
                    ..Closed::default()
                }
            }
        }
    }
}

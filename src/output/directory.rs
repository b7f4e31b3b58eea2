//! A directory with one file for each input.
//!
//! A file is written under a temporary, hidden name beside its final one and renamed when it is complete, so that no
//! reader ever sees half of one under its name.

use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use flate2::write::GzEncoder;
use tempfile::NamedTempFile;

use super::{Destination, Output, OutputNames, Taken};
use crate::input::{Shape, Source};

/// Whether the files of logs are compressed. Documents never are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    None,
    Gzip,
}

/// Writes each input's output to a file of its own.
pub struct Directory {
    names: OutputNames,
    current: Option<Unfinished>,
}

/// A file on its way.
struct Unfinished {
    path: PathBuf,
    /// A document that comes to nothing is not written.
    may_be_absent: bool,
    writer: Option<Writer>,
    compression: Compression,
}

enum Writer {
    Plain(BufWriter<NamedTempFile>),
    Gzip(Box<GzEncoder<BufWriter<NamedTempFile>>>),
}

impl Directory {
    /// Creates the directory when it is missing.
    ///
    /// # Errors
    /// It cannot be created.
    pub fn create(names: OutputNames) -> Result<Self> {
        create_dir(&names.directory)?;
        Ok(Self {
            names,
            current: None,
        })
    }
}

impl Destination for Directory {
    fn start(&mut self, source: &Source) -> Result<()> {
        let is_log = source.shape == Shape::Log;
        let mut unfinished = Unfinished {
            path: self.names.path(source),
            may_be_absent: !is_log,
            writer: None,
            compression: if is_log {
                self.names.compression
            } else {
                Compression::None
            },
        };
        if !unfinished.may_be_absent {
            unfinished.open()?;
        }
        self.current = Some(unfinished);
        Ok(())
    }

    fn write(&mut self, output: &Output) -> Result<Taken> {
        let bytes = &output.bytes;
        if let Some(unfinished) = self.current.as_mut().filter(|_| !bytes.is_empty()) {
            let written = unfinished
                .open()
                .and_then(|writer| Ok(writer.write_all(bytes)?));
            if let Err(error) = written {
                let path = failed_to_write(&unfinished.path);
                // What there is of it goes with its temporary file.
                self.current = None;
                return Err(error.context(path));
            }
        }
        Ok(Taken::Yes)
    }

    fn finish(&mut self) -> Result<Taken> {
        if let Some(Unfinished {
            path,
            writer: Some(writer),
            ..
        }) = self.current.take()
        {
            writer
                .complete(&path)
                .with_context(|| failed_to_write(&path))?;
        }
        Ok(Taken::Yes)
    }
}

impl Unfinished {
    fn open(&mut self) -> Result<&mut Writer> {
        if self.writer.is_none() {
            let directory = self.path.parent().unwrap_or(Path::new("."));
            create_dir(directory)?;
            let file = temporary_file(&self.path, directory, ANY_FILE)
                .with_context(|| failed_to_write(&self.path))?;
            let file = BufWriter::with_capacity(1 << 16, file);
            self.writer = Some(match self.compression {
                Compression::None => Writer::Plain(file),
                Compression::Gzip => {
                    let level = flate2::Compression::default();
                    Writer::Gzip(Box::new(GzEncoder::new(file, level)))
                }
            });
        }
        self.writer.as_mut().context("no file is open")
    }
}

impl Writer {
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Plain(file) => file.write_all(bytes),
            Self::Gzip(encoder) => encoder.write_all(bytes),
        }
    }

    /// Flushes, syncs and renames.
    fn complete(self, path: &Path) -> io::Result<()> {
        let file = match self {
            Self::Plain(file) => file,
            Self::Gzip(encoder) => (*encoder).finish()?,
        };
        let file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.as_file().sync_data()?;
        file.persist(path)?;
        Ok(())
    }
}

/// The mode that any new file has.
const ANY_FILE: u32 = 0o666;

/// A hidden file beside the one that it will be. The umask takes from its mode, as from that of any new file.
pub(super) fn temporary_file(
    path: &Path,
    directory: &Path,
    mode: u32,
) -> io::Result<NamedTempFile> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let prefix = format!(".{name}.");
    let mut builder = tempfile::Builder::new();
    builder.prefix(&prefix).suffix(".part");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(mode));
    }
    builder.tempfile_in(directory)
}

/// A hidden file that will be the one at the path.
pub fn temporary_file_beside(path: &Path) -> io::Result<NamedTempFile> {
    let directory = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    temporary_file(path, directory.unwrap_or(Path::new(".")), ANY_FILE)
}

fn create_dir(directory: &Path) -> Result<()> {
    fs::create_dir_all(directory)
        .with_context(|| format!("failed to create the directory `{}`", directory.display()))
}

fn failed_to_write(path: &Path) -> String {
    format!("failed to write `{}`", path.display())
}

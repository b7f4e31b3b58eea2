//! A file that stands under its name only when it is complete, beside the directory of outputs: the rejects, the report.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use tempfile::NamedTempFile;

use crate::files::{persist, temporary_file};

/// The file on its way. When it is dropped, nothing of it stays.
pub struct WholeFile {
    path: PathBuf,
    place: Place,
}

enum Place {
    Temporary(NamedTempFile),
    /// What earlier runs wrote stays.
    Appended(File),
    /// What is no regular file, such as a pipe, is written to and never replaced.
    Special(File),
}

impl WholeFile {
    /// Starts the file, with a mode from which the umask takes.
    ///
    /// # Errors
    /// It cannot be created. The message names the path.
    pub fn create(path: &Path, mode: u32) -> Result<Self> {
        // A link there, as /dev/stdout, is not to be replaced, even when it leads to a regular file.
        let is_of_system = ["/dev", "/proc"].iter().any(|of| path.starts_with(of));
        let is_special =
            fs::metadata(path).is_ok_and(|metadata| is_of_system || !metadata.is_file());
        let names_directory = || path.as_os_str().as_encoded_bytes().ends_with(b"/");
        let place = if is_special {
            let file = OpenOptions::new().append(true).open(path);
            file.map(Place::Special)
        } else if path.file_name().is_none() || names_directory() {
            // It could only be seen when all is done and the file gets its name.
            Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "it is no name of a file",
            ))
        } else {
            let directory = path
                .parent()
                .filter(|parent| !parent.as_os_str().is_empty());
            let directory = directory.unwrap_or(Path::new("."));
            temporary_file(path, directory, mode).map(Place::Temporary)
        };
        Ok(Self {
            path: path.to_owned(),
            place: place.with_context(|| format!("failed to create `{}`", path.display()))?,
        })
    }

    /// Goes on with the file of earlier runs, if there is one.
    ///
    /// # Errors
    /// It cannot be opened. The message names the path.
    pub fn append(path: &Path, mode: u32) -> Result<Self> {
        if fs::metadata(path).is_ok_and(|metadata| !metadata.is_file()) {
            return Self::create(path, mode);
        }
        let mut options = OpenOptions::new();
        options.read(true).append(true).create(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt;
            options.mode(mode);
        }
        let file = options.open(path).and_then(|mut file| {
            let whole = length_of_whole_lines(&mut file)?;
            file.set_len(whole)?;
            Ok(file)
        });
        let file = file.with_context(|| format!("failed to open `{}`", path.display()))?;
        Ok(Self {
            path: path.to_owned(),
            place: Place::Appended(file),
        })
    }

    /// Makes durable what was written.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn sync(&self) -> io::Result<()> {
        match &self.place {
            Place::Temporary(file) => file.as_file().sync_data(),
            Place::Appended(file) => file.sync_data(),
            Place::Special(_) => Ok(()),
        }
    }

    /// The message for what cannot be written.
    pub fn failed(&self) -> String {
        failed(&self.path)
    }

    /// How long it is. Of a pipe that is not known.
    ///
    /// # Errors
    /// The system does not tell.
    pub fn length(&mut self) -> io::Result<u64> {
        match &mut self.place {
            Place::Temporary(file) => file.stream_position(),
            Place::Appended(file) => file.metadata().map(|metadata| metadata.len()),
            Place::Special(_) => Ok(0),
        }
    }

    /// Takes back what was written past a length. From a pipe nothing can be taken back.
    ///
    /// # Errors
    /// It cannot be taken back.
    pub fn back_to(&mut self, length: u64) -> io::Result<()> {
        match &mut self.place {
            Place::Temporary(file) => {
                file.as_file().set_len(length)?;
                file.seek(SeekFrom::Start(length)).map(drop)
            }
            Place::Appended(file) => file.set_len(length),
            Place::Special(_) => Ok(()),
        }
    }

    /// Completes the file: syncs it and gives it its name.
    ///
    /// # Errors
    /// It cannot be completed. The message names the path.
    pub fn finish(self) -> Result<()> {
        let Self { path, place } = self;
        let finish = || -> io::Result<()> {
            match place {
                Place::Temporary(file) => {
                    file.as_file().sync_data()?;
                    persist(file, &path)?;
                }
                Place::Appended(file) => file.sync_data()?,
                Place::Special(_) => {}
            }
            Ok(())
        };
        finish().with_context(|| failed(&path))
    }
}

/// How long a file is without a last line that was not written to its end.
fn length_of_whole_lines(file: &mut File) -> io::Result<u64> {
    const PIECE: u64 = 1 << 16;
    let mut end = file.metadata()?.len();
    while end > 0 {
        let start = end.saturating_sub(PIECE);
        file.seek(SeekFrom::Start(start))?;
        let mut piece = Vec::new();
        Read::by_ref(file)
            .take(end - start)
            .read_to_end(&mut piece)?;
        if let Some(newline) = memchr::memrchr(b'\n', &piece) {
            return Ok(start + newline as u64 + 1);
        }
        end = start;
    }
    Ok(0)
}

fn failed(path: &Path) -> String {
    format!("failed to write `{}`", path.display())
}

impl Write for WholeFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.place {
            // Not by the library's writer, whose errors name the temporary file.
            Place::Temporary(file) => file.as_file_mut().write(bytes),
            Place::Appended(file) | Place::Special(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.place {
            Place::Temporary(file) => file.flush(),
            Place::Appended(file) | Place::Special(file) => file.flush(),
        }
    }
}

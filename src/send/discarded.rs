//! The file of discarded dead letters, one a line. A line that is copied to a file of its own is a dead letter again.

use std::fs::{self, File};
use std::io::{self, BufWriter, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::files::{OWNER_ONLY, sync_directory};

/// The name of the file in the directory of the dead letters. The name does not end as those of dead letters do.
const DISCARDED: &str = "discarded.jsonl";

/// Returns the path of the file of discarded dead letters.
pub fn discarded_file(directory: &Path) -> PathBuf {
    directory.join(DISCARDED)
}

/// Appends dead letters to the file of discarded dead letters, and removes their own files. The file is synced to disk
/// before anything is removed, so a crash may leave a dead letter in both, but never loses it.
///
/// # Errors
/// Returns an error that names the file that cannot be read, written or removed.
pub fn discard(directory: &Path, letters: &[PathBuf]) -> Result<()> {
    let path = discarded_file(directory);
    let failed = || format!("failed to write `{}`", path.display());
    let mut file = BufWriter::new(open(&path).with_context(failed)?);
    for letter in letters {
        let text = fs::read(letter);
        let mut text = text.with_context(|| format!("failed to read `{}`", letter.display()))?;
        // Newlines are white space in JSON, since they are escaped in strings. A dead letter has newlines if a person
        // has edited the file.
        let newlines = text.iter_mut().filter(|byte| matches!(byte, b'\n' | b'\r'));
        newlines.for_each(|byte| *byte = b' ');
        text.push(b'\n');
        file.write_all(&text).with_context(failed)?;
    }
    file.flush().with_context(failed)?;
    file.get_ref().sync_all().with_context(failed)?;
    sync_directory(&path).with_context(failed)?;
    for letter in letters {
        match fs::remove_file(letter) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                let failed = format!("failed to remove `{}`", letter.display());
                return Err(error).context(failed);
            }
            _ => {}
        }
    }
    Ok(())
}

/// Opens the file for appending. Ends its last line, which may be incomplete if an earlier run was killed.
fn open(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.read(true).append(true).create(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(OWNER_ONLY);
    }
    #[cfg(not(unix))]
    let _ = OWNER_ONLY;
    let mut file = options.open(path)?;
    let mut last = [b'\n'];
    if file.metadata()?.len() > 0 {
        file.seek(SeekFrom::End(-1))?;
        file.read_exact(&mut last)?;
    }
    if last != [b'\n'] {
        file.write_all(b"\n")?;
    }
    Ok(file)
}

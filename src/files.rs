//! Creates files under temporary names, renames them to their final names, and makes the new names durable.

use std::fs::{self, TryLockError};
use std::io::{self, BufRead};
use std::path::Path;

use tempfile::NamedTempFile;

#[cfg(unix)]
use crate::text::shell_argument;

/// The mode of ordinary files, before the umask is applied.
pub const ANY_FILE: u32 = 0o666;

/// The mode of files with personal data.
pub const OWNER_ONLY: u32 = 0o600;

/// The path of standard output.
pub const STDOUT: &str = "/dev/stdout";

/// The ending of the names of temporary files.
const PART: &str = ".part";

/// The number of random characters in the names of temporary files.
const RANDOM_CHARS: usize = 6;

/// Renames a temporary file to its final name.
///
/// # Errors
/// Returns the error of the operating system if the file cannot be renamed. It is not wrapped in the error of
/// `tempfile`, because a message with both errors would say the same thing twice.
pub fn persist(file: NamedTempFile, path: &Path) -> io::Result<()> {
    file.persist(path).map(drop).map_err(|error| error.error)
}

/// Syncs the directory that contains the file `path`, so that a crash does not undo the file's creation or renaming.
/// Does nothing on systems other than Unix, which cannot sync a directory.
///
/// # Errors
/// Returns an error if the directory cannot be opened or synced.
pub fn sync_directory(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    fs::File::open(parent(path))?.sync_all()?;
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}

/// Returns the directory of a file: `.` if the path is only a name.
pub fn parent(path: &Path) -> &Path {
    let parent = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    parent.unwrap_or(Path::new("."))
}

/// Returns whether a name is that of a temporary file.
pub fn is_part(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.starts_with('.') && name.ends_with(PART)
}

/// Returns whether a path such as /dev/stdout belongs to the system. A link there must not be replaced by a new file, even
/// if the link leads to a regular file.
pub fn is_of_system(path: &Path) -> bool {
    ["/dev", "/proc"].iter().any(|root| path.starts_with(root))
}

/// Returns the first line that is not blank, without blank bytes, NUL bytes and a byte order mark before it. Of a long
/// line, returns the start.
///
/// # Errors
/// Returns an error if the bytes cannot be read.
pub fn first_line(mut reader: impl BufRead) -> io::Result<Vec<u8>> {
    const MOST_BYTES: u64 = 64 << 20;

    let is_blank = |byte: u8| byte.is_ascii_whitespace() || b"\0\xef\xbb\xbf".contains(&byte);
    let mut line = Vec::new();
    loop {
        let bytes = reader.fill_buf()?;
        let (blank, length) = (
            bytes.iter().take_while(|byte| is_blank(**byte)).count(),
            bytes.len(),
        );
        reader.consume(blank);
        if blank < length || length == 0 {
            break;
        }
    }
    reader.take(MOST_BYTES).read_until(b'\n', &mut line)?;
    Ok(line)
}

/// Creates a hidden temporary file in the directory of the file `path`. The umask applies to the mode. The file is
/// locked, so that [`remove_abandoned`] of another run does not remove it.
///
/// # Errors
/// Returns an error that does not name the temporary file if the file cannot be created.
pub fn temporary_file(path: &Path, mode: u32) -> io::Result<NamedTempFile> {
    loop {
        let file = recorded_temporary_file(path, mode, |_| Ok(()))?;
        match file.as_file().try_lock() {
            // Another run may have removed the file before it was locked.
            Ok(()) if !file.path().exists() => {}
            Ok(()) => return Ok(file),
            // Another run is removing the file.
            Err(TryLockError::WouldBlock) => {}
            // The file system has no locks, so no run removes temporary files of other runs.
            Err(TryLockError::Error(_)) => return Ok(file),
        }
    }
}

/// Removes the temporary files in a directory that killed runs have left: those that no run has locked. `belongs` tells
/// from the name of the final file whether to remove its temporary files. Errors are ignored, because a later run tries
/// again.
pub fn remove_abandoned(directory: &Path, belongs: impl Fn(&str) -> bool) {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    for path in entries.map(|entry| entry.path()) {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let hidden = name
            .strip_prefix('.')
            .and_then(|name| name.strip_suffix(PART));
        let is_ours = hidden
            .and_then(|name| name.rsplit_once('.'))
            .is_some_and(|(name, random)| random.len() == RANDOM_CHARS && belongs(name));
        if is_ours
            && let Ok(file) = fs::OpenOptions::new().write(true).open(&path)
            && file.try_lock().is_ok()
        {
            let _ = fs::remove_file(&path);
        }
    }
}

/// Creates a temporary file like [`temporary_file`]. Calls `record` with the path of the temporary file before the file
/// exists, so that a later run can find and remove the file even if this process is killed.
///
/// # Errors
/// Returns the error of `record`, or an error that does not name the temporary file if the file cannot be created.
pub fn recorded_temporary_file(
    path: &Path,
    mode: u32,
    mut record: impl FnMut(&Path) -> io::Result<()>,
) -> io::Result<NamedTempFile> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let prefix = format!(".{name}.");
    let mut builder = tempfile::Builder::new();
    builder
        .prefix(&prefix)
        .suffix(PART)
        .rand_bytes(RANDOM_CHARS);
    builder.make_in(parent(path), |part| {
        record(part)?;
        let mut options = fs::OpenOptions::new();
        options.read(true).write(true).create_new(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt;
            options.mode(mode);
        }
        options.open(part)
    })
}

/// Returns a warning if everybody can read the file, which holds secrets of this kind. A group may read it: Kubernetes and
/// systemd give secrets to their user by the group bits of the mode.
#[cfg(unix)]
pub fn warning_of_mode(path: &Path, secrets: &str) -> Option<String> {
    use std::os::unix::fs::PermissionsExt;
    let metadata = fs::metadata(path).ok()?;
    let is_public = metadata.is_file() && metadata.permissions().mode() & 0o004 != 0;
    is_public.then(|| {
        let name = path.to_string_lossy();
        let word = shell_argument(path.as_os_str());
        format!("the {secrets} in `{name}` can be read by all users: run `chmod 600 {word}`")
    })
}

#[cfg(not(unix))]
pub fn warning_of_mode(_: &Path, _: &str) -> Option<String> {
    None
}

/// Returns the message for a file that cannot be written.
pub fn failed_to_write(path: &Path) -> String {
    format!("failed to write `{}`", path.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_temporary_file_is_recorded_before_it_exists() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("out.jsonl");
        let mut recorded = Vec::new();
        let file = recorded_temporary_file(&path, OWNER_ONLY, |part| {
            assert!(is_part(part) && !part.exists());
            recorded.push(part.to_owned());
            Ok(())
        });
        assert_eq!(recorded, [file.unwrap().path()]);

        let failed = recorded_temporary_file(&path, OWNER_ONLY, |_| Err(io::Error::other("full")));
        assert_eq!(failed.unwrap_err().to_string(), "full");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
    }
    #[test]
    fn temporary_files_of_killed_runs_are_removed_and_those_of_running_runs_are_kept() {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        let running = temporary_file(&path("report.json"), ANY_FILE).unwrap();
        for name in [
            ".report.json.aB3dE6.part",
            ".other.json.aB3dE6.part",
            ".report.json.of.mine.part",
            "report.json",
        ] {
            fs::write(path(name), "").unwrap();
        }
        remove_abandoned(directory.path(), |name| name == "report.json");
        assert!(!path(".report.json.aB3dE6.part").exists());
        assert!(running.path().exists());
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 4);
    }
}

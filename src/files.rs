//! Files that get their names only when they are complete: temporary files, renaming, modes.

use std::fs;
use std::io;
use std::path::Path;

use tempfile::NamedTempFile;

/// Renames a temporary file to its final path.
///
/// # Errors
/// Returns an error if the file cannot be renamed.
pub fn persist(file: NamedTempFile, path: &Path) -> io::Result<()> {
    // The error of the library repeats the message of the system.
    file.persist(path).map(drop).map_err(|error| error.error)
}

/// Makes the names in the directory of a file durable, on systems that support it.
///
/// # Errors
/// Returns an error if the directory cannot be opened or synced.
pub fn sync_directory(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    {
        let parent = path
            .parent()
            .filter(|parent| !parent.as_os_str().is_empty());
        fs::File::open(parent.unwrap_or(Path::new(".")))?.sync_all()?;
    }
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}

/// The mode of most new files.
pub const ANY_FILE: u32 = 0o666;

/// The mode of files with personal data.
pub const OWNER_ONLY: u32 = 0o600;

const PART: &str = ".part";

/// Returns whether a path has the name of a temporary file.
pub fn is_part(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.starts_with('.') && name.ends_with(PART)
}

/// Creates a hidden file in the directory, named after `path`, with this mode less the umask.
///
/// # Errors
/// Returns an error without a path if the file cannot be created.
pub fn temporary_file(path: &Path, directory: &Path, mode: u32) -> io::Result<NamedTempFile> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let prefix = format!(".{name}.");
    let mut builder = tempfile::Builder::new();
    builder.prefix(&prefix).suffix(PART);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(mode));
    }
    builder.tempfile_in(directory).map_err(without_path)
}

/// Removes the temporary path that the library adds to an error, because messages name the final path.
fn without_path(error: io::Error) -> io::Error {
    match error.to_string().split_once(" at path ") {
        Some((message, _)) => io::Error::new(error.kind(), message.to_owned()),
        None => error,
    }
}

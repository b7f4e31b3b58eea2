//! Files that stand under their names only when they are complete: temporary names, modes, and what a crash leaves.

use std::fs;
use std::io;
use std::path::Path;

use tempfile::NamedTempFile;

/// Gives the file its name.
pub fn persist(file: NamedTempFile, path: &Path) -> io::Result<()> {
    // Without the words of the library, which repeat the system's.
    file.persist(path).map(drop).map_err(|error| error.error)
}

/// Makes the names in the directory of a file durable, where the system can.
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

/// The mode that any new file has.
pub const ANY_FILE: u32 = 0o666;

/// The mode of what holds personal data.
pub const OWNER_ONLY: u32 = 0o600;

const PART: &str = ".part";

/// Whether the name is that of a temporary file.
pub fn is_part(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.starts_with('.') && name.ends_with(PART)
}

/// A hidden file beside the one that it will be. The umask takes from its mode, as from that of any new file.
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

/// The error without the temporary name that the library tells: messages name the file that it was to become.
fn without_path(error: io::Error) -> io::Error {
    match error.to_string().split_once(" at path ") {
        Some((words, _)) => io::Error::new(error.kind(), words.to_owned()),
        None => error,
    }
}

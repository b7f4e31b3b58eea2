//! The files that a killed run may have left: output files, temporary files, and the temporary files of the state directory.

use std::fs;
use std::path::Path;

use super::contents::JournalContents;
use super::entry::Entry;
use crate::files::{is_part, sync_directory};

/// Settles the entries of files that a killed run may not have completed. A file that has its final name counts as
/// delivered. Temporary files are removed. Returns whether there were such entries.
pub fn settle(contents: &mut JournalContents) -> bool {
    let is_changed = !contents.delivering.is_empty() || !contents.writing.is_empty();
    for entry in std::mem::take(&mut contents.delivering) {
        if let Entry::Delivering {
            input,
            to,
            progress,
            part,
            file,
            file_bytes,
        } = entry
            && !remove_part(&part)
            && fs::metadata(&file).is_ok_and(|metadata| metadata.len() == file_bytes)
            && sync_directory(&file).is_ok()
        {
            let delivered = Entry::Delivered {
                input,
                to,
                progress,
            };
            contents.apply(delivered, 0);
        }
    }
    for file in std::mem::take(&mut contents.writing) {
        // In most cases the earlier run has removed the file.
        remove_part(&file);
    }
    is_changed
}

/// Removes a temporary file of a killed run. Returns whether there was such a file.
fn remove_part(file: &Path) -> bool {
    let exists = file.exists();
    if is_part(file) {
        // An error is ignored: a temporary file does no harm.
        let _ = fs::remove_file(file);
    }
    exists
}

/// Removes the temporary files of earlier runs that were killed while they replaced one of these files.
pub fn remove_temporary_files(directory: &Path, names: &[&str]) {
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let is_of = |of: &&str| name.to_string_lossy().starts_with(&format!(".{of}."));
        if names.iter().any(is_of) && is_part(&entry.path()) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

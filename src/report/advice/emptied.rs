//! Output files whose records are gone because the run replaced the files by empty ones.

use crate::report::InputReports;
use crate::text::counted;

/// Returns a warning about such files, if there are any.
pub fn emptied_files(inputs: &InputReports) -> Option<String> {
    let mut emptied = inputs.emptied();
    let first = emptied.next()?.path.display();
    Some(match emptied.count() as u64 {
        0 => format!("`{first}` had records and is empty now, which `--no-clobber` prevents"),
        more => format!(
            "`{first}` and {} had records and are empty now, which `--no-clobber` prevents",
            counted(more, "more output file", "more output files")
        ),
    })
}

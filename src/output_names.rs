//! The names of output files, and the check that no output replaces a file that the run reads.

mod check_outputs;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

pub use check_outputs::{check_outputs, real_path};

use crate::compression::{Compression, without_ending};
use crate::format::OutputFormat;
use crate::input::{Shape, Source};

/// The rule that names the output files of a run.
#[derive(Clone, Debug)]
pub struct OutputNames {
    pub directory: PathBuf,
    /// The format, which is a part of the name.
    pub format: OutputFormat,
    /// The compression of the outputs of logs, which have one event a line. The output of a document, a JSON file with one
    /// event, is never compressed.
    pub compression: Option<Compression>,
    /// Whether the outputs of several logs may have the same name, because the destination adds a number to each name
    /// that is taken.
    pub numbers: bool,
}

impl OutputNames {
    /// Returns the absolute path of the directory, without links.
    ///
    /// # Errors
    /// Returns an error that names the directory if it does not exist.
    pub fn real_directory(&self) -> Result<PathBuf> {
        fs::canonicalize(&self.directory).with_context(|| {
            format!(
                "failed to find the directory `{}`",
                self.directory.display()
            )
        })
    }

    /// Returns the name by which a state directory knows this output directory.
    pub fn destination(&self) -> String {
        format!("{} {}", self.format.name(), self.directory.display())
    }

    /// Returns whether an output file is that of a document. The names of the outputs of logs end in `.jsonl`, `.gz` or `.zst`.
    pub fn is_of_document(output: &Path) -> bool {
        output
            .extension()
            .is_some_and(|extension| extension == "json")
    }

    /// Returns the output path of an input. A document keeps its name; a log loses `.gz` or `.zst` and gets
    /// `.FORMAT.jsonl`.
    pub fn path(&self, source: &Source) -> PathBuf {
        let path = self.directory.join(&source.relative);
        if source.shape == Shape::Document {
            return path;
        }
        let mut name = match Compression::of_name(&path) {
            Some(_) => path.with_extension("").into_os_string(),
            None => path.into_os_string(),
        };
        name.push(format!(".{}.jsonl", self.format.name()));
        if let Some(compression) = self.compression {
            name.push(".");
            name.push(compression.ending());
        }
        name.into()
    }
}

/// Returns the path of the nth output file of an input, given the path of the first file. The number comes before
/// `.json` or `.jsonl`.
pub fn nth_file(first: &Path, nth: u64) -> PathBuf {
    if nth < 2 {
        return first.to_owned();
    }
    let name = first.file_name().unwrap_or_default().to_string_lossy();
    let stem = without_ending(&name);
    let stem = stem
        .strip_suffix(".jsonl")
        .or_else(|| stem.strip_suffix(".json"))
        .unwrap_or(stem);
    let ending = &name[stem.len()..];
    first.with_file_name(format!("{stem}.{nth}{ending}"))
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use crate::format::Format;
    use crate::input::Origin;

    pub fn source(relative: &str, shape: Shape) -> Source {
        Source {
            origin: Origin::Stdin,
            name: relative.into(),
            relative: relative.into(),
            shape,
            size: None,
            stamp: None,
            is_own_rejects: false,
        }
    }

    pub fn names(compression: Option<Compression>) -> OutputNames {
        OutputNames {
            directory: "out".into(),
            format: OutputFormat::Records(Format::Xapi),
            compression,
            numbers: false,
        }
    }

    #[test]
    fn a_log_loses_the_ending_of_its_compression_and_a_document_keeps_its_name() {
        for (relative, shape, compression, path) in [
            (
                "tracking.log-20240101.gz",
                Shape::Log,
                None,
                "out/tracking.log-20240101.xapi.jsonl",
            ),
            (
                "a/tracking.log",
                Shape::Log,
                Some(Compression::Gzip),
                "out/a/tracking.log.xapi.jsonl.gz",
            ),
            (
                "a/tracking.log.zst",
                Shape::Log,
                Some(Compression::Zstd),
                "out/a/tracking.log.xapi.jsonl.zst",
            ),
            ("stdin", Shape::Log, None, "out/stdin.xapi.jsonl"),
            (
                "a/play.json",
                Shape::Document,
                Some(Compression::Gzip),
                "out/a/play.json",
            ),
        ] {
            assert_eq!(
                names(compression).path(&source(relative, shape)),
                Path::new(path)
            );
        }
    }

    #[test]
    fn later_files_have_their_number_before_the_extension() {
        for (first, third) in [
            ("out/a.log.xapi.jsonl", "out/a.log.xapi.3.jsonl"),
            ("out/a.log.xapi.jsonl.gz", "out/a.log.xapi.3.jsonl.gz"),
            ("out/a.log.xapi.jsonl.zst", "out/a.log.xapi.3.jsonl.zst"),
            ("out/a.json", "out/a.3.json"),
        ] {
            assert_eq!(nth_file(Path::new(first), 3), Path::new(third));
            assert_eq!(nth_file(Path::new(first), 1), Path::new(first));
        }
    }
}

//! What the output of an input is called, and that nothing is written over what was to be read.

use std::collections::HashMap;
use std::fmt;
use std::fs;
use std::path::{Component, Path, PathBuf};

use anyhow::Context;

use crate::input::{Origin, Shape, Source};

/// The compression of the outputs of logs. Documents are never compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    None,
    Gzip,
}

/// The paths of the outputs of a run.
#[derive(Clone, Debug)]
pub struct OutputNames {
    pub directory: PathBuf,
    /// The format's part of the name.
    pub format: &'static str,
    pub compression: Compression,
    /// Outputs of logs get numbers where they would replace one another.
    pub numbers: bool,
}

impl OutputNames {
    /// The directory, wherever a run is started.
    ///
    /// # Errors
    /// The directory does not exist.
    pub fn real_directory(&self) -> anyhow::Result<PathBuf> {
        fs::canonicalize(&self.directory).with_context(|| {
            format!(
                "failed to find the directory `{}`",
                self.directory.display()
            )
        })
    }

    /// What the directory is called in a state.
    pub fn destination(&self) -> String {
        format!("{} {}", self.format, self.directory.display())
    }

    /// Whether an output is that of a document.
    pub fn is_of_document(output: &Path) -> bool {
        output
            .extension()
            .is_some_and(|extension| extension == "json")
    }

    /// The output path of an input: a document keeps its name, a log loses its `.gz` and gets `.FORMAT.jsonl`.
    pub fn path(&self, source: &Source) -> PathBuf {
        let path = self.directory.join(&source.relative);
        if source.shape == Shape::Document {
            return path;
        }
        let mut name = match path.extension() {
            Some(extension) if extension == "gz" => path.with_extension("").into_os_string(),
            _ => path.into_os_string(),
        };
        name.push(format!(".{}.jsonl", self.format));
        if self.compression == Compression::Gzip {
            name.push(".gz");
        }
        name.into()
    }
}

/// The nth output of an input, beside the first: its number stands before the ending that says what is in it.
pub fn nth_file(first: &Path, nth: u64) -> PathBuf {
    if nth < 2 {
        return first.to_owned();
    }
    let name = first.file_name().unwrap_or_default().to_string_lossy();
    let stem = name.strip_suffix(".gz").unwrap_or(&name);
    let stem = stem.strip_suffix(".jsonl").unwrap_or(stem);
    let ending = &name[stem.len()..];
    first.with_file_name(format!("{stem}.{nth}{ending}"))
}

/// A path that would be written by two, or that is read as well.
#[derive(Debug, PartialEq, Eq)]
pub enum Clash {
    Outputs {
        first: String,
        second: String,
        path: PathBuf,
    },
    Input {
        writer: String,
        path: PathBuf,
    },
}

/// Makes sure that no output would replace another, an input, or another file that the run reads.
///
/// # Errors
/// The first clash.
pub fn check_outputs(
    names: Option<&OutputNames>,
    others: &[(&str, &Path)],
    sources: &[Source],
    also_read: &[&Path],
) -> Result<(), Clash> {
    let inputs = sources.iter().filter_map(|source| match &source.origin {
        Origin::File(path) => Some(path.as_path()),
        Origin::Stdin => None,
    });
    let read: HashMap<PathBuf, &Path> = inputs
        .chain(also_read.iter().copied())
        .map(|path| (real_path(path), path))
        .collect();

    let outputs = names
        .into_iter()
        .flat_map(|names| sources.iter().map(|source| (names.path(source), source)));
    let mut writers: HashMap<PathBuf, String> = HashMap::new();
    let numbers = names.is_some_and(|names| names.numbers);
    let outputs = outputs.map(|(path, source)| {
        let writer = format!("the input `{}`", source.name);
        (path, writer, numbers && source.shape == Shape::Log)
    });
    let others = others
        .iter()
        .map(|(option, path)| (path.to_path_buf(), format!("`{option}`"), false));
    for (path, writer, is_numbered) in outputs.chain(others) {
        let real = real_path(&path);
        if let Some(read) = read.get(&real) {
            return Err(Clash::Input {
                writer,
                path: read.to_path_buf(),
            });
        }
        if let Some(first) = writers.insert(real, writer.clone())
            && !is_numbered
        {
            return Err(Clash::Outputs {
                first,
                second: writer,
                path,
            });
        }
    }
    Ok(())
}

/// The path without links and `..`, as far as it exists; of the rest each `..` takes back one part.
fn real_path(path: &Path) -> PathBuf {
    let mut real = PathBuf::new();
    for part in std::path::absolute(path)
        .unwrap_or(path.to_owned())
        .components()
    {
        match part {
            Component::ParentDir => drop(real.pop()),
            part => real.push(part),
        }
        if let Ok(existing) = fs::canonicalize(&real) {
            real = existing;
        }
    }
    real
}

impl fmt::Display for Clash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Outputs {
                first,
                second,
                path,
            } if first == second => {
                write!(
                    formatter,
                    "{first} is given twice and would write `{}` twice",
                    path.display()
                )
            }
            Self::Outputs {
                first,
                second,
                path,
            } => write!(
                formatter,
                "{first} and {second} would both write `{}`: leave one out, have it written elsewhere, or give the directory above \
                 both, where they are inputs of one name in several folders",
                path.display()
            ),
            Self::Input { writer, path } => {
                write!(
                    formatter,
                    "the output of {writer} would replace `{}`, which is to be read",
                    path.display()
                )
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(relative: &str, shape: Shape) -> Source {
        Source {
            origin: Origin::Stdin,
            name: relative.into(),
            relative: relative.into(),
            shape,
            size: None,
        }
    }

    fn names(compression: Compression) -> OutputNames {
        OutputNames {
            directory: "out".into(),
            format: "xapi",
            compression,
            numbers: false,
        }
    }

    #[test]
    fn a_log_loses_its_gz_and_a_document_keeps_its_name() {
        for (relative, shape, compression, path) in [
            (
                "tracking.log-20240101.gz",
                Shape::Log,
                Compression::None,
                "out/tracking.log-20240101.xapi.jsonl",
            ),
            (
                "a/tracking.log",
                Shape::Log,
                Compression::Gzip,
                "out/a/tracking.log.xapi.jsonl.gz",
            ),
            (
                "stdin",
                Shape::Log,
                Compression::None,
                "out/stdin.xapi.jsonl",
            ),
            (
                "a/play.json",
                Shape::Document,
                Compression::Gzip,
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
    fn later_files_are_numbered_before_their_ending() {
        for (first, third) in [
            ("out/a.log.xapi.jsonl", "out/a.log.xapi.3.jsonl"),
            ("out/a.log.xapi.jsonl.gz", "out/a.log.xapi.3.jsonl.gz"),
        ] {
            assert_eq!(nth_file(Path::new(first), 3), Path::new(third));
            assert_eq!(nth_file(Path::new(first), 1), Path::new(first));
        }
    }

    #[test]
    fn nothing_is_written_twice_or_over_what_is_read() {
        let names = names(Compression::None);
        let [log, packed] = ["a.log", "a.log.gz"].map(|name| source(name, Shape::Log));
        let both = [log, packed];
        let check = |rejects: &str, sources, read: &str| {
            check_outputs(
                Some(&names),
                &[("--rejects", Path::new(rejects))],
                sources,
                &[Path::new(read)],
            )
        };
        assert!(matches!(check("r", &both, "u"), Err(Clash::Outputs { .. })));
        let numbered = OutputNames {
            numbers: true,
            ..names.clone()
        };
        assert_eq!(check_outputs(Some(&numbered), &[], &both, &[]), Ok(()));
        assert!(matches!(
            check("./out/a.log.xapi.jsonl", &both[..1], "u"),
            Err(Clash::Outputs { .. })
        ));
        assert!(matches!(
            check("no/../out/x/../a.log.xapi.jsonl", &both[..1], "u"),
            Err(Clash::Outputs { .. })
        ));
        assert!(matches!(
            check("u", &both[..1], "./u"),
            Err(Clash::Input { .. })
        ));
        assert!(matches!(
            check("r", &both[..1], "out/a.log.xapi.jsonl"),
            Err(Clash::Input { .. })
        ));
        assert_eq!(check("r", &both[..1], "u"), Ok(()));
    }
}

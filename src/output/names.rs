//! What the output of an input is called.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::Compression;
use crate::input::{Origin, Shape, Source};

/// The paths of the outputs of a run.
#[derive(Clone, Debug)]
pub struct OutputNames {
    pub directory: PathBuf,
    /// The format's part of the name.
    pub format: &'static str,
    pub compression: Compression,
}

/// Two inputs would write one path, or an output would replace an input.
#[derive(Debug)]
pub enum ClashingNames {
    SameOutput {
        first: String,
        second: String,
        path: PathBuf,
    },
    IsInput {
        source: String,
        path: PathBuf,
    },
}

impl OutputNames {
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

    /// Makes sure that no output would replace another, or an input.
    ///
    /// # Errors
    /// The first clash.
    pub fn check(&self, sources: &[Source]) -> Result<(), ClashingNames> {
        let inputs: Vec<PathBuf> = sources.iter().filter_map(real_path).collect();
        let mut outputs: HashMap<PathBuf, &Source> = HashMap::new();
        for source in sources {
            let path = self.path(source);
            if let Some(first) = outputs.insert(path.clone(), source) {
                return Err(ClashingNames::SameOutput {
                    first: first.name.clone(),
                    second: source.name.clone(),
                    path,
                });
            }
            if fs::canonicalize(&path).is_ok_and(|path| inputs.contains(&path)) {
                return Err(ClashingNames::IsInput {
                    source: source.name.clone(),
                    path,
                });
            }
        }
        Ok(())
    }
}

fn real_path(source: &Source) -> Option<PathBuf> {
    match &source.origin {
        Origin::File(path) => fs::canonicalize(path).ok(),
        Origin::Stdin => None,
    }
}

/// Whether a file that will be written is one of the inputs.
pub fn is_input(path: &Path, sources: &[Source]) -> bool {
    fs::canonicalize(path).is_ok_and(|path| {
        sources
            .iter()
            .any(|source| real_path(source).as_ref() == Some(&path))
    })
}

impl std::fmt::Display for ClashingNames {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::SameOutput {
                first,
                second,
                path,
            } => {
                write!(
                    formatter,
                    "the inputs `{first}` and `{second}` would both write `{}`",
                    path.display()
                )
            }
            Self::IsInput { source, path } => {
                write!(
                    formatter,
                    "the output of `{source}` would replace the input `{}`",
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
            let names = OutputNames {
                directory: "out".into(),
                format: "xapi",
                compression,
            };
            assert_eq!(names.path(&source(relative, shape)), Path::new(path));
        }
    }

    #[test]
    fn two_inputs_with_one_output_clash() {
        let names = OutputNames {
            directory: "out".into(),
            format: "xapi",
            compression: Compression::None,
        };
        let sources = [source("a.log", Shape::Log), source("a.log.gz", Shape::Log)];
        assert!(matches!(
            names.check(&sources),
            Err(ClashingNames::SameOutput { .. })
        ));
        assert!(names.check(&sources[..1]).is_ok());
    }
}

//! A destination that writes nothing: it compares with what stands in the directory and shows what differs.
//!
//! JSON values are compared, so white space and the order of keys do not matter; integers and floats do.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;

use anyhow::{Context, Result};
use bumpalo::Bump;
use similar::TextDiff;

use crate::checkpoint::Resumed;
use crate::console::Console;
use crate::convert::ConvertedBatch;
use crate::destination::{Closed, Destination, WriteStatus};
use crate::exit_code::ExitCode;
use crate::input::{self, Origin, Shape, Source};
use crate::json::Value;
use crate::output_names::OutputNames;

/// So many differences of one file are shown; the rest is counted.
const SHOWN: u64 = 20;

/// Compares each input's output with the file that it would be.
pub struct Check<'c> {
    names: OutputNames,
    console: &'c Console,
    current: Option<Comparison>,
    differences: u64,
}

struct Comparison {
    path: PathBuf,
    shape: Shape,
    /// What stands there, if there is anything.
    expected: Option<Box<dyn BufRead>>,
    /// What there is of a document. Lines are compared as they come.
    actual: Vec<u8>,
    line: u64,
    differences: u64,
}

impl<'c> Check<'c> {
    /// Compares with the files that these names say.
    pub fn new(names: OutputNames, console: &'c Console) -> Self {
        Self {
            names,
            console,
            current: None,
            differences: 0,
        }
    }
}

impl Destination for Check<'_> {
    fn start(&mut self, _: usize, source: &Source, _: Option<&Resumed>) -> Result<()> {
        let path = self.names.path(source);
        let expected = if path.exists() {
            let standing = Source {
                origin: Origin::File(path.clone()),
                ..source.clone()
            };
            let reader = input::open(&standing, &input::BytesRead::default());
            let reader = reader.with_context(|| format!("failed to open `{}`", path.display()))?;
            Some(Box::new(BufReader::new(reader.reader)) as Box<dyn BufRead>)
        } else {
            None
        };
        let shape = source.shape;
        self.current = Some(Comparison {
            path,
            shape,
            expected,
            actual: Vec::new(),
            line: 0,
            differences: 0,
        });
        Ok(())
    }

    fn write(&mut self, _: usize, batch: &ConvertedBatch) -> Result<WriteStatus> {
        let bytes = &batch.bytes;
        if let Some(comparison) = &mut self.current {
            match comparison.shape {
                Shape::Document => comparison.actual.extend_from_slice(bytes),
                Shape::Log if comparison.expected.is_some() => {
                    comparison.compare_lines(bytes, self.console)?
                }
                // A missing file is told of once.
                Shape::Log => {}
            }
        }
        Ok(WriteStatus::Written)
    }

    fn finish(&mut self, _: usize) -> Result<WriteStatus> {
        if let Some(mut comparison) = self.current.take() {
            match comparison.shape {
                _ if comparison.expected.is_none() => comparison.compare_with_nothing(self.console),
                Shape::Log => comparison.compare_rest(self.console)?,
                Shape::Document => comparison.compare_document(self.console)?,
            }
            if comparison.differences > SHOWN {
                let more = comparison.differences - SHOWN;
                self.console.result(&format!(
                    "{}: {more} more differences",
                    comparison.path.display()
                ));
            }
            self.differences += comparison.differences;
        }
        Ok(WriteStatus::Written)
    }

    fn close(self: Box<Self>) -> Closed {
        let code = if self.differences == 0 {
            ExitCode::Success
        } else {
            ExitCode::Failure
        };
        Closed {
            code,
            ..Closed::default()
        }
    }
}

impl Comparison {
    fn compare_lines(&mut self, lines: &[u8], console: &Console) -> Result<()> {
        for line in lines.split_inclusive(|&byte| byte == b'\n') {
            let expected = self.next_expected()?;
            self.compare(expected.as_deref().unwrap_or_default(), line, console);
        }
        Ok(())
    }

    /// What stands in the file past the end of the batch.
    fn compare_rest(&mut self, console: &Console) -> Result<()> {
        while let Some(expected) = self.next_expected()? {
            self.compare(&expected, b"", console);
        }
        Ok(())
    }

    fn compare_document(&mut self, console: &Console) -> Result<()> {
        let mut expected = Vec::new();
        if let Some(reader) = &mut self.expected {
            let read = reader.read_to_end(&mut expected);
            read.with_context(|| format!("failed to read `{}`", self.path.display()))?;
        }
        let actual = std::mem::take(&mut self.actual);
        self.compare(&expected, &actual, console);
        Ok(())
    }

    fn compare_with_nothing(&mut self, console: &Console) {
        let is_wanted = self.shape == Shape::Log || !self.actual.is_empty();
        if is_wanted {
            self.differences += 1;
            console.result(&format!("{}: is missing", self.path.display()));
        }
    }

    fn next_expected(&mut self) -> Result<Option<Vec<u8>>> {
        self.line += 1;
        let mut line = Vec::new();
        let Some(reader) = &mut self.expected else {
            return Ok(None);
        };
        let read = reader.read_until(b'\n', &mut line);
        let read = read.with_context(|| format!("failed to read `{}`", self.path.display()))?;
        Ok((read > 0).then_some(line))
    }

    fn compare(&mut self, expected: &[u8], actual: &[u8], console: &Console) {
        if expected == actual {
            return;
        }
        let (expected, actual) = (normal_form(expected), normal_form(actual));
        if expected == actual {
            return;
        }
        self.differences += 1;
        if self.differences > SHOWN {
            return;
        }
        let place = match self.shape {
            Shape::Log => format!("{}:{}", self.path.display(), self.line),
            Shape::Document => self.path.display().to_string(),
        };
        let diff = TextDiff::from_lines(&expected, &actual);
        let diff = diff
            .unified_diff()
            .header(&place, "the output of this run")
            .to_string();
        console.result(diff.trim_end());
    }
}

/// The JSON value as indented text with sorted keys; what is not JSON as it is.
fn normal_form(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    let arena = Bump::new();
    let value = Value::parse(&text, &arena).map(|value| value.sorted(&arena));
    match value
        .map_err(drop)
        .and_then(|value| serde_json::to_string_pretty(&value).map_err(drop))
    {
        Ok(normal) => normal + "\n",
        Err(()) => text.into_owned(),
    }
}

//! A comparison of the output with the files of a directory, for `--check`. No file is written.
//!
//! JSON values are compared: white space and the order of keys do not matter, but `1` and `1.0` differ.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use bumpalo::Bump;
use similar::TextDiff;

use crate::checkpoint::Resumed;
use crate::cloud::{Address, Stores};
use crate::console::{Console, MessageCount};
use crate::convert::ConvertedBatch;
use crate::destination::{Closed, Destination, WriteStatus};
use crate::exit_code::ExitCode;
use crate::input::{self, Origin, Shape, Source};
use crate::json::Value;
use crate::output_names::OutputNames;

/// Compares the output of each input with the file to which the output would be written.
pub struct Check<'c> {
    names: OutputNames,
    stores: Stores,
    console: &'c Console,
    current: Option<Comparison<'c>>,
    differences: u64,
}

/// The comparison of the current input's output with its file.
struct Comparison<'c> {
    path: PathBuf,
    shape: Shape,
    console: &'c Console,
    /// The file, if it exists.
    expected: Option<Box<dyn BufRead>>,
    /// The output of a document so far. It is compared at its end. Lines of a log are compared when they arrive.
    actual: Vec<u8>,
    /// The number of the last line that was compared.
    line: u64,
    differences: MessageCount,
}

impl<'c> Check<'c> {
    /// Returns a destination that compares the output with the files that have these names.
    pub fn new(names: OutputNames, stores: Stores, console: &'c Console) -> Self {
        Self {
            names,
            stores,
            console,
            current: None,
            differences: 0,
        }
    }
}

impl Check<'_> {
    /// Returns the file or object with this path, if it exists.
    fn origin(&self, path: &Path) -> Result<Option<Origin>> {
        let Some(address) = Address::parse(path) else {
            return Ok(path.exists().then(|| Origin::File(path.to_owned())));
        };
        let object = address.and_then(|address| self.stores.object(&address));
        let object = object.map_err(|text| anyhow!(text));
        let object = object.with_context(|| format!("failed to open `{}`", path.display()))?;
        Ok(object.map(Origin::Object))
    }
}

impl Destination for Check<'_> {
    fn start(&mut self, _: usize, source: &Source, _: Option<&Resumed>) -> Result<()> {
        let path = self.names.path(source);
        let mut expected: Option<Box<dyn BufRead>> = None;
        if let Some(origin) = self.origin(&path)? {
            let file = Source {
                origin,
                ..source.clone()
            };
            let opened = input::open(&file, &input::BytesRead::default())
                .with_context(|| format!("failed to open `{}`", path.display()))?;
            expected = Some(Box::new(BufReader::new(opened.reader)));
        }
        self.current = Some(Comparison {
            path,
            shape: source.shape,
            console: self.console,
            expected,
            actual: Vec::new(),
            line: 0,
            differences: MessageCount::default(),
        });
        Ok(())
    }

    fn write(&mut self, _: usize, batch: &ConvertedBatch) -> Result<WriteStatus> {
        if let Some(comparison) = &mut self.current {
            match comparison.shape {
                Shape::Document => comparison.actual.extend_from_slice(&batch.bytes),
                Shape::Log => comparison.compare_lines(&batch.bytes)?,
            }
        }
        Ok(WriteStatus::Written)
    }

    fn finish(&mut self, _: usize) -> Result<WriteStatus> {
        if let Some(comparison) = self.current.take() {
            self.differences += comparison.finish()?;
        }
        Ok(WriteStatus::Written)
    }

    fn written(&self) -> String {
        format!(
            "compared with the files in `{}`",
            self.names.directory.display()
        )
    }

    fn close(self: Box<Self>) -> Closed {
        let code = if self.differences == 0 {
            ExitCode::Success
        } else {
            ExitCode::Failure
        };
        Closed {
            code,
            differences: Some(self.differences),
            ..Closed::default()
        }
    }
}

impl Comparison<'_> {
    fn compare_lines(&mut self, lines: &[u8]) -> Result<()> {
        // If the file is missing, `finish` reports this once.
        if self.expected.is_some() {
            for line in lines.split_inclusive(|&byte| byte == b'\n') {
                let expected = self.next_expected()?;
                self.compare(&expected, line);
            }
        }
        Ok(())
    }

    /// Compares what remains of the file after the output has ended. Returns the number of differences in the file.
    fn finish(mut self) -> Result<u64> {
        match self.shape {
            _ if self.expected.is_none() => {
                // A document whose event has no records has no output file, so no file is missing.
                if self.shape == Shape::Log || !self.actual.is_empty() {
                    self.differences.shows_next();
                    self.show("is missing, but this run would write it");
                }
            }
            Shape::Log => loop {
                let expected = self.next_expected()?;
                if expected.is_empty() {
                    break;
                }
                self.compare(&expected, b"");
            },
            Shape::Document => {
                let mut expected = Vec::new();
                self.read(|reader| reader.read_to_end(&mut expected))?;
                let actual = std::mem::take(&mut self.actual);
                self.compare(&expected, &actual);
            }
        }
        let more = self.differences.hidden();
        if more > 0 {
            self.show(&format!("{more} more differences"));
        }
        Ok(self.differences.all())
    }

    fn show(&self, text: &str) {
        self.console
            .result(&format!("{}: {text}", self.path.display()));
    }

    /// Returns the next line of the file, or an empty line after the last one.
    fn next_expected(&mut self) -> Result<Vec<u8>> {
        self.line += 1;
        let mut line = Vec::new();
        self.read(|reader| reader.read_until(b'\n', &mut line))?;
        Ok(line)
    }

    fn read(
        &mut self,
        read: impl FnOnce(&mut dyn BufRead) -> std::io::Result<usize>,
    ) -> Result<()> {
        if let Some(reader) = &mut self.expected {
            read(reader).with_context(|| format!("failed to read `{}`", self.path.display()))?;
        }
        Ok(())
    }

    fn compare(&mut self, expected: &[u8], actual: &[u8]) {
        if expected == actual {
            return;
        }
        let (expected, actual) = (normal_form(expected), normal_form(actual));
        if expected == actual {
            return;
        }
        if !self.differences.shows_next() {
            return;
        }
        let name = match self.shape {
            Shape::Log => format!("{}:{}", self.path.display(), self.line),
            Shape::Document => self.path.display().to_string(),
        };
        let diff = TextDiff::from_lines(&expected, &actual);
        let diff = diff
            .unified_diff()
            .header(&name, "the output of this run")
            .to_string();
        self.console.difference(diff.trim_end());
    }
}

/// Returns a JSON value as indented text with sorted keys. Text that is not JSON is returned unchanged.
fn normal_form(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    let arena = Bump::new();
    let value = Value::parse(&text, &arena).map(|value| value.sorted(&arena));
    match value.map(|value| serde_json::to_string_pretty(&value)) {
        Ok(Ok(normal)) => normal + "\n",
        _ => text.into_owned(),
    }
}

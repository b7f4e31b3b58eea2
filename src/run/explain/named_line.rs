//! Arguments that name one line of an input, such as `tracking.log:22`.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Result, anyhow, bail};

use crate::checkpoint::ResumingOpener;
use crate::cloud::Address;
use crate::console::Console;
use crate::input::{Line, LineBatch, LineContent, Source, with_name};
use crate::pipeline::{self, ControlFlow, InputEvent};
use crate::run::check_stdout::check_stdout;
use crate::run::inputs::path_of;
use crate::run::settings::InputSettings;
use crate::text::position_text;

/// A line of a file, as messages name lines.
#[derive(Debug, PartialEq, Eq)]
pub struct NamedLine {
    path: PathBuf,
    line: u64,
    /// The number of the byte of the line, from 1, at which a record begins.
    byte: Option<u64>,
}

impl fmt::Display for NamedLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&position_text(
            &self.path.to_string_lossy(),
            self.line,
            self.byte,
        ))
    }
}

/// A line that was found, with the text of its own.
pub struct FoundLine {
    text: Option<Vec<u8>>,
    line: Line<'static>,
}

/// A part of an input: the lines with the number that is looked for, and which lines the part has.
#[derive(Default)]
struct Part {
    found: Vec<FoundLine>,
    /// The last line before the one that is looked for.
    before: Option<u64>,
    /// Whether the input goes on after the line.
    is_past: bool,
    /// Whether each line is a record.
    has_lines: bool,
}

impl NamedLine {
    /// Returns the line that an argument names. Returns `None` if there is a file of this name, or no file of the name
    /// before the number. Messages have a colon after the number, which may have been copied with the number.
    pub fn of_argument(argument: &Path) -> Option<Self> {
        let split = |text: &[u8]| {
            let at = memchr::memrchr(b':', text)?;
            let number = std::str::from_utf8(&text[at + 1..]).ok()?.parse().ok()?;
            Some((path_of(&text[..at]).ok()?, number))
        };
        // An address is taken for that of an object unless it ends in a number, since to look costs a request.
        let is_object = |path: &Path| {
            let has_number = || split(path.as_os_str().as_encoded_bytes()).is_some();
            Address::parse(path).is_some() && !has_number()
        };
        let exists = |path: &Path| {
            path == Path::new("-") || fs::symlink_metadata(path).is_ok() || is_object(path)
        };
        if exists(argument) {
            return None;
        }
        let text = argument.as_os_str().as_encoded_bytes();
        let (path, number): (PathBuf, u64) = split(text.strip_suffix(b":").unwrap_or(text))?;
        if exists(&path) {
            return Some(Self {
                path,
                line: number,
                byte: None,
            });
        }
        let (path, line) =
            split(path.as_os_str().as_encoded_bytes()).filter(|(path, _)| exists(path))?;
        Some(Self {
            path,
            line,
            byte: Some(number),
        })
    }

    /// Reads the input up to the line.
    ///
    /// # Errors
    /// Returns an error that names the line if it does not exist, or the input if it cannot be read up to the line.
    pub fn find(
        &self,
        input: &InputSettings,
        console: &Console,
    ) -> Result<(Source, Vec<FoundLine>)> {
        let name = self.path.display();
        if self.path.is_dir() {
            bail!(
                "`{name}:{}` is a line of a folder: name the file with the line",
                self.line
            );
        }
        if self.line == 0 {
            bail!("`{name}` has no line 0: lines count from 1");
        }
        let input = InputSettings {
            paths: vec![self.path.clone()],
            files_from: None,
            shard: None,
            ..input.clone()
        };
        let discovery = input.search(&[], None)?.discover(console)?;
        check_stdout(&discovery.sources, None)?;
        let sources: Arc<[Source]> = discovery.sources.into();
        // The file is not found if it was removed a moment ago, and then there is a message.
        let source = sources.first().cloned();
        let source = source.ok_or_else(|| anyhow!("`{name}` has no line {}", self.line))?;
        let (options, line) = (input.pipeline_options(), self.line);
        let max_line_bytes = options.max_line_bytes;
        let convert =
            move |source: &Source, batch| (part_of(source, &batch, line, max_line_bytes), None);
        let mut all = Part::default();
        let mut failure = None;
        let opener = None::<ResumingOpener>;
        pipeline::run(&sources, &options, opener, convert, |delivery| {
            match delivery.event {
                InputEvent::Unopened(error) => {
                    let error = with_name(&error.to_string(), &delivery.source.name);
                    failure = Some(anyhow!("failed to open `{name}`: {error}"));
                }
                InputEvent::Batch(part) => {
                    all.add(part);
                    if all.is_complete() {
                        return ControlFlow::EndInput;
                    }
                }
                InputEvent::End(end, _) if all.found.is_empty() && !all.is_past => {
                    let error = end.result.err().map(|error| error.to_string());
                    failure = error.map(|error| {
                        let error = with_name(&error, &delivery.source.name);
                        anyhow!("failed to read `{name}` up to line {line}: {error}")
                    });
                }
                InputEvent::End(..) | InputEvent::Start(_) | InputEvent::HeldBack(_) => {}
            }
            ControlFlow::Continue
        })?;
        match failure {
            Some(error) => Err(error),
            None if all.found.is_empty() => Err(self.missing(&all)),
            None => Ok((source, all.found)),
        }
    }

    /// Returns the error about a line that does not exist.
    fn missing(&self, read: &Part) -> anyhow::Error {
        let (name, line) = (self.path.display(), self.line);
        match read.before {
            Some(last) if read.has_lines && !read.is_past => {
                anyhow!("`{name}` has no line {line}: its last line is {last}")
            }
            Some(before) => anyhow!(
                "no event begins in line {line} of `{name}`: the one before begins in line {before}, so try `{name}:{before}`"
            ),
            None => anyhow!("`{name}` has no line {line}: no event begins before"),
        }
    }

    /// Returns the error about a line that has no record, or none at the byte. `bytes` are those at which records begin.
    pub fn without_record(&self, bytes: &[u64]) -> anyhow::Error {
        let (name, line) = (self.path.display(), self.line);
        match (self.byte, bytes) {
            (_, []) => anyhow!("line {line} of `{name}` is blank"),
            (byte, bytes) => {
                let bytes: Vec<String> = bytes.iter().map(u64::to_string).collect();
                anyhow!(
                    "no event begins at byte {} of line {line} of `{name}`: events begin at {}",
                    byte.unwrap_or(1),
                    bytes.join(", ")
                )
            }
        }
    }

    /// Returns whether a record of the line is meant.
    pub fn takes(&self, record: Line<'_>) -> bool {
        self.byte.is_none_or(|byte| record.byte + 1 == byte)
    }
}

impl Part {
    fn add(&mut self, next: Self) {
        self.found.extend(next.found);
        self.before = next.before.or(self.before);
        self.is_past |= next.is_past;
        self.has_lines = next.has_lines;
    }

    /// Returns whether nothing after the part matters. More records of a line may follow if lines are not records.
    fn is_complete(&self) -> bool {
        self.is_past || self.has_lines && !self.found.is_empty()
    }
}

/// Returns the error about an argument that names no file, but a file with other words than the number of a line.
pub fn error_of(argument: &Path) -> Option<String> {
    let text = argument.to_str()?;
    let (path, _) = text.rsplit_once(':')?;
    let is_meant = fs::symlink_metadata(argument).is_err() && fs::metadata(path).is_ok();
    is_meant.then(|| {
        format!("`{text}` names no line: write `{path}:22` for line 22, and name several lines one by one")
    })
}

/// Returns the lines of a batch with a number.
fn part_of(source: &Source, batch: &LineBatch, number: u64, max_line_bytes: usize) -> Part {
    let mut part = Part {
        has_lines: batch.records.is_none() && batch.joins.is_none(),
        ..Part::default()
    };
    for line in batch.lines(source.shape, max_line_bytes) {
        match line.number.cmp(&number) {
            std::cmp::Ordering::Less => part.before = Some(line.number),
            std::cmp::Ordering::Equal => part.found.push(FoundLine::new(line)),
            std::cmp::Ordering::Greater => {
                part.is_past = true;
                break;
            }
        }
    }
    part
}

impl FoundLine {
    fn new(line: Line<'_>) -> Self {
        let text = match line.content {
            LineContent::Whole(text) | LineContent::Truncated(text) => Some(text.to_vec()),
            LineContent::TooLong { .. } => None,
        };
        let content = match line.content {
            LineContent::Whole(_) => LineContent::Whole(&[]),
            LineContent::Truncated(_) => LineContent::Truncated(&[]),
            LineContent::TooLong { offset, length } => LineContent::TooLong { offset, length },
        };
        let line = Line {
            number: line.number,
            offset: line.offset,
            content,
            is_marked: line.is_marked,
            byte: line.byte,
            nth: line.nth,
            is_joined: line.is_joined,
        };
        Self { text, line }
    }

    pub fn line(&self) -> Line<'_> {
        let text = self.text.as_deref().unwrap_or_default();
        let content = match self.line.content {
            LineContent::Whole(_) => LineContent::Whole(text),
            LineContent::Truncated(_) => LineContent::Truncated(text),
            too_long @ LineContent::TooLong { .. } => too_long,
        };
        Line {
            content,
            ..self.line
        }
    }
}

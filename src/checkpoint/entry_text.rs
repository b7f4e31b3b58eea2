//! Reads the frequent entries of the journal in exactly the form in which this program writes them. This takes a quarter
//! of the time of serde_json, and the journal of a large directory has tens of thousands of entries, which every run
//! reads. The benchmark in `tests/bench/archives.rs` measures the whole run, with 16,000 known archives. Entries in any
//! other form are left to serde_json.

use std::path::PathBuf;

use memchr::memmem::Finder;

use super::entry::{DeliveryProgress, Entry};
use super::head_lines::HeadLines;
use super::history::History;
use crate::input::{FileStamp, Position};

/// Returns the entry of a line, which ends with its newline, or `None` if serde_json must read the line.
pub fn read(line: &[u8]) -> Option<Entry> {
    let mut text = Text(line);
    let entry = if text.skip(b"{\"input\":{\"input\":").is_some() {
        text.input()
    } else if text.skip(b"{\"delivered\":{\"input\":").is_some() {
        text.delivered()
    } else if text.skip(b"{\"file\":{\"input\":").is_some() {
        text.file()
    } else {
        None
    };
    entry.filter(|_| text.0 == b"}}\n")
}

/// The part of a line that is not read yet.
struct Text<'a>(&'a [u8]);

impl<'a> Text<'a> {
    fn input(&mut self) -> Option<Entry> {
        let input = self.number()?;
        self.skip(b",\"name\":")?;
        let name = self.string()?.to_owned();
        self.skip(b",\"head_bytes\":")?;
        let head_bytes = self.number()?;
        self.skip(b",\"head_hash\":")?;
        let head_hash = self.hash()?;
        let head_lines = match self.skip(b",\"head_lines\":") {
            Some(()) => HeadLines(self.string()?.into()),
            None => HeadLines::default(),
        };
        Some(Entry::Input {
            input,
            name,
            head_bytes,
            head_hash,
            head_lines,
        })
    }

    fn delivered(&mut self) -> Option<Entry> {
        let input = self.number()?;
        self.skip(b",\"to\":")?;
        let to = self.string()?.to_owned();
        self.skip(b",\"progress\":{\"line\":")?;
        let line = self.number()?;
        self.skip(b",\"offset\":")?;
        let offset = self.number()?;
        self.skip(b",\"hash\":")?;
        let hash = self.hash()?;
        let open = self.skip(b",\"open\":true").is_some();
        let first_file = match self.skip(b",\"first_file\":") {
            Some(()) => Some(PathBuf::from(self.string()?)),
            None => None,
        };
        let files = self.number_after(b",\"files\":")?;
        let ended = self.skip(b",\"ended\":true").is_some();
        let at = self.number_after(b",\"at\":")?;
        let history = match self.skip(b",\"trail\":") {
            Some(()) => History::unread(self.before(b"}}}\n")?.into()),
            None => History::default(),
        };
        self.skip(b"}")?;
        Some(Entry::Delivered {
            input,
            to,
            progress: DeliveryProgress {
                position: Position {
                    line,
                    offset,
                    hash,
                    open,
                },
                first_file,
                files,
                ended,
                at,
                history,
            },
        })
    }

    fn file(&mut self) -> Option<Entry> {
        let input = self.number()?;
        self.skip(b",\"lines\":")?;
        let lines = self.number()?;
        self.skip(b",\"to\":[")?;
        let mut to = vec![usize::try_from(self.number()?).ok()?];
        while self.skip(b",").is_some() {
            to.push(usize::try_from(self.number()?).ok()?);
        }
        self.skip(b"]")?;
        let packed = self.skip(b",\"packed\":true").is_some();
        self.skip(b",\"stamp\":{\"device\":")?;
        let device = self.number()?;
        self.skip(b",\"inode\":")?;
        let inode = self.number()?;
        self.skip(b",\"size\":")?;
        let size = self.number()?;
        self.skip(b",\"modified\":")?;
        let modified = self.number()?.try_into().ok()?;
        self.skip(b",\"changed\":")?;
        let changed = self.number()?.try_into().ok()?;
        self.skip(b"}")?;
        let stamp = FileStamp {
            device,
            inode,
            size,
            modified,
            changed,
        };
        Some(Entry::File {
            input,
            lines,
            to,
            packed,
            stamp,
        })
    }

    /// Skips these bytes. Returns `None` if other bytes follow.
    fn skip(&mut self, bytes: &[u8]) -> Option<()> {
        self.0 = self.0.strip_prefix(bytes)?;
        Some(())
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn number(&mut self) -> Option<u64> {
        let digits = self.0.iter().take_while(|byte| byte.is_ascii_digit());
        let digits = self.take(digits.count())?;
        str::from_utf8(digits).ok()?.parse().ok()
    }

    /// Returns the number after these bytes, or 0 if other bytes follow.
    fn number_after(&mut self, bytes: &[u8]) -> Option<u64> {
        match self.skip(bytes) {
            Some(()) => self.number(),
            None => Some(0),
        }
    }

    /// Returns a string that has no escapes.
    fn string(&mut self) -> Option<&'a str> {
        self.skip(b"\"")?;
        let end = memchr::memchr2(b'"', b'\\', self.0)?;
        let text = str::from_utf8(self.take(end)?).ok()?;
        self.skip(b"\"")?;
        Some(text)
    }

    fn hash(&mut self) -> Option<u128> {
        self.skip(b"\"")?;
        let digits = self.take(32)?;
        self.skip(b"\"")?;
        let hash = digits.iter().try_fold(0, |hash, &digit| {
            let value = char::from(digit).to_digit(16)?;
            Some(hash << 4 | u128::from(value))
        });
        hash.filter(|_| !digits.iter().any(u8::is_ascii_uppercase))
    }

    /// Returns all text before these last bytes of the line.
    fn before(&mut self, last: &[u8]) -> Option<&'a str> {
        let text = self.0.strip_suffix(last)?;
        str::from_utf8(self.take(text.len())?).ok()
    }
}

/// The `writing` and `delivering` entries whose files are not yet known to be complete. The others need not be read.
pub struct UnsettledLines<'a> {
    /// The path of each temporary file, as JSON, and its line.
    writing: Vec<(&'a [u8], NumberedLine<'a>)>,
    /// The input and the destination of each output file, as the start of the JSON of both, and its line.
    delivering: Vec<(&'a [u8], NumberedLine<'a>)>,
    before_progress: Finder<'static>,
    before_part: Finder<'static>,
    before_file: Finder<'static>,
}

/// A line of the journal, and its number from 1.
pub type NumberedLine<'a> = (usize, &'a [u8]);

impl<'a> UnsettledLines<'a> {
    pub fn new() -> Self {
        Self {
            writing: Vec::new(),
            delivering: Vec::new(),
            before_progress: Finder::new(",\"progress\":{"),
            before_part: Finder::new("},\"part\":"),
            before_file: Finder::new(",\"file\":\""),
        }
    }

    /// Adds a line if it is a `writing` or `delivering` entry. Returns whether it is.
    pub fn add(&mut self, (number, line): NumberedLine<'a>) -> bool {
        if let Some(path) = line.strip_prefix(b"{\"writing\":{\"file\":")
            && let Some(path) = path.strip_suffix(b"}}\n")
        {
            self.writing.push((path, (number, line)));
            return true;
        }
        if let Some(rest) = line.strip_prefix(b"{\"delivering\":")
            && let Some((of, rest)) = split(rest, &self.before_progress)
            && let Some((_, rest)) = split(rest, &self.before_part)
            && let Some((part, _)) = split(rest, &self.before_file)
        {
            self.writing.retain(|(path, _)| *path != part);
            self.delivering.push((of, (number, line)));
            return true;
        }
        false
    }

    /// Removes the `delivering` entries to which a `delivered` entry belongs. Other lines remove nothing.
    pub fn settle(&mut self, line: &[u8]) {
        if let Some(rest) = line.strip_prefix(b"{\"delivered\":") {
            self.delivering.retain(|(of, _)| !rest.starts_with(of));
        }
    }

    /// Returns the lines that are left.
    pub fn rest(self) -> impl Iterator<Item = NumberedLine<'a>> {
        let lines = self.writing.into_iter().chain(self.delivering);
        lines.map(|(_, line)| line)
    }
}

/// Returns the text before and after the first text that is found.
fn split<'a>(text: &'a [u8], finder: &Finder<'_>) -> Option<(&'a [u8], &'a [u8])> {
    let start = finder.find(text)?;
    Some((&text[..start], &text[start + finder.needle().len()..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAMP: &str =
        r#""stamp":{"device":1,"inode":2,"size":3,"modified":4,"changed":1795685374000000001}"#;
    const HASH: &str = "0000000f000000000000000000abcdef";

    fn assert_read_as_by_serde_json(line: &str) {
        let expected: Entry = serde_json::from_str(line).unwrap();
        assert_eq!(read((line.to_owned() + "\n").as_bytes()), Some(expected));
    }

    #[test]
    fn the_frequent_entries_are_read_as_by_serde_json() {
        for lines in ["", r#","head_lines":"0123456789abcdef""#] {
            assert_read_as_by_serde_json(&format!(
                r#"{{"input":{{"input":7,"name":"ü.log","head_bytes":4096,"head_hash":"{HASH}"{lines}}}}}"#
            ));
        }
        for progress in [
            "",
            r#","open":true"#,
            r#","first_file":"out/a","files":3,"ended":true,"at":9"#,
            r#","ended":true,"trail":{"ends":"1,10,ff,9","passed":"2,20,ff"}"#,
            r#","trail":{"passed":"2,20,ff"}"#,
        ] {
            assert_read_as_by_serde_json(&format!(
                r#"{{"delivered":{{"input":7,"to":"xapi out","progress":{{"line":1,"offset":2,"hash":"{HASH}"{progress}}}}}}}"#
            ));
        }
        for rest in [r#""to":[0],"packed":true"#, r#""to":[0,12]"#] {
            assert_read_as_by_serde_json(&format!(
                r#"{{"file":{{"input":7,"lines":9,{rest},{STAMP}}}}}"#
            ));
        }
    }

    #[test]
    fn other_texts_are_left_to_serde_json() {
        let file = format!(r#"{{"file":{{"input":7,"lines":9,"to":[0],{STAMP}}}}}"#);
        for (from, to) in [
            ("", ""),
            ("}}\n", "}}"),
            ("}}\n", "}} \n"),
            ("}}}\n", "},\"x\":1}}\n"),
            ("9", "-9"),
            ("9", "9.5"),
            ("9", "99999999999999999999"),
            ("[0]", "[]"),
            ("lines", "Lines"),
        ] {
            let changed = (file.clone() + "\n").replacen(from, to, 1);
            let is_read = read(changed.as_bytes()).is_some();
            assert_eq!(is_read, from == to, "{changed}");
        }
        let input = r#"{"input":{"input":1,"name":"a\"b","head_bytes":1,"head_hash":"HASH"}}"#
            .to_owned()
            + "\n";
        for hash in [HASH, &HASH[1..], &HASH.to_uppercase()] {
            assert_eq!(read(input.replace("HASH", hash).as_bytes()), None);
        }
    }

    #[test]
    fn entries_of_files_that_are_complete_are_not_read() {
        let delivering = |input: u64, part: &str| {
            format!(
                r#"{{"delivering":{{"input":{input},"to":"xapi out","progress":{{"line":1,"offset":2,"hash":"{HASH}"}},"part":"{part}","file":"f","file_bytes":1}}}}"#
            )
        };
        let writing = |part: &str| format!(r#"{{"writing":{{"file":"{part}"}}}}"#);
        let delivered = r#"{"delivered":{"input":1,"to":"xapi out","progress":{}}}"#.to_owned();
        let other = delivered.replace("out", "out2");
        let lines = [
            writing("a"),
            writing("b"),
            writing("c"),
            delivering(1, "a"),
            delivering(11, "b"),
            other,
            delivered,
        ];
        let lines = lines.map(|line| line + "\n");
        let mut unsettled = UnsettledLines::new();
        for (nth, line) in lines.iter().enumerate() {
            let line = line.as_bytes();
            assert_eq!(unsettled.add((nth, line)), nth < 5);
            unsettled.settle(line);
        }
        let rest: Vec<usize> = unsettled.rest().map(|(nth, _)| nth).collect();
        assert_eq!(rest, [2, 4]);
    }
}

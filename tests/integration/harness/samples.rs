//! Inputs of runs.

use std::io::Write;
use std::ops::Range;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;

pub const ROOT_URL: &str = "https://courses.example.org";

/// A line that becomes one statement. Lines differ by their second.
pub fn line(second: u32) -> String {
    format!(
        "{{\"name\": \"play_video\", \"username\": \"ada\", \"context\": {{\"course_id\": \"course-v1:a+b+c\"}}, \
         \"event\": {{\"id\": \"v\", \"currentTime\": {second}}}, \"time\": \"2024-03-05T09:00:00.{second:06}+00:00\"}}\n"
    )
}

/// The lines of a range of seconds.
pub fn lines(seconds: Range<u32>) -> String {
    seconds.map(line).collect()
}

/// Some MB of lines without events, so that the lines before and after them are not read at once.
pub fn filler() -> String {
    let line = format!("{{\"pad\": \"{}\"}}\n", "x".repeat(100_000));
    line.repeat(40)
}

/// A line whose statement the test server refuses.
pub fn poisoned(second: u32) -> String {
    line(second).replace("\"id\": \"v\"", "\"id\": \"poison\"")
}

pub fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures")
        .join(name)
}

pub fn gzip(bytes: impl AsRef<[u8]>) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes.as_ref()).unwrap();
    encoder.finish().unwrap()
}

/// Parses JSON values, one a line.
pub fn json_lines(bytes: &[u8]) -> Vec<Value> {
    let text = std::str::from_utf8(bytes).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

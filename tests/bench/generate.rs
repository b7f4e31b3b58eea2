//! `cargo bench -- generate`: writes a log and its lookup tables.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use event_routing_backends::convert::default_and_other_events;
use event_routing_backends::format::Format;
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::generator::{self, IMPLICIT, LogCounts, LogOptions};

/// The default level of `gzip`, which logrotate uses.
const GZIP_LEVEL: Compression = Compression::new(6);

#[derive(Args)]
pub struct Generate {
    /// The directory for `tracking.log`, `users.csv` and `courses.csv`
    #[arg(long, value_name = "DIR")]
    out: PathBuf,

    /// The size of the log: a number of bytes, or a number with kB, MB or GB
    #[arg(long, value_name = "SIZE", default_value = "100MB", value_parser = parse_size)]
    bytes: u64,

    /// The seed of the users and courses
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,

    /// The number of the log among all logs with the same users and courses
    #[arg(long, value_name = "N", default_value_t = 0)]
    part: u64,

    /// The number of users
    #[arg(long, value_name = "N", default_value_t = 1000)]
    users: u64,

    /// Write supported events only
    #[arg(long)]
    supported_only: bool,

    /// Put the logger's prefix before each line
    #[arg(long)]
    prefixed: bool,

    /// Also write `tracking.log.gz`
    #[arg(long)]
    gzip: bool,
}

impl Generate {
    pub fn run(&self) {
        let options = LogOptions {
            bytes: self.bytes,
            seed: self.seed,
            part: self.part,
            users: self.users,
            supported_only: self.supported_only,
            prefixed: self.prefixed,
        };
        fs::create_dir_all(&self.out).expect("the directory can be created");
        let log = self.out.join("tracking.log");
        let written = write_log(&options, &log);
        write_tables(&options, &self.out);
        let LogCounts { bytes, lines, .. } = written;
        let implicit = written.of(&[IMPLICIT]);
        println!(
            "{bytes} bytes, {lines} lines, {} a line",
            bytes / lines.max(1)
        );
        println!("{implicit} implicit");
        println!(
            "{} emitted as xAPI",
            written.of(&default_and_other_events(Format::Xapi).0)
        );
        println!(
            "{} emitted as Caliper",
            written.of(&default_and_other_events(Format::Caliper).0)
        );
        if self.gzip {
            let compressed = fs::metadata(gzip(&log)).expect("the archive exists");
            println!(
                "compressed {:.2} to 1 by gzip",
                bytes as f64 / compressed.len() as f64
            );
        }
    }
}

/// Writes a log to a file.
pub fn write_log(options: &LogOptions, path: &Path) -> LogCounts {
    let mut file = File::create(path).expect("the log can be created");
    generator::write_log(options, &mut file).expect("the log can be written")
}

/// Writes `users.csv` and `courses.csv` to a directory.
pub fn write_tables(options: &LogOptions, directory: &Path) {
    write_table(&directory.join("users.csv"), |out| {
        generator::write_users(options.seed, options.users, out)
    });
    write_table(&directory.join("courses.csv"), |out| {
        generator::write_courses(options.seed, out)
    });
}

fn write_table(path: &Path, write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>) {
    let mut out = BufWriter::new(File::create(path).expect("the table can be created"));
    write(&mut out)
        .and_then(|()| out.flush())
        .expect("the table can be written");
}

/// Compresses a file, and returns the path of the new file beside it.
pub fn gzip(path: &Path) -> PathBuf {
    let mut compressed = path.as_os_str().to_owned();
    compressed.push(".gz");
    let mut plain = File::open(path).expect("the log can be read");
    let file = File::create(&compressed).expect("the archive can be created");
    let mut encoder = GzEncoder::new(BufWriter::new(file), GZIP_LEVEL);
    io::copy(&mut plain, &mut encoder).expect("the archive can be written");
    let mut file = encoder.finish().expect("the archive can be written");
    file.flush().expect("the archive can be written");
    compressed.into()
}

/// Parses a number of bytes such as `100MB`, `2.5GB` or `65536`.
pub fn parse_size(text: &str) -> Result<u64, String> {
    let (number, unit) = text.split_at(text.find(char::is_alphabetic).unwrap_or(text.len()));
    let factor = match unit.to_ascii_lowercase().as_str() {
        "" | "b" => 1.0,
        "kb" => 1e3,
        "mb" => 1e6,
        "gb" => 1e9,
        _ => return Err(format!("`{unit}` is not kB, MB or GB")),
    };
    let number: f64 = number
        .trim()
        .parse()
        .map_err(|_| format!("`{text}` is not a size"))?;
    Ok((number * factor) as u64)
}

//! The results as a Markdown table.

use std::fmt::{self, Display};

use crate::input::Input;
use crate::measure::Measured;

#[derive(Default)]
pub struct Table {
    pub rows: Vec<TableRow>,
    /// Notes below the table, one or two sentences each.
    pub notes: Vec<String>,
}

pub struct TableRow {
    name: String,
    threads: usize,
    /// The bytes and lines of the log, if the time depends on them.
    log: Option<(u64, u64)>,
    measured: Measured,
}

impl Table {
    /// Returns the result in the row with this name and number of threads.
    pub fn measured(&self, name: &str, threads: usize) -> Measured {
        let of = |row: &&TableRow| row.name == name && row.threads == threads;
        let row = self.rows.iter().find(of);
        row.unwrap_or_else(|| panic!("{name:?} with {threads} threads must be measured first"))
            .measured
    }
}

impl TableRow {
    /// Returns a row for a run whose time does not depend on the size of its inputs.
    pub fn of_run(name: &str, threads: usize, measured: Measured) -> Self {
        Self {
            name: name.to_owned(),
            threads,
            log: None,
            measured,
        }
    }

    pub fn new(name: &str, threads: usize, log: &Input, measured: Measured) -> Self {
        Self {
            name: name.to_owned(),
            threads,
            // A run on one line measures the start-up time.
            log: (log.lines > 1).then_some((log.bytes, log.lines)),
            measured,
        }
    }
}

impl Display for TableRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Measured {
            seconds,
            cpu_seconds,
            peak_bytes,
        } = self.measured;
        let or_dash = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
        let mb = |bytes: u64| bytes as f64 / 1e6;
        write!(
            f,
            "| {} | {} | {seconds:.3} | {} | {} | {} | {} |",
            self.name,
            self.threads,
            or_dash(
                self.log
                    .map(|(bytes, _)| format!("{:.0}", mb(bytes) / seconds))
            ),
            or_dash(self.log.map(|(_, lines)| thousands(lines as f64 / seconds))),
            or_dash(cpu_seconds.map(|seconds| format!("{seconds:.2}"))),
            or_dash(peak_bytes.map(|bytes| format!("{:.0}", mb(bytes)))),
        )
    }
}

impl Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "| what | threads | s | MB/s | events/s | CPU s | peak MB |"
        )?;
        writeln!(f, "|---|--:|--:|--:|--:|--:|--:|")?;
        for row in &self.rows {
            writeln!(f, "{row}")?;
        }
        for note in &self.notes {
            write!(f, "\n- {note}")?;
        }
        Ok(())
    }
}

/// Formats a number rounded to thousands, `1,234,000`.
fn thousands(number: f64) -> String {
    let thousands = (number / 1e3).round() as u64;
    match (thousands / 1000, thousands % 1000) {
        (0, rest) => format!("{rest},000"),
        (millions, rest) => format!("{millions},{rest:03},000"),
    }
}

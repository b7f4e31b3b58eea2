//! Measures the speeds of a run, and shows them.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use indicatif::{ProgressBar, ProgressStyle};

use super::counts::{Counts, Snapshot};
use super::figures::Figures;
use crate::terminal::{USUAL_COLUMNS, columns_of};

/// The lowest rate at which the time left is shown.
const LOWEST_RATE: f64 = 0.05;

/// Measures the speeds of a run.
pub struct Meter {
    /// The bar. Without a terminal, it is hidden and estimates the time left.
    bar: ProgressBar,
    /// The size of all inputs, if it is known and not zero.
    length: Option<u64>,
    counts: Arc<Counts>,
    /// Bars that are never shown. They estimate the speeds of unpacked bytes, and of events or sent records.
    unpacked: ProgressBar,
    records: ProgressBar,
}

impl Meter {
    pub fn new(bar: ProgressBar, length: Option<u64>, counts: Arc<Counts>) -> Self {
        bar.reset();
        // Until the first figures are known, nothing is drawn.
        if let Ok(style) = ProgressStyle::with_template("") {
            bar.set_style(style);
        }
        if let Some(length) = length {
            bar.set_length(length);
        }
        Self {
            bar,
            length,
            counts,
            unpacked: ProgressBar::hidden(),
            records: ProgressBar::hidden(),
        }
    }

    /// Draws the bar.
    pub fn draw(&mut self, snapshot: &Snapshot) {
        let figures = self.measure(snapshot);
        let columns = columns_of(io::stderr()).unwrap_or(USUAL_COLUMNS);
        let below = match &snapshot.waiting {
            Some(reason) => reason.clone(),
            None => figures.below(columns),
        };
        let bar = match self.length {
            Some(_) => "{wide_bar} {prefix}",
            None => "{spinner} {prefix}",
        };
        // `wide_msg` is cut to the width of the terminal.
        let second = if below.is_empty() { "" } else { "\n{wide_msg}" };
        if let Ok(style) = ProgressStyle::with_template(&format!("{bar}{second}")) {
            self.bar.set_style(style);
        }
        self.bar.set_prefix(figures.beside(columns));
        self.bar.set_message(below);
        self.bar.tick();
        return_cursor();
    }

    /// Writes a line for journals.
    pub fn log(&mut self, snapshot: &Snapshot, target: &mut dyn Write) {
        let line = self.measure(snapshot).line(snapshot.waiting.as_deref()) + "\n";
        // If the target is closed, the line is lost and the run goes on.
        let _ = target.write_all(line.as_bytes());
    }

    /// Notes how far the run is, so that later figures have a speed.
    pub fn measure(&mut self, snapshot: &Snapshot) -> Figures {
        let position = position(snapshot.bytes, self.length, self.bar.position());
        self.bar.set_position(position);
        self.bar.tick();
        let count = |count: &std::sync::atomic::AtomicU64| count.load(Ordering::Relaxed);
        let lines = count(&self.counts.lines);
        let (records, nouns) = match snapshot.sent {
            Some(sent) => (sent.delivered, sent.nouns),
            None => (lines, "events"),
        };
        let speed_of = |bar: &ProgressBar, position: u64| {
            bar.set_position(position);
            bar.tick();
            bar.per_sec()
        };
        let rate = speed_of(&self.records, records);
        // The lines of a slow pipe are read long before they are a batch, whose unpacked bytes are counted.
        let unpacked = snapshot.unpacked.map(|bytes| bytes.max(snapshot.bytes));
        let speed = unpacked.map(|bytes| speed_of(&self.unpacked, bytes));
        // The time left is unknown before the first progress, when indicatif estimates zero, and after a long wait.
        let left = self.bar.eta();
        let is_known = !left.is_zero() && (records == 0 || rate >= LOWEST_RATE);
        let (started, name) = self.counts.started();
        let inputs = self.counts.inputs.load(Ordering::Relaxed).max(started);
        Figures {
            bytes: (position, self.length),
            speed,
            rate: (records > 0 || snapshot.sent.is_some()).then_some((rate, nouns)),
            left: (self.length.is_some() && is_known).then_some(left),
            inputs: (inputs > 0).then_some((started, inputs)),
            name,
            outcomes: (lines > 0)
                .then(|| (count(&self.counts.emitted), count(&self.counts.rejected))),
            sent: snapshot.sent,
        }
    }
}

/// Moves the cursor from the end of the bar to the start of the same line. The terminal shows `^C` at the cursor, and at the
/// end of the line it would begin another, so that the first line of the bar stayed behind.
pub fn return_cursor() {
    // If standard error is closed, there is no bar.
    let _ = io::stderr().write_all(b"\r");
}

/// Returns the position of the bar after `earlier`: never less, and never the whole length, since the bar is removed
/// when the run ends.
fn position(bytes: u64, length: Option<u64>, earlier: u64) -> u64 {
    let most = length.map_or(u64::MAX, |length| length.saturating_sub(1));
    bytes.min(most).max(earlier)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_never_goes_back_and_is_never_full() {
        let length = Some(100);
        assert_eq!(position(30, length, 0), 30);
        assert_eq!(position(20, length, 30), 30);
        assert_eq!(position(100, length, 30), 99);
        assert_eq!(position(500, length, 30), 99);
        assert_eq!(position(500, None, 30), 500);
    }
}

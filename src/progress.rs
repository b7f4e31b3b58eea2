//! The progress bar. No other file uses the crate indicatif.

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use indicatif::{
    DecimalBytes, HumanCount, HumanDuration, ProgressBar, ProgressDrawTarget, ProgressStyle,
};

/// A progress bar on standard error.
pub struct Progress {
    shows: bool,
    bar: ProgressBar,
    /// The thread that updates the bar, and the channel whose end stops the thread.
    updates: Mutex<Option<(Sender<()>, JoinHandle<()>)>>,
}

/// The state of a run at one time.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// The number of bytes of the inputs that are processed.
    pub bytes: u64,
    /// The records that were sent, if the run sends records.
    pub sent: Option<SentRecords>,
    /// The reason why the run waits, if it waits.
    pub waiting: Option<String>,
}

/// The records that were sent, as the bar shows them.
#[derive(Clone, Copy, Debug)]
pub struct SentRecords {
    /// The noun for the records.
    pub nouns: &'static str,
    /// The number of records that the servers have.
    pub delivered: u64,
    /// The number of records that cannot be delivered.
    pub undeliverable: u64,
}

/// The time between two updates of the bar.
const INTERVAL: Duration = Duration::from_millis(200);

/// The most draws of the bar in a second. Each update draws the bar a few times, because a new position, new figures
/// and a new reason each draw it.
const DRAWS_PER_SECOND: u8 = 50;

/// The lowest rate that the bar does not show as 0.0.
const LOWEST_RATE: f64 = 0.05;

impl Progress {
    /// Returns a bar. From its start, it is visible if `shows` is true and standard error is a terminal.
    pub fn new(shows: bool) -> Self {
        Self {
            shows,
            bar: ProgressBar::hidden(),
            updates: Mutex::default(),
        }
    }

    /// Starts the bar. `bytes` is the size of all inputs, if it is known. If the bar is visible, another thread calls
    /// `snapshot` a few times a second and shows the result.
    pub fn start(&self, bytes: Option<u64>, snapshot: impl Fn() -> Snapshot + Send + 'static) {
        let target = ProgressDrawTarget::stderr_with_hz(DRAWS_PER_SECOND);
        if !self.shows || target.is_hidden() {
            return;
        }
        let (stop, stopped) = channel();
        let mut shown = ShownRun::new(self.bar.clone(), bytes.filter(|&bytes| bytes > 0));
        self.bar.set_draw_target(target);
        let update = move || {
            loop {
                shown.update(snapshot());
                if stopped.recv_timeout(INTERVAL) != Err(RecvTimeoutError::Timeout) {
                    return;
                }
            }
        };
        // Without a thread, the run has no bar.
        if let Ok(thread) = Builder::new().name("progress".to_owned()).spawn(update) {
            *self.updates() = Some((stop, thread));
        }
    }

    /// Removes the bar.
    pub fn clear(&self) {
        if let Some((stop, thread)) = self.updates().take() {
            drop(stop);
            // A panic of the thread has been printed, and costs nothing but the bar.
            let _ = thread.join();
        }
        self.bar.finish_and_clear();
    }

    /// Hides the bar while a function writes to the terminal.
    pub fn suspend(&self, write: impl FnOnce()) {
        self.bar.suspend(write);
    }

    fn updates(&self) -> MutexGuard<'_, Option<(Sender<()>, JoinHandle<()>)>> {
        self.updates.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The bar of a run.
struct ShownRun {
    bar: ProgressBar,
    /// The size of all inputs, if it is known and not zero.
    length: Option<u64>,
    /// A bar that is never shown. It estimates the speed in records.
    records: ProgressBar,
    /// Whether the bar has a second line, with the reason why the run waits.
    has_reason: bool,
}

impl ShownRun {
    fn new(bar: ProgressBar, length: Option<u64>) -> Self {
        let shown = Self {
            bar,
            length,
            records: ProgressBar::hidden(),
            has_reason: false,
        };
        if let Some(length) = length {
            shown.bar.set_length(length);
        }
        shown.set_style();
        shown
    }

    fn set_style(&self) {
        let bar = match self.length {
            Some(_) => "{wide_bar} {prefix}",
            None => "{spinner} {prefix}",
        };
        // `wide_msg` is cut to the width of the terminal.
        let reason = if self.has_reason { "\n{wide_msg}" } else { "" };
        if let Ok(style) = ProgressStyle::with_template(&format!("{bar}{reason}")) {
            self.bar.set_style(style);
        }
    }

    fn update(&mut self, snapshot: Snapshot) {
        let position = position(snapshot.bytes, self.length, self.bar.position());
        self.bar.set_position(position);
        let rate = match &snapshot.sent {
            Some(sent) => {
                self.records.set_position(sent.delivered);
                self.records.per_sec()
            }
            None => self.bar.per_sec(),
        };
        let mut figures = figures(position, self.length, snapshot.sent.as_ref(), rate);
        // The time left is unknown before the first progress, when indicatif estimates zero, and after a long wait.
        let left = self.bar.eta();
        if self.length.is_some() && rate >= LOWEST_RATE && !left.is_zero() {
            figures += &format!("  {:#} left", HumanDuration(left));
        }
        self.bar.set_prefix(figures);
        if self.has_reason != snapshot.waiting.is_some() {
            self.has_reason = snapshot.waiting.is_some();
            self.set_style();
        }
        self.bar.set_message(snapshot.waiting.unwrap_or_default());
        self.bar.tick();
    }
}

/// Returns the position of the bar after `earlier`: never less, and never the whole length, since the bar is removed
/// when the run ends.
fn position(bytes: u64, length: Option<u64>, earlier: u64) -> u64 {
    let most = length.map_or(u64::MAX, |length| length.saturating_sub(1));
    bytes.min(most).max(earlier)
}

/// Returns the figures beside the bar. `rate` counts records if records are sent, and otherwise bytes.
fn figures(position: u64, length: Option<u64>, sent: Option<&SentRecords>, rate: f64) -> String {
    // Rates are not negative and far below the maximum, so the conversion loses only the fraction.
    let per_second = rate as u64;
    let Some(sent) = sent else {
        let bytes = DecimalBytes(position);
        let of = length.map_or(String::new(), |length| format!("/{}", DecimalBytes(length)));
        return format!("{bytes}{of}  {}/s", DecimalBytes(per_second));
    };
    let percent = match length {
        Some(length) => format!("{} %  ", u128::from(position) * 100 / u128::from(length)),
        None => String::new(),
    };
    let rate = match per_second {
        0..10 => format!("{rate:.1}"),
        _ => HumanCount(per_second).to_string(),
    };
    let undeliverable = match sent.undeliverable {
        0 => String::new(),
        count => format!("  {} undeliverable", HumanCount(count)),
    };
    let (delivered, nouns) = (HumanCount(sent.delivered), sent.nouns);
    format!("{percent}{delivered} {nouns}  {rate}/s{undeliverable}")
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

    #[test]
    fn a_run_that_sends_shows_records_and_percent_rounded_down() {
        let sent = |delivered, undeliverable| SentRecords {
            nouns: "statements",
            delivered,
            undeliverable,
        };
        let text = figures(1_999, Some(2_000), Some(&sent(12_345, 0)), 840.7);
        assert_eq!(text, "99 %  12,345 statements  840/s");
        let text = figures(0, Some(2_000), Some(&sent(0, 1_000)), 0.0);
        assert_eq!(text, "0 %  0 statements  0.0/s  1,000 undeliverable");
        let text = figures(7, None, Some(&sent(3, 0)), 1.25);
        assert_eq!(text, "3 statements  1.2/s");
    }

    #[test]
    fn other_runs_show_bytes() {
        let text = figures(1_000_000, Some(2_000_000), None, 500_000.0);
        assert_eq!(text, "1.00 MB/2.00 MB  500.00 kB/s");
        assert_eq!(
            figures(1_000_000, None, None, 500_000.0),
            "1.00 MB  500.00 kB/s"
        );
    }
}

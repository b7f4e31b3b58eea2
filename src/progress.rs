//! How far a run is. The only file that names indicatif.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A progress bar on standard error, where that is a terminal.
pub struct Progress(ProgressBar);

impl Progress {
    /// No bar at all.
    pub fn none() -> Self {
        Self(ProgressBar::hidden())
    }

    /// A bar that shows only on a terminal.
    pub fn on_terminal() -> Self {
        let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr_with_hz(10));
        Self(bar)
    }

    /// Starts the bar. `bytes` is the size of the whole job, where it is known.
    pub fn start(&self, bytes: Option<u64>) {
        let (template, length) = match bytes {
            Some(_) => (
                "{wide_bar} {decimal_bytes}/{decimal_total_bytes}  {decimal_bytes_per_sec}  {eta} left",
                bytes,
            ),
            None => ("{spinner} {decimal_bytes}  {decimal_bytes_per_sec}", None),
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            self.0.set_style(style);
        }
        match length {
            Some(length) => self.0.set_length(length),
            None => self.0.unset_length(),
        }
        self.0.enable_steady_tick(Duration::from_millis(200));
    }

    /// So many bytes are read.
    pub fn set(&self, bytes: u64) {
        self.0.set_position(bytes);
    }

    /// Takes the bar away.
    pub fn clear(&self) {
        self.0.finish_and_clear();
    }

    /// Does something else on the terminal without the bar.
    pub fn suspend(&self, write: impl FnOnce()) {
        self.0.suspend(write);
    }
}

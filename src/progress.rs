//! The progress bar. No other file uses the crate indicatif.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A progress bar on standard error.
pub struct Progress(ProgressBar);

impl Progress {
    /// Returns a bar that is visible if `shows` is true and standard error is a terminal.
    pub fn new(shows: bool) -> Self {
        let target = if shows {
            ProgressDrawTarget::stderr_with_hz(10)
        } else {
            ProgressDrawTarget::hidden()
        };
        Self(ProgressBar::with_draw_target(None, target))
    }

    /// Starts the bar. `bytes` is the size of all inputs, if it is known.
    pub fn start(&self, bytes: Option<u64>) {
        let template = if bytes.is_some() {
            "{wide_bar} {decimal_bytes}/{decimal_total_bytes}  {decimal_bytes_per_sec}  {eta} left"
        } else {
            "{spinner} {decimal_bytes}  {decimal_bytes_per_sec}"
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            self.0.set_style(style);
        }
        if let Some(bytes) = bytes {
            self.0.set_length(bytes);
        }
        self.0.enable_steady_tick(Duration::from_millis(200));
    }

    /// Sets the number of bytes read.
    pub fn set(&self, bytes: u64) {
        self.0.set_position(bytes);
    }

    /// Removes the bar.
    pub fn clear(&self) {
        self.0.finish_and_clear();
    }

    /// Hides the bar while a function writes to the terminal.
    pub fn suspend(&self, write: impl FnOnce()) {
        self.0.suspend(write);
    }
}

//! The progress of a run, as a bar on a terminal or as lines for a journal. No other module uses the crate indicatif.
//!
//! | file | contents |
//! |---|---|
//! | `counts` | the state of a run, which other modules tell |
//! | `figures` | the figures, as text of a limited width |
//! | `meter` | measures speeds, and draws |

mod counts;
mod figures;
mod meter;

use std::io;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget};

use self::counts::Counts;
pub use self::counts::{SentRecords, Snapshot};
use self::meter::{Meter, return_cursor};

/// How the progress is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProgressMode {
    /// A bar, if standard error is a terminal.
    Bar,
    /// A line on standard error every ten seconds.
    Log,
    None,
}

/// Shows the progress on standard error.
pub struct Progress {
    mode: ProgressMode,
    bar: ProgressBar,
    counts: Arc<Counts>,
    /// The thread that shows the progress, and the channel whose end stops the thread.
    updates: Mutex<Option<(Sender<()>, JoinHandle<()>)>>,
}

/// The time between two updates of the bar.
const INTERVAL: Duration = Duration::from_millis(200);

/// The time between two lines of a journal, and before the first.
const LOG_INTERVAL: Duration = Duration::from_secs(10);

/// The most draws of the bar in a second. Each update draws the bar a few times, because a new position, new figures
/// and a new reason each draw it.
const DRAWS_PER_SECOND: u8 = 50;

/// The bar that is shown, for the end of the process.
static SHOWN: OnceLock<ProgressBar> = OnceLock::new();

impl Progress {
    pub fn new(mode: ProgressMode) -> Self {
        Self {
            mode,
            bar: ProgressBar::hidden(),
            counts: Arc::default(),
            updates: Mutex::default(),
        }
    }

    /// Starts to show the progress. `bytes` is the size of all inputs, if it is known. Another thread calls `snapshot`
    /// now and then and shows the result.
    pub fn start(&self, bytes: Option<u64>, snapshot: impl Fn() -> Snapshot + Send + 'static) {
        self.counts.restart();
        let target = ProgressDrawTarget::stderr_with_hz(DRAWS_PER_SECOND);
        let shows = match self.mode {
            ProgressMode::Bar => !target.is_hidden(),
            ProgressMode::Log => true,
            ProgressMode::None => false,
        };
        if !shows {
            return;
        }
        let length = bytes.filter(|&bytes| bytes > 0);
        let counts = Arc::clone(&self.counts);
        let mut meter = Meter::new(self.bar.clone(), length, counts);
        let (stop, stopped) = channel();
        let has_ended =
            move |interval| stopped.recv_timeout(interval) != Err(RecvTimeoutError::Timeout);
        let builder = Builder::new().name("progress".to_owned());
        let thread = if self.mode == ProgressMode::Bar {
            self.bar.set_draw_target(target);
            let _ = SHOWN.set(self.bar.clone());
            builder.spawn(move || {
                loop {
                    meter.draw(&snapshot());
                    if has_ended(INTERVAL) {
                        return;
                    }
                }
            })
        } else {
            builder.spawn(move || {
                meter.measure(&snapshot());
                while !has_ended(LOG_INTERVAL) {
                    meter.log(&snapshot(), &mut io::stderr().lock());
                }
            })
        };
        // Without a thread, the run shows no progress.
        if let Ok(thread) = thread {
            *self.updates() = Some((stop, thread));
        }
    }

    /// Sets the number of inputs.
    pub fn set_inputs(&self, inputs: usize) {
        self.counts.inputs.store(inputs, Ordering::Relaxed);
    }

    /// Counts the start of an input.
    pub fn start_input(&self, name: &str) {
        self.counts.start_input(name);
    }

    /// Counts lines, and those of them that were emitted and rejected.
    pub fn count(&self, lines: u64, emitted: u64, rejected: u64) {
        self.counts.lines.fetch_add(lines, Ordering::Relaxed);
        self.counts.emitted.fetch_add(emitted, Ordering::Relaxed);
        self.counts.rejected.fetch_add(rejected, Ordering::Relaxed);
    }

    /// Ends the progress, and removes the bar.
    pub fn clear(&self) {
        if let Some((stop, thread)) = self.updates().take() {
            drop(stop);
            // A panic of the thread has been printed, and costs nothing but the progress.
            let _ = thread.join();
        }
        self.bar.finish_and_clear();
    }

    /// Hides the bar while a function writes to the terminal.
    pub fn suspend(&self, write: impl FnOnce()) {
        self.bar.suspend(write);
        if !self.bar.is_hidden() && !self.bar.is_finished() {
            return_cursor();
        }
    }

    fn updates(&self) -> MutexGuard<'_, Option<(Sender<()>, JoinHandle<()>)>> {
        self.updates.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A run that fails leaves no bar behind.
impl Drop for Progress {
    fn drop(&mut self) {
        self.clear();
    }
}

/// Removes the bar, if there is one, because the process is about to exit.
pub fn clear_at_exit() {
    if let Some(bar) = SHOWN.get() {
        bar.finish_and_clear();
    }
}

//! Interruption by SIGINT or SIGTERM.
//!
//! The first signal ends the run cleanly: unfinished outputs are completed or discarded, the state directory is synced,
//! and the summary is printed. If that takes too long, or at a second signal, the process exits immediately. This is
//! safe, because the state directory is valid at any time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use anyhow::Result;

use crate::exit_code::ExitCode;
#[cfg(unix)]
use crate::progress::clear_at_exit;

/// A flag that is set when the run should end. All clones share the same flag.
#[derive(Clone, Debug, Default)]
pub struct Interrupted(Arc<AtomicU8>);

impl Interrupted {
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed) != 0
    }

    /// Sets the flag as the signal SIGINT would.
    #[cfg(test)]
    pub(crate) fn set(&self) {
        self.0.store(ExitCode::Interrupted as u8, Ordering::Relaxed);
    }

    /// Returns the exit code of an interrupted run, or `None` if no signal has arrived.
    pub fn code(&self) -> Option<ExitCode> {
        match self.0.load(Ordering::Relaxed) {
            0 => None,
            code if code == ExitCode::Terminated as u8 => Some(ExitCode::Terminated),
            _ => Some(ExitCode::Interrupted),
        }
    }

    /// Returns the name of the signal that interrupted the run, or `None` if no signal has arrived.
    pub fn signal(&self) -> Option<&'static str> {
        self.code().map(|code| match code {
            ExitCode::Terminated => "SIGTERM",
            _ => "SIGINT",
        })
    }

    /// Starts a thread that waits for signals. The first signal sets the flag and calls `wake`, which wakes waiting
    /// threads so that they see the flag.
    ///
    /// # Errors
    /// Returns an error if the signal handlers or the thread that waits for signals cannot be set up.
    #[cfg(unix)]
    pub fn watch(&self, wake: impl Fn() + Send + 'static) -> Result<()> {
        use anyhow::Context;
        use signal_hook::consts::{SIGINT, SIGTERM};

        let mut signals = signal_hook::iterator::Signals::new([SIGINT, SIGTERM])
            .context("failed to watch for signals")?;
        let flag = Arc::clone(&self.0);
        let watch = move || {
            for signal in signals.forever() {
                let code = match signal {
                    SIGTERM => ExitCode::Terminated,
                    _ => ExitCode::Interrupted,
                };
                let is_first = flag.swap(code as u8, Ordering::Relaxed) == 0;
                if !is_first {
                    clear_at_exit();
                    std::process::exit(code as i32);
                }
                wake();
                std::thread::spawn(move || {
                    std::thread::sleep(GRACE);
                    clear_at_exit();
                    std::process::exit(code as i32);
                });
            }
        };
        std::thread::Builder::new()
            .name("signals".to_owned())
            .spawn(watch)
            .context("failed to watch for signals")?;
        Ok(())
    }

    /// Does nothing on systems other than Unix. There, an interruption ends the process immediately.
    #[cfg(not(unix))]
    pub fn watch(&self, _wake: impl Fn() + Send + 'static) -> Result<()> {
        Ok(())
    }
}

/// The time that an interrupted run has to end cleanly. Docker kills a process 10 seconds after its SIGTERM, and
/// Kubernetes and systemd wait longer.
#[cfg(unix)]
const GRACE: Duration = Duration::from_secs(8);

/// The time to wait, after an interruption, for responses to requests that were already sent. The remaining seconds of
/// [`GRACE`] are for syncing the state directory and printing the summary.
pub const RESPONSE_GRACE: Duration = Duration::from_secs(4);

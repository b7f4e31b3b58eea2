//! Being asked to end: SIGINT and SIGTERM.
//!
//! The first one ends the run cleanly: what is in hand is finished or given up, the state is saved, the summary is told. When
//! that takes too long, or at a second one, the process just ends; what is recorded is durable at any time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use anyhow::Result;

use crate::exit_code::ExitCode;

/// Whether the run was asked to end.
#[derive(Clone, Debug, Default)]
pub struct Interrupted(Arc<AtomicU8>);

impl Interrupted {
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed) != 0
    }

    /// As a signal does.
    #[cfg(test)]
    pub(crate) fn set(&self) {
        self.0.store(ExitCode::Interrupted as u8, Ordering::Relaxed);
    }

    /// What the shell is told, when it was.
    pub fn code(&self) -> Option<ExitCode> {
        match self.0.load(Ordering::Relaxed) {
            0 => None,
            code if code == ExitCode::Terminated as u8 => Some(ExitCode::Terminated),
            _ => Some(ExitCode::Interrupted),
        }
    }

    /// The signal that asked for it, if one did.
    pub fn signal(&self) -> Option<&'static str> {
        self.code().map(|code| match code {
            ExitCode::Terminated => "SIGTERM",
            _ => "SIGINT",
        })
    }

    /// Watches for signals from now on. At the first one `wake` is called, to end what waits.
    ///
    /// # Errors
    /// Signals cannot be watched for.
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
                    std::process::exit(code as i32);
                }
                wake();
                std::thread::spawn(move || {
                    std::thread::sleep(GRACE);
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

    /// On other systems a signal ends the process.
    #[cfg(not(unix))]
    pub fn watch(&self, _wake: impl Fn() + Send + 'static) -> Result<()> {
        Ok(())
    }
}

/// Less than what service managers and container runtimes allow before they kill.
#[cfg(unix)]
const GRACE: Duration = Duration::from_secs(8);

/// So long a server has time to answer what it was sent before the run was asked to end. The rest of the grace is for
/// what comes after.
pub const LAST_ANSWERS: Duration = Duration::from_secs(4);

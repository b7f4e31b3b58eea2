//! The state of a run, from which the figures of the progress are computed.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// The state of a run at one time, as the command tells it.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// The number of bytes of the inputs that are processed, before decompression.
    pub bytes: u64,
    /// The number of bytes that were read, after decompression, if they are counted.
    pub unpacked: Option<u64>,
    /// The records that were sent, if the run sends records.
    pub sent: Option<SentRecords>,
    /// The reason why the run waits, if it waits.
    pub waiting: Option<String>,
}

/// The records that were sent.
#[derive(Clone, Copy, Debug)]
pub struct SentRecords {
    /// The noun for the records.
    pub nouns: &'static str,
    /// The number of records that the servers have.
    pub delivered: u64,
    /// The number of records that cannot be delivered.
    pub undeliverable: u64,
}

/// The lines and inputs of a run so far. The delivering thread counts them.
#[derive(Debug, Default)]
pub struct Counts {
    pub lines: AtomicU64,
    pub emitted: AtomicU64,
    pub rejected: AtomicU64,
    /// The number of all inputs, or 0 if it is not known.
    pub inputs: AtomicUsize,
    /// The number of inputs that have started, and the name of the last of them.
    started: Mutex<(usize, String)>,
}

impl Counts {
    /// Counts the start of an input.
    pub fn start_input(&self, name: &str) {
        let mut started = self.started.lock().unwrap_or_else(PoisonError::into_inner);
        started.0 += 1;
        // A crafted name could send commands to the terminal.
        started.1 = name.replace(char::is_control, "?");
    }

    /// Forgets the inputs and lines, since the run reads the inputs once more.
    pub fn restart(&self) {
        *self.started.lock().unwrap_or_else(PoisonError::into_inner) = (0, String::new());
        for count in [&self.lines, &self.emitted, &self.rejected] {
            count.store(0, Ordering::Relaxed);
        }
    }

    /// Returns the number of inputs that have started, and the name of the last of them.
    pub fn started(&self) -> (usize, String) {
        let started = self.started.lock().unwrap_or_else(PoisonError::into_inner);
        started.clone()
    }
}

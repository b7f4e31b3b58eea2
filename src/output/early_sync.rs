//! Bringing a long file to the disk while more of it is written, so that the last sync, which nothing else can be done
//! beside, is short.

use std::fs::File;
use std::io;
use std::thread::{self, JoinHandle};

/// What lies between two syncs: so much is written in a moment.
const EVERY_BYTES: usize = 8 << 20;

/// The syncs of one file.
#[derive(Default)]
pub struct EarlySync {
    unsynced: usize,
    running: Option<JoinHandle<io::Result<()>>>,
}

impl EarlySync {
    /// So many bytes more are written. Begins a sync when there are enough of them and none is under way.
    ///
    /// # Errors
    /// An earlier one failed, or none can be begun.
    pub fn written(&mut self, file: &File, bytes: usize) -> io::Result<()> {
        self.unsynced += bytes;
        let is_running = self
            .running
            .as_ref()
            .is_some_and(|sync| !sync.is_finished());
        if self.unsynced < EVERY_BYTES || is_running {
            return Ok(());
        }
        self.join()?;
        self.unsynced = 0;
        let file = file.try_clone()?;
        let sync = thread::Builder::new().name("sync".to_owned());
        self.running = Some(sync.spawn(move || file.sync_data())?);
        Ok(())
    }

    /// Waits for the sync that is under way. The system tells an error once, so it is not to be lost here.
    ///
    /// # Errors
    /// It failed.
    pub fn join(&mut self) -> io::Result<()> {
        match self.running.take().map(JoinHandle::join) {
            None => Ok(()),
            Some(Ok(synced)) => synced,
            Some(Err(panic)) => std::panic::resume_unwind(panic),
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::fd::OwnedFd;

    use super::*;

    #[test]
    fn a_sync_that_fails_is_told_once_it_is_waited_for() {
        // A pipe cannot be synced.
        let (_reader, writer) = io::pipe().unwrap();
        let file = File::from(OwnedFd::from(writer));
        let mut sync = EarlySync::default();
        sync.written(&file, EVERY_BYTES - 1).unwrap();
        assert!(sync.running.is_none());
        sync.written(&file, 1).unwrap();
        assert!(sync.join().is_err());
        assert!(sync.join().is_ok());
    }
}

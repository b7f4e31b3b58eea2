//! The connections of a router: threads that take batches from a queue and carry them.

use std::convert::Infallible;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context, Result};
use crossbeam_channel::{Receiver, RecvTimeoutError, SendTimeoutError, Sender, bounded};

use super::delivery_worker::Courier;
use super::retry::Requests;
use super::send_batch::Batch;
use super::target::Route;
use crate::console::Console;

/// The connections of a router, a thread each, and the queue that they take batches from.
pub struct Connections {
    pub route: Arc<Route>,
    queue: Sender<Batch>,
    threads: Vec<JoinHandle<()>>,
    /// Nothing comes from it; it closes when the last thread has ended.
    ended: Receiver<Infallible>,
}

/// What is done when all of a batch is delivered or in dead letters, whose paths are given.
pub type WhenDone = fn(&Console, &Route, &Batch, &[PathBuf]);

/// So often it is asked whether the sending is stopped.
const LOOK_UP_EVERY: Duration = Duration::from_millis(100);

impl Connections {
    /// Opens so many. As many batches wait, and giving one more waits too.
    ///
    /// # Errors
    /// A thread cannot be started.
    pub fn open(
        route: Arc<Route>,
        console: &Arc<Console>,
        count: usize,
        when_done: WhenDone,
    ) -> Result<Self> {
        let (queue, batches) = bounded::<Batch>(count);
        let (alive, ended) = bounded::<Infallible>(0);
        let start = |nth| {
            let (route, console) = (Arc::clone(&route), Arc::clone(console));
            let (batches, alive) = (batches.clone(), alive.clone());
            std::thread::Builder::new()
                .name(format!("send-{nth}"))
                .spawn(move || {
                    let _alive = alive;
                    for batch in batches {
                        carry(&route, &console, &batch, when_done);
                    }
                })
                .context("failed to start the sending threads")
        };
        let threads = (0..count).map(start).collect::<Result<_>>()?;
        Ok(Self {
            route,
            queue,
            threads,
            ended,
        })
    }

    /// Hands a batch over, when there is room for it. When the sending is stopped it is left.
    pub fn send(&self, mut batch: Batch) {
        self.route.tally().give(batch.items());
        while !self.route.pace.is_stopped() {
            match self.queue.send_timeout(batch, LOOK_UP_EVERY) {
                Ok(()) => return,
                Err(SendTimeoutError::Timeout(returned)) => batch = returned,
                Err(SendTimeoutError::Disconnected(returned)) => {
                    // All threads have panicked, which is told when they are waited for.
                    batch = returned;
                    break;
                }
            }
        }
        self.route.tally().leave(batch.items());
    }

    /// Waits until all is done that was handed over. A run that was asked to end does not wait long for a server that
    /// does not answer.
    pub fn close(self) {
        drop(self.queue);
        while self.ended.recv_timeout(LOOK_UP_EVERY) == Err(RecvTimeoutError::Timeout) {
            if self.route.is_out_of_time() {
                self.route.tally().leave_under_way();
                return;
            }
        }
        for thread in self.threads {
            if let Err(panic) = thread.join() {
                std::panic::resume_unwind(panic);
            }
        }
    }
}

fn carry(route: &Route, console: &Console, batch: &Batch, when_done: WhenDone) {
    if route.pace.is_stopped() {
        return route.tally().leave(batch.items());
    }
    let requests = Requests { route, console };
    if let Ok(letters) = Courier::new(requests, batch).carry() {
        route.has_done(batch.numbers());
        when_done(console, route, batch, &letters);
    }
}

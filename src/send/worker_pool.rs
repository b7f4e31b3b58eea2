//! The workers of a target and their queue.

use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SendError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use anyhow::{Context, Result};

use super::breaker::CHECK_INTERVAL;
use super::delivery_worker::DeliveryWorker;
use super::http::{Answer, Response};
use super::kept_back::KeptBack;
use super::retry::Requester;
use super::send_batch::SendBatch;
use super::target::Target;
use super::tripped::Tripped;
use crate::console::Console;
use crate::exit_code::ExitCode;

/// The threads that deliver the batches of a target, and the queue that they take batches from.
pub struct WorkerPool {
    pub target: Arc<Target>,
    console: Arc<Console>,
    queue: Sender<SendBatch>,
    /// One message for each free slot of the queue. The channel closes when the last worker has ended.
    free_slots: Receiver<()>,
    threads: Vec<JoinHandle<()>>,
}

impl WorkerPool {
    /// Starts `count` workers. Their queue has `count` slots.
    ///
    /// # Errors
    /// Returns an error if a thread cannot be started.
    pub fn start(target: Arc<Target>, console: &Arc<Console>, count: usize) -> Result<Self> {
        let (queue, batches) = channel::<SendBatch>();
        let (freed, free_slots) = channel();
        let batches = Arc::new(Mutex::new(batches));
        let start = |nth| {
            let (target, console) = (Arc::clone(&target), Arc::clone(console));
            let (batches, freed) = (Arc::clone(&batches), freed.clone());
            let _ = freed.send(());
            std::thread::Builder::new()
                .name(format!("send-{nth}"))
                .spawn(move || {
                    loop {
                        // The permit comes first, so that a server that is not proven gets the batches in their order.
                        let _permit = target.breaker().permit(|| target.is_stopped());
                        let Some(batch) = next(&batches) else { break };
                        // An error means that the pool is closing and needs no more slots.
                        let _ = freed.send(());
                        deliver(&target, &console, batch);
                    }
                })
                .context("failed to start the sending threads, whose number `--connections` sets")
        };
        let threads = (0..count).map(start).collect::<Result<_>>()?;
        Ok(Self {
            target,
            console: Arc::clone(console),
            queue,
            free_slots,
            threads,
        })
    }

    /// Waits for a free slot and submits a batch. If the target is stopped, the records of the batch are counted as not
    /// delivered.
    pub fn submit(&self, mut batch: SendBatch) {
        self.target.statistics().submit(batch.items());
        while !self.target.is_stopped() {
            match self.free_slots.recv_timeout(CHECK_INTERVAL) {
                Ok(()) => match self.queue.send(batch) {
                    Ok(()) => return,
                    Err(SendError(returned)) => batch = returned,
                },
                Err(RecvTimeoutError::Timeout) => {}
                // All workers have panicked. `close` raises the panic again.
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        self.target.statistics().leave(batch.items());
    }

    /// Waits until all submitted batches are delivered or given up. If the run is interrupted, waits only a short time
    /// for a server that does not answer.
    pub fn close(self) {
        drop(self.queue);
        loop {
            match self.free_slots.recv_timeout(CHECK_INTERVAL) {
                Ok(()) => {}
                Err(RecvTimeoutError::Timeout) if self.target.is_out_of_time() => {
                    self.target.statistics().leave_under_way();
                    return leave_kept_back(&self.target);
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        for thread in self.threads {
            if let Err(panic) = thread.join() {
                std::panic::resume_unwind(panic);
            }
        }
        settle_kept_back(&self.target, &self.console);
        leave_kept_back(&self.target);
    }
}

fn next(batches: &Mutex<Receiver<SendBatch>>) -> Option<SendBatch> {
    let batches = batches.lock().unwrap_or_else(PoisonError::into_inner);
    batches.recv().ok()
}

/// Delivers a batch, and then the rest of the batches that were kept back and are released now.
fn deliver(target: &Target, console: &Console, batch: SendBatch) {
    let breaker = target.breaker();
    if !target.is_stopped() {
        target.statistics().start(batch.items());
        target.check_once();
        target.statistics().end(batch.items());
    }
    deliver_rest(target, console, KeptBack::whole(batch));
    while let Some(kept) = breaker.take_released() {
        deliver_rest(target, console, kept);
    }
}

/// Decides about the batches that are still kept back at the end of the run. If bad records may be the reason, they are
/// sent again as long as the server is well, until they are dead letters. The loop ends, since each failure halves records,
/// is one of the few repetitions of a record, or is a doubt.
fn settle_kept_back(target: &Target, console: &Console) {
    let breaker = target.breaker();
    while !target.is_stopped() {
        if let Some(tripped) = breaker.end() {
            release_or_stop(target, tripped);
        }
        let mut is_over = true;
        while let Some(kept) = breaker.take_released() {
            is_over = false;
            deliver_rest(target, console, kept);
        }
        if is_over {
            return;
        }
    }
}

/// Releases the batches that are kept back if bad records may be the reason and the server takes other records. Otherwise,
/// stops the target.
fn release_or_stop(target: &Target, tripped: Tripped) {
    let breaker = target.breaker();
    let is_well = || {
        let permit = target.rate_limiter.acquire();
        permit.is_ok_and(|permit| target.takes_again(&permit))
    };
    match breaker.suspects_records() && is_well() {
        true => breaker.release(),
        false => stop(target, tripped),
    }
}

/// Delivers the rest of a batch. Keeps the batch back if its records still have no outcome.
fn deliver_rest(target: &Target, console: &Console, mut kept: KeptBack) {
    if target.is_stopped() {
        return leave(target, &kept);
    }
    let requester = Requester {
        target,
        console,
        learns_from_lookups: false,
    };
    let (delivered, rest) = DeliveryWorker::new(requester, &kept).deliver();
    kept.rest = rest;
    if delivered.is_err() {
        leave(target, &kept);
    } else if kept.rest.is_empty() {
        acknowledge(target, console, &kept);
    } else if let Some(tripped) = target.breaker().keep_back(kept) {
        release_or_stop(target, tripped);
    }
}

/// Stops a target because of the answers of its server.
fn stop(target: &Target, tripped: Tripped) {
    let Tripped {
        status,
        answer,
        advice,
    } = tripped;
    let mut message = match status {
        Some(status) => target.explain(&Answer::Response(Response {
            status,
            body: answer.into(),
            ..Response::default()
        })),
        None => target.explain_loss(&answer),
    };
    if let Some(advice) = advice {
        message = format!("{message}; {advice}");
    }
    target.stop(ExitCode::Stopped, message);
}

/// Notes that the batches that are kept back are not delivered.
fn leave_kept_back(target: &Target) {
    for kept in target.breaker().take_left() {
        leave(target, &kept);
    }
}

/// Notes that the records of a batch that have no outcome are not delivered.
fn leave(target: &Target, kept: &KeptBack) {
    for records in kept.left() {
        target.statistics().leave(kept.batch.numbered(records));
    }
}

/// Notes that all records of a batch are stored or in dead letters. Removes the dead letters that the records were read
/// from.
fn acknowledge(target: &Target, console: &Console, kept: &KeptBack) {
    let KeptBack { batch, rest } = kept;
    target.acknowledged(batch.numbers());
    if !target.client.dry_run {
        let letters = batch.letters.iter();
        letters
            .filter(|path| !rest.written.contains(path))
            .for_each(|path| remove_letter(path, console));
    }
}

fn remove_letter(path: &Path, console: &Console) {
    if let Err(error) = std::fs::remove_file(path) {
        let path = path.display();
        console.warn(&format!(
            "failed to remove the dead letter `{path}`, which is delivered: {error}; remove it, or the next `recover` sends it again"
        ));
    }
}

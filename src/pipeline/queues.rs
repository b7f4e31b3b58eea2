//! The queues from the reading threads to the delivering thread: one queue for all inputs, or one for each input. In
//! the second case, the queues are received in the order of the inputs.

use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::interrupt::Interrupted;

/// The sending side, which the reading threads share.
pub struct Queues<M> {
    /// The number of the next input to read.
    next: Mutex<usize>,
    /// The capacity of a queue.
    batches: usize,
    /// The queue of all inputs, if they share one queue.
    shared: Option<SyncSender<M>>,
    /// Sends the receiving end of each input's queue, in the order of the inputs.
    queues: SyncSender<Receiver<M>>,
}

/// The receiving side, which the delivering thread has.
pub struct Messages<M> {
    queues: Receiver<Receiver<M>>,
    current: Option<Receiver<M>>,
}

/// The interval at which a waiting receiver checks for an interruption.
const INTERRUPTION_INTERVAL: Duration = Duration::from_millis(100);

/// Creates queues that hold up to `batches` messages each: one queue for all inputs if `is_shared`, or else one for
/// each input. In the second case, the queues of up to `ahead` later inputs wait while the current input's queue is
/// received.
pub fn queues<M>(batches: usize, ahead: usize, is_shared: bool) -> (Queues<M>, Messages<M>) {
    let (sender, queues) = sync_channel(ahead);
    let (shared, current) = is_shared.then(|| sync_channel(batches)).unzip();
    let next = Mutex::new(0);
    let sending = Queues {
        next,
        batches,
        shared,
        queues: sender,
    };
    (sending, Messages { queues, current })
}

impl<M> Queues<M> {
    /// Returns the number of the next input to read, and its queue. `inputs` is the number of all inputs. Returns
    /// `None` if all inputs were returned, or if the receiver was dropped.
    pub fn next_input(&self, inputs: usize) -> Option<(usize, SyncSender<M>)> {
        // The lock is held until the queue is sent, so that queues arrive in the order of the inputs.
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let input = *next;
        if input >= inputs {
            return None;
        }
        let queue = match &self.shared {
            Some(queue) => queue.clone(),
            None => {
                let (queue, messages) = sync_channel(self.batches);
                self.queues.send(messages).ok()?;
                queue
            }
        };
        *next += 1;
        Some((input, queue))
    }
}

impl<M> Messages<M> {
    /// Waits for the next message. Returns `None` if all senders were dropped, or after an interruption.
    pub fn next(&mut self, interrupted: &Interrupted) -> Option<M> {
        loop {
            if let Some(queue) = &self.current {
                match receive(queue, interrupted) {
                    None if !interrupted.is_set() => {}
                    // After an interruption, the reading thread may have stopped in the middle of this input. Then the
                    // next input must not be delivered.
                    message => return message,
                }
            }
            self.current = Some(receive(&self.queues, interrupted)?);
        }
    }
}

/// Waits for a message. Returns `None` if all senders were dropped, or after an interruption.
pub fn receive<M>(receiver: &Receiver<M>, interrupted: &Interrupted) -> Option<M> {
    loop {
        match receiver.recv_timeout(INTERRUPTION_INTERVAL) {
            Ok(message) => return Some(message),
            Err(RecvTimeoutError::Timeout) if !interrupted.is_set() => {}
            Err(_) => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    fn all(mut messages: Messages<usize>) -> Vec<usize> {
        let never = Interrupted::default();
        std::iter::from_fn(|| messages.next(&never)).collect()
    }

    #[test]
    fn messages_arrive_in_the_order_of_inputs_or_as_they_were_sent() {
        for ((queues, messages), expected) in [
            (queues(2, 2, false), [0, 0, 1, 1]),
            (queues(4, 2, true), [1, 0, 1, 0]),
        ] {
            let [first, second] = [0, 1].map(|input| {
                let (next, queue) = queues.next_input(2).unwrap();
                assert_eq!(next, input);
                queue
            });
            assert!(queues.next_input(2).is_none());
            for (queue, input) in [(&second, 1), (&first, 0), (&second, 1), (&first, 0)] {
                queue.send(input).unwrap();
            }
            drop((first, second, queues));
            assert_eq!(all(messages), expected);
        }
    }

    #[test]
    fn the_number_of_waiting_inputs_is_limited() {
        let (queues, mut messages) = queues(1, 1, false);
        let (_, first) = queues.next_input(3).unwrap();
        first.send(0).unwrap();
        drop(first);
        thread::scope(|scope| {
            let second = scope.spawn(|| queues.next_input(3).unwrap().0);
            thread::sleep(Duration::from_millis(50));
            assert!(!second.is_finished());
            assert_eq!(messages.next(&Interrupted::default()), Some(0));
            assert_eq!(second.join().unwrap(), 1);
        });
    }

    #[test]
    fn after_an_interruption_no_input_follows_an_incomplete_one() {
        let (queues, mut messages) = queues(1, 2, false);
        let [(_, first), (_, second)] = [0, 1].map(|_| queues.next_input(2).unwrap());
        first.send(0).unwrap();
        second.send(1).unwrap();
        let interrupted = Interrupted::default();
        assert_eq!(messages.next(&interrupted), Some(0));
        interrupted.set();
        drop(first);
        assert_eq!(messages.next(&interrupted), None);
    }

    #[test]
    fn no_input_is_read_when_the_receiver_is_gone() {
        let (queues, messages) = queues::<()>(1, 1, false);
        drop(messages);
        assert!(queues.next_input(1).is_none());
    }
}

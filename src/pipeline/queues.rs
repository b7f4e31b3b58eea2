//! The queues from the reading threads to the delivery: one for all inputs, or one for each input, received in order.

use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::interrupt::Interrupted;

/// The sending side, which the reading threads share.
pub struct Queues<M> {
    /// The number of the next input to read.
    next: Mutex<usize>,
    sender: QueueSender<M>,
}

enum QueueSender<M> {
    Shared(SyncSender<M>),
    /// Sends the queue of each input, in the order of the inputs.
    InOrder {
        queues: SyncSender<Receiver<M>>,
        batches: usize,
    },
}

/// The receiving side.
pub struct Messages<M> {
    queues: Receiver<Receiver<M>>,
    current: Option<Receiver<M>>,
}

/// The result of waiting for a message.
pub enum Received<M> {
    Message(M),
    /// All senders are gone.
    Closed,
    Interrupted,
}

/// The interval at which a waiting receiver checks for an interruption.
const INTERRUPTION_INTERVAL: Duration = Duration::from_millis(100);

/// Creates one queue of `batches` messages for all inputs.
pub fn side_by_side<M>(batches: usize) -> (Queues<M>, Messages<M>) {
    let (queue, messages) = sync_channel(batches);
    let queues = Queues {
        next: Mutex::new(0),
        sender: QueueSender::Shared(queue),
    };
    let messages = Messages {
        queues: sync_channel(0).1,
        current: Some(messages),
    };
    (queues, messages)
}

/// Creates a queue of `batches` messages for each input. At most `inputs` queues wait after the current one.
pub fn in_order<M>(batches: usize, inputs: usize) -> (Queues<M>, Messages<M>) {
    let (sender, queues) = sync_channel(inputs);
    let sender = QueueSender::InOrder {
        queues: sender,
        batches,
    };
    let messages = Messages {
        queues,
        current: None,
    };
    let next = Mutex::new(0);
    (Queues { next, sender }, messages)
}

impl<M> Queues<M> {
    /// Returns the number of the next of `inputs` inputs and its queue, or `None` if no input is left or the receiver is
    /// gone.
    pub fn next_input(&self, inputs: usize) -> Option<(usize, SyncSender<M>)> {
        // Locked until the queue is sent, so that queues arrive in the order of the inputs.
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let input = *next;
        if input >= inputs {
            return None;
        }
        let queue = match &self.sender {
            QueueSender::Shared(queue) => queue.clone(),
            QueueSender::InOrder { queues, batches } => {
                let (queue, messages) = sync_channel(*batches);
                queues.send(messages).ok()?;
                queue
            }
        };
        *next += 1;
        Some((input, queue))
    }
}

impl<M> Messages<M> {
    /// Waits for the next message or an interruption.
    pub fn next(&mut self, interrupted: &Interrupted) -> Received<M> {
        loop {
            if let Some(queue) = &self.current {
                match receive(queue, interrupted) {
                    // The reader may have stopped in the middle of the input because of the interruption. The next input
                    // must not be delivered then.
                    Received::Closed if interrupted.is_set() => return Received::Interrupted,
                    Received::Closed => {}
                    message => return message,
                }
            }
            match receive(&self.queues, interrupted) {
                Received::Message(queue) => self.current = Some(queue),
                Received::Closed => return Received::Closed,
                Received::Interrupted => return Received::Interrupted,
            }
        }
    }
}

/// Waits for a message or an interruption.
pub fn receive<M>(receiver: &Receiver<M>, interrupted: &Interrupted) -> Received<M> {
    loop {
        match receiver.recv_timeout(INTERRUPTION_INTERVAL) {
            Ok(message) => return Received::Message(message),
            Err(RecvTimeoutError::Disconnected) => return Received::Closed,
            Err(RecvTimeoutError::Timeout) if interrupted.is_set() => return Received::Interrupted,
            Err(RecvTimeoutError::Timeout) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    fn all(mut messages: Messages<usize>) -> Vec<usize> {
        let never = Interrupted::default();
        std::iter::from_fn(|| match messages.next(&never) {
            Received::Message(message) => Some(message),
            Received::Closed => None,
            Received::Interrupted => unreachable!(),
        })
        .collect()
    }

    #[test]
    fn messages_arrive_in_the_order_of_inputs_or_as_they_were_sent() {
        for ((queues, messages), expected) in [
            (in_order(2, 2), [0, 0, 1, 1]),
            (side_by_side(4), [1, 0, 1, 0]),
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
        let (queues, mut messages) = in_order(1, 1);
        let (_, first) = queues.next_input(3).unwrap();
        first.send(0).unwrap();
        drop(first);
        thread::scope(|scope| {
            let second = scope.spawn(|| queues.next_input(3).unwrap().0);
            thread::sleep(Duration::from_millis(50));
            assert!(!second.is_finished());
            let received = messages.next(&Interrupted::default());
            assert!(matches!(received, Received::Message(0)));
            assert_eq!(second.join().unwrap(), 1);
        });
    }

    #[test]
    fn no_input_follows_one_that_its_reader_gave_up_because_of_an_interruption() {
        let (queues, mut messages) = in_order(1, 2);
        let [(_, first), (_, second)] = [0, 1].map(|_| queues.next_input(2).unwrap());
        first.send(0).unwrap();
        second.send(1).unwrap();
        let interrupted = Interrupted::default();
        assert!(matches!(messages.next(&interrupted), Received::Message(0)));
        interrupted.set();
        drop(first);
        assert!(matches!(messages.next(&interrupted), Received::Interrupted));
    }

    #[test]
    fn no_input_is_read_when_the_receiver_is_gone() {
        let (queues, messages) = in_order::<()>(1, 1);
        drop(messages);
        assert!(queues.next_input(1).is_none());
    }
}

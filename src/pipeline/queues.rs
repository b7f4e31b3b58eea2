//! From the reading threads to the delivery: one queue for all inputs, or one for each, which are taken in order.

use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use super::What;
use super::budget::InFlight;
use crate::checkpoint::Turn;
use crate::interrupt::Interrupted;

/// What is to be told of an input when it is ready.
pub struct Message<T> {
    /// The number of the input.
    pub input: usize,
    pub what: What<Converting<T>>,
    /// At the end of an input: it is over when the end is delivered.
    pub turn: Option<Turn>,
}

/// The place where the result will be, and what of the budget the batch takes.
pub type Converting<T> = (Receiver<thread::Result<T>>, InFlight);

/// Where the reading threads put their messages.
pub struct Queues<T> {
    /// The number of the input that is read next.
    next: Mutex<usize>,
    to: To<T>,
}

enum To<T> {
    One(SyncSender<Message<T>>),
    OfEach {
        queues: SyncSender<Receiver<Message<T>>>,
        batches: usize,
    },
}

/// Where they come from.
pub struct Messages<T> {
    queues: Receiver<Receiver<Message<T>>>,
    at_hand: Option<Receiver<Message<T>>>,
}

/// What comes next.
pub enum Next<M> {
    Is(M),
    /// The sender is gone.
    None,
    Interrupted,
}

/// So often it is asked whether the run is to end.
const LOOK_UP_EVERY: Duration = Duration::from_millis(100);

/// A queue of so many batches for all inputs.
pub fn side_by_side<T>(batches: usize) -> (Queues<T>, Messages<T>) {
    let (queue, messages) = sync_channel(batches);
    let queues = Queues {
        next: Mutex::new(0),
        to: To::One(queue),
    };
    let messages = Messages {
        queues: sync_channel(0).1,
        at_hand: Some(messages),
    };
    (queues, messages)
}

/// A queue of so many batches for each input. So many inputs wait for their turn.
pub fn in_order<T>(batches: usize, inputs: usize) -> (Queues<T>, Messages<T>) {
    let (queues, of_inputs) = sync_channel(inputs);
    let queues = Queues {
        next: Mutex::new(0),
        to: To::OfEach { queues, batches },
    };
    let messages = Messages {
        queues: of_inputs,
        at_hand: None,
    };
    (queues, messages)
}

impl<T> Queues<T> {
    /// The next of so many inputs, and its queue. There is none when nobody wants more.
    pub fn next_input(&self, inputs: usize) -> Option<(usize, SyncSender<Message<T>>)> {
        // Held until the queue stands behind those of the inputs before.
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let input = *next;
        if input >= inputs {
            return None;
        }
        let queue = match &self.to {
            To::One(queue) => queue.clone(),
            To::OfEach { queues, batches } => {
                let (queue, messages) = sync_channel(*batches);
                queues.send(messages).ok()?;
                queue
            }
        };
        *next += 1;
        Some((input, queue))
    }
}

impl<T> Messages<T> {
    /// Waits for the next message, or for the run to end.
    pub fn next(&mut self, interrupted: &Interrupted) -> Next<Message<T>> {
        loop {
            if let Some(queue) = &self.at_hand {
                match next(queue, interrupted) {
                    // Its reader may have given up for it.
                    Next::None if interrupted.is_set() => return Next::Interrupted,
                    Next::None => {}
                    message => return message,
                }
            }
            match next(&self.queues, interrupted) {
                Next::Is(queue) => self.at_hand = Some(queue),
                Next::None => return Next::None,
                Next::Interrupted => return Next::Interrupted,
            }
        }
    }
}

/// Waits for what comes next, or for the run to end.
pub fn next<M>(receiver: &Receiver<M>, interrupted: &Interrupted) -> Next<M> {
    loop {
        match receiver.recv_timeout(LOOK_UP_EVERY) {
            Ok(message) => return Next::Is(message),
            Err(RecvTimeoutError::Disconnected) => return Next::None,
            Err(RecvTimeoutError::Timeout) if interrupted.is_set() => return Next::Interrupted,
            Err(RecvTimeoutError::Timeout) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Says of an input that it has no batches.
    fn start(queue: &SyncSender<Message<()>>, input: usize) {
        let what = What::Start(None);
        let message = Message {
            input,
            what,
            turn: None,
        };
        queue.send(message).unwrap();
    }

    /// The inputs of all messages, in the order in which they come.
    fn inputs(mut messages: Messages<()>) -> Vec<usize> {
        let never = Interrupted::default();
        std::iter::from_fn(|| match messages.next(&never) {
            Next::Is(message) => Some(message.input),
            Next::None => None,
            Next::Interrupted => unreachable!(),
        })
        .collect()
    }

    #[test]
    fn inputs_come_one_after_the_other_or_as_they_are_ready() {
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
                start(queue, input);
            }
            drop((first, second, queues));
            assert_eq!(inputs(messages), expected);
        }
    }

    #[test]
    fn only_so_many_inputs_wait_for_their_turn() {
        let (queues, mut messages) = in_order(1, 1);
        let (_, first) = queues.next_input(3).unwrap();
        start(&first, 0);
        drop(first);
        thread::scope(|scope| {
            let second = scope.spawn(|| queues.next_input(3).unwrap().0);
            thread::sleep(Duration::from_millis(50));
            assert!(!second.is_finished());
            assert!(matches!(
                messages.next(&Interrupted::default()),
                Next::Is(_)
            ));
            assert_eq!(second.join().unwrap(), 1);
        });
    }

    /// Its output is dropped then, and nothing may come after it that knows nothing of that.
    #[test]
    fn no_input_follows_one_that_was_given_up_when_the_run_was_to_end() {
        let (queues, mut messages) = in_order(1, 2);
        let [(_, first), (_, second)] = [0, 1].map(|_| queues.next_input(2).unwrap());
        start(&first, 0);
        start(&second, 1);
        let interrupted = Interrupted::default();
        assert!(matches!(messages.next(&interrupted), Next::Is(_)));
        interrupted.set();
        drop(first);
        assert!(matches!(messages.next(&interrupted), Next::Interrupted));
    }

    #[test]
    fn nothing_is_begun_when_nobody_takes_it() {
        let (queues, messages) = in_order::<()>(1, 1);
        drop(messages);
        assert!(queues.next_input(1).is_none());
    }
}

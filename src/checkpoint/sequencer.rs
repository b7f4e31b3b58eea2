//! Whose turn it is, of the inputs that are read at a time.
//!
//! Two inputs of a run may hold the same, and only one of them is to be delivered. So they are looked at in order, and one
//! that begins like another waits until that has been delivered.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// What the turns of all inputs of a run share.
#[derive(Debug, Default)]
pub struct Turns {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    begun: Row,
    started: Row,
    /// What those that are not over begin with.
    beginnings: BTreeMap<usize, Vec<u8>>,
}

/// Inputs that go by in order, but for those that step out.
#[derive(Debug, Default)]
struct Row {
    next: usize,
    out: BTreeSet<usize>,
}

/// The turn of one input, until it is dropped.
pub struct Turn {
    turns: Arc<Turns>,
    input: usize,
}

impl Turns {
    /// The turn of the input of this number, which is to come.
    pub fn of(turns: &Arc<Self>, input: usize) -> Turn {
        Turn {
            turns: Arc::clone(turns),
            input,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait_while(&self, condition: impl FnMut(&mut State) -> bool) -> MutexGuard<'_, State> {
        let waited = self.changed.wait_while(self.state(), condition);
        waited.unwrap_or_else(PoisonError::into_inner)
    }
}

impl Turn {
    /// Waits until all inputs before this one have begun, and those that may begin like it are over.
    pub fn begin(&self, beginning: &[u8]) {
        let turns = &self.turns;
        let mut state = turns.wait_while(|state| state.begun.next != self.input);
        state.beginnings.insert(self.input, beginning.to_vec());
        state.begun.pass(self.input);
        drop(state);
        turns.changed.notify_all();
        drop(turns.wait_while(|state| {
            let mut before = state.beginnings.range(..self.input);
            before.any(|(_, other)| is_like(beginning, other))
        }));
    }

    /// Waits until all inputs before this one have started, and does what starts it.
    pub fn start<T>(&self, act: impl FnOnce() -> T) -> T {
        drop(
            self.turns
                .wait_while(|state| state.started.next != self.input),
        );
        let done = act();
        self.turns.state().started.pass(self.input);
        self.turns.changed.notify_all();
        done
    }
}

/// Whether one of the two may be how the other begins. What is empty holds nothing that another could.
fn is_like(one: &[u8], other: &[u8]) -> bool {
    let neither_is_empty = !one.is_empty() && !other.is_empty();
    neither_is_empty && (one.starts_with(other) || other.starts_with(one))
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut state = self.turns.state();
        state.beginnings.remove(&self.input);
        state.begun.pass(self.input);
        state.started.pass(self.input);
        drop(state);
        self.turns.changed.notify_all();
    }
}

impl Row {
    /// Lets an input go by, whether it is its turn or not.
    fn pass(&mut self, input: usize) {
        if input >= self.next {
            self.out.insert(input);
        }
        while self.out.remove(&self.next) {
            self.next += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
    use std::thread::spawn;
    use std::time::Duration;

    use super::*;

    /// Has a turn do something, and tells when it is done.
    fn does(turn: Turn, act: impl FnOnce(&Turn) + Send + 'static) -> Receiver<Turn> {
        let (done, when_done) = channel();
        spawn(move || {
            act(&turn);
            done.send(turn)
        });
        when_done
    }

    fn waits(when_done: &Receiver<Turn>) -> bool {
        let soon = Duration::from_millis(50);
        when_done.recv_timeout(soon).err() == Some(RecvTimeoutError::Timeout)
    }

    fn is_done(when_done: &Receiver<Turn>) -> bool {
        when_done.recv_timeout(Duration::from_secs(20)).is_ok()
    }

    #[test]
    fn an_input_that_may_begin_like_an_earlier_one_waits_until_that_is_over() {
        let turns = Arc::default();
        let [nothing, first, second, third] = [0, 1, 2, 3].map(|input| Turns::of(&turns, input));
        nothing.begin(b"");
        first.begin(b"a log");
        let second = does(second, |turn| turn.begin(b"a log that has grown"));
        let third = does(third, |turn| turn.begin(b"another"));
        assert!(waits(&second) && is_done(&third));
        drop(first);
        assert!(is_done(&second));
    }

    #[test]
    fn inputs_begin_and_start_in_order_but_for_those_that_cannot_be_opened() {
        let turns = Arc::default();
        let [first, second, third] = [0, 1, 2].map(|input| Turns::of(&turns, input));
        let third = does(third, |turn| turn.begin(b"c"));
        drop(second);
        assert!(waits(&third));
        first.begin(b"a");
        let third = does(third.recv().unwrap(), |turn| turn.start(|| ()));
        assert!(waits(&third));
        first.start(|| ());
        assert!(is_done(&third));
    }
}

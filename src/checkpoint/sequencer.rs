//! The order in which the reading threads open inputs.
//!
//! Two inputs of a run may have the same content, and only one of the two should be delivered. So an input whose first
//! line is that of an earlier input waits until the earlier input is delivered. After the wait, the state directory
//! says which lines of the waiting input are already delivered.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// The inputs of a run that have begun (their first bytes are known) or started (the delivering thread was told to
/// start their output). All reading threads share this value.
#[derive(Debug, Default)]
pub struct InputSequencer {
    sequences: Mutex<Sequences>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Sequences {
    begun: Sequence,
    started: Sequence,
    /// The first bytes of the inputs that have begun and are not yet delivered.
    beginnings: BTreeMap<usize, Vec<u8>>,
}

/// The inputs that have passed a step, such as having begun. Inputs pass the step in the order of their numbers, except
/// that an input that cannot be opened passes immediately.
#[derive(Debug, Default)]
struct Sequence {
    /// The lowest number of an input that has not passed.
    next: usize,
    /// The numbers above `next` of inputs that have passed.
    early: BTreeSet<usize>,
}

/// One input in the sequence. Inputs that wait for this input continue when this value is dropped.
pub struct SequencedInput {
    sequencer: Arc<InputSequencer>,
    input: usize,
}

impl InputSequencer {
    /// Returns the input with this number. Later inputs wait for this input.
    pub fn input(sequencer: &Arc<Self>, input: usize) -> SequencedInput {
        SequencedInput {
            sequencer: Arc::clone(sequencer),
            input,
        }
    }

    fn sequences(&self) -> MutexGuard<'_, Sequences> {
        self.sequences
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn wait_while(
        &self,
        condition: impl FnMut(&mut Sequences) -> bool,
    ) -> MutexGuard<'_, Sequences> {
        let waited = self.changed.wait_while(self.sequences(), condition);
        waited.unwrap_or_else(PoisonError::into_inner)
    }
}

impl SequencedInput {
    /// Waits until all earlier inputs have begun, and until each earlier input that may have the same first line is
    /// delivered. `beginning` is the first line of this input, or its first bytes.
    pub fn begin(&self, beginning: &[u8]) {
        let sequencer = &self.sequencer;
        let mut sequences = sequencer.wait_while(|sequences| sequences.begun.next != self.input);
        sequences.beginnings.insert(self.input, beginning.to_vec());
        sequences.begun.pass(self.input);
        drop(sequences);
        sequencer.changed.notify_all();
        drop(sequencer.wait_while(|sequences| {
            let mut earlier = sequences.beginnings.range(..self.input);
            earlier.any(|(_, other)| may_be_alike(beginning, other))
        }));
    }

    /// Waits until all earlier inputs have started, and then calls `start`, which tells the delivering thread to start
    /// the output of this input.
    pub fn start<T>(&self, start: impl FnOnce() -> T) -> T {
        let sequencer = &self.sequencer;
        drop(sequencer.wait_while(|sequences| sequences.started.next != self.input));
        let started = start();
        sequencer.sequences().started.pass(self.input);
        sequencer.changed.notify_all();
        started
    }
}

/// Returns whether one beginning is the start of the other. An empty input shares no lines with another input, so the
/// result is `false` for it.
fn may_be_alike(one: &[u8], other: &[u8]) -> bool {
    let neither_is_empty = !one.is_empty() && !other.is_empty();
    neither_is_empty && (one.starts_with(other) || other.starts_with(one))
}

impl Drop for SequencedInput {
    fn drop(&mut self) {
        let mut sequences = self.sequencer.sequences();
        sequences.beginnings.remove(&self.input);
        sequences.begun.pass(self.input);
        sequences.started.pass(self.input);
        drop(sequences);
        self.sequencer.changed.notify_all();
    }
}

impl Sequence {
    /// Lets an input pass, even if earlier inputs have not passed.
    fn pass(&mut self, input: usize) {
        if input >= self.next {
            self.early.insert(input);
        }
        while self.early.remove(&self.next) {
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

    /// Calls `act` with the input on another thread. The receiver gets the input back when `act` has returned.
    fn spawn_with(
        input: SequencedInput,
        act: impl FnOnce(&SequencedInput) + Send + 'static,
    ) -> Receiver<SequencedInput> {
        let (done, when_done) = channel();
        spawn(move || {
            act(&input);
            done.send(input)
        });
        when_done
    }

    fn waits(when_done: &Receiver<SequencedInput>) -> bool {
        let soon = Duration::from_millis(50);
        when_done.recv_timeout(soon).err() == Some(RecvTimeoutError::Timeout)
    }

    fn is_done(when_done: &Receiver<SequencedInput>) -> bool {
        when_done.recv_timeout(Duration::from_secs(20)).is_ok()
    }

    #[test]
    fn an_input_waits_for_an_earlier_one_that_may_begin_alike() {
        let sequencer = Arc::default();
        let [empty, first, second, third] =
            [0, 1, 2, 3].map(|input| InputSequencer::input(&sequencer, input));
        empty.begin(b"");
        first.begin(b"a log");
        let second = spawn_with(second, |input| input.begin(b"a log that has grown"));
        let third = spawn_with(third, |input| input.begin(b"another"));
        assert!(waits(&second) && is_done(&third));
        drop(first);
        assert!(is_done(&second));
    }

    #[test]
    fn inputs_begin_and_start_in_order_except_those_that_cannot_be_opened() {
        let sequencer = Arc::default();
        let [first, second, third] =
            [0, 1, 2].map(|input| InputSequencer::input(&sequencer, input));
        let third = spawn_with(third, |input| input.begin(b"c"));
        drop(second);
        assert!(waits(&third));
        first.begin(b"a");
        let third = spawn_with(third.recv().unwrap(), |input| input.start(|| ()));
        assert!(waits(&third));
        first.start(|| ());
        assert!(is_done(&third));
    }
}

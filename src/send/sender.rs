//! Gathers batches for each router and hands them to its connections.

use std::sync::Arc;

use anyhow::Result;
use serde_json::{Map, Value};

use super::acknowledgements::Reached;
use super::payload::{Payload, override_keys};
use super::send_batch::{Added, Batcher, Place};
use super::target::Route;
use super::worker_pool::Connections;
use crate::checkpoint::{InputId, Resumed};
use crate::console::Console;
use crate::convert::ConvertedBatch;
use crate::destination::{Closed, Destination, WriteStatus};
use crate::exit_code::ExitCode;
use crate::input::{Position, Source};

/// Sends what inputs become to each router that takes it.
pub struct Sender {
    lanes: Vec<Lane>,
    console: Arc<Console>,
    at_hand: AtHand,
}

/// The way to one router.
struct Lane {
    batcher: Batcher,
    /// Replaced in each statement. Of Caliper it is the envelope in which they are.
    overrides: Map<String, Value>,
    connections: Connections,
}

impl Lane {
    /// All that was given before a number comes from before this place of an input, which is news behind the place that
    /// was reached.
    fn has_given(&self, before: u64, passed: Passed, at_hand: &AtHand, nth: usize) {
        let (place, ends) = match passed {
            Passed::Line(place) => (place, false),
            Passed::End(place) => (place, true),
        };
        if let Some((input, from)) = at_hand.reached_by(nth)
            && place.offset > from.offset
        {
            let reached = Reached { input, place, ends };
            self.connections.route.has_given(before, reached);
        }
    }
}

/// A place that was passed.
enum Passed {
    Line(Position),
    /// The input ends there, or would without a line that is not whole.
    End(Position),
}

/// The input at hand.
struct AtHand {
    /// Its number in the run.
    input: usize,
    file: Arc<str>,
    resumed: Option<Resumed>,
    /// Behind what was given of it.
    last: Option<Position>,
}

impl AtHand {
    /// What the input is known as, and the place that a router has reached in it, where that is remembered.
    fn reached_by(&self, nth: usize) -> Option<(InputId, Position)> {
        let resumed = self.resumed.as_ref()?;
        Some((resumed.input, *resumed.reached.get(nth)?))
    }
}

impl Sender {
    pub fn new(console: Arc<Console>) -> Self {
        Self {
            lanes: Vec::new(),
            console,
            at_hand: AtHand {
                input: 0,
                file: "".into(),
                resumed: None,
                last: None,
            },
        }
    }

    /// Adds the next router of the run. `overrides` are of its statements.
    pub fn add(
        &mut self,
        connections: Connections,
        payload: Payload,
        overrides: Map<String, Value>,
    ) {
        let limits = connections.route.limits;
        self.lanes.push(Lane {
            batcher: Batcher::new(limits, Arc::new(payload)),
            overrides,
            connections,
        });
    }

    fn is_stopped(&self) -> bool {
        let mut lanes = self.lanes.iter();
        lanes.any(|lane| lane.connections.route.pace.is_stopped())
    }
}

impl Destination for Sender {
    fn start(&mut self, input: usize, source: &Source, resumed: Option<&Resumed>) -> Result<()> {
        self.at_hand = AtHand {
            input,
            file: source.name.as_str().into(),
            resumed: resumed.cloned(),
            last: None,
        };
        Ok(())
    }

    fn write(&mut self, _: usize, batch: &ConvertedBatch) -> Result<WriteStatus> {
        let at_hand = &self.at_hand;
        for (nth, lane) in self.lanes.iter_mut().enumerate() {
            let reached = at_hand.reached_by(nth);
            // How many were given before those of the last line.
            let mut before_last = None;
            for (value, text) in batch.records_with_text() {
                let end = batch.end_of(value.line);
                let has_it = || Some(end?.offset <= reached?.1.offset);
                if has_it() == Some(true) || !value.routers.contains(nth) {
                    continue;
                }
                if end.is_some() && end == batch.positions.last() {
                    before_last.get_or_insert(lane.batcher.added());
                }
                let place = Place {
                    input: at_hand.input,
                    file: Arc::clone(&at_hand.file),
                    line: value.line,
                };
                let text = override_keys(text, &lane.overrides)?;
                let before = lane.batcher.added();
                let (closed, added) = lane.batcher.add(value.id, &text, place);
                if let Some(closed) = closed {
                    if let Some(start) = batch.start_of(value.line) {
                        lane.has_given(before, Passed::Line(*start), at_hand, nth);
                    }
                    lane.connections.send(closed);
                }
                if added == Added::Repeats {
                    lane.connections.route.tally().repeats();
                }
            }
            let added = lane.batcher.added();
            let before_open = batch
                .positions
                .iter()
                .rev()
                .nth(1)
                .copied()
                .or(at_hand.last);
            if let (Some(before_open), Some(true)) =
                (before_open, batch.positions.last().map(|end| end.open))
            {
                // Should it go on when the input is read again, what is behind this place is another line.
                let before = before_last.unwrap_or(added);
                lane.has_given(before, Passed::End(before_open), at_hand, nth);
            }
            if let Some(end) = batch.positions.last() {
                lane.has_given(added, Passed::Line(*end), at_hand, nth);
            }
        }
        self.at_hand.last = batch.positions.last().copied().or(self.at_hand.last);
        Ok(if self.is_stopped() {
            WriteStatus::Closed
        } else {
            WriteStatus::Written
        })
    }

    fn finish(&mut self, _: usize) -> Result<WriteStatus> {
        if let Some(last) = self.at_hand.last {
            for (nth, lane) in self.lanes.iter().enumerate() {
                let added = lane.batcher.added();
                lane.has_given(added, Passed::End(last), &self.at_hand, nth);
            }
        }
        Ok(WriteStatus::Written)
    }

    fn is_shared(&self) -> bool {
        true
    }

    fn close(self: Box<Self>) -> Closed {
        let Self {
            mut lanes, console, ..
        } = *self;
        for lane in &mut lanes {
            if let Some(batch) = lane.batcher.close() {
                lane.connections.send(batch);
            }
        }
        let mut closed = Closed::default();
        for lane in lanes {
            let route = Arc::clone(&lane.connections.route);
            lane.connections.close();
            closed.code = closed.code.max(tell_end(&console, &route));
            closed.stopped.extend(route.tally().left_of());
        }
        closed
    }
}

/// Tells why nothing more was sent to a router, and what that means to the shell.
pub fn tell_end(console: &Console, route: &Route) -> ExitCode {
    let tally = route.tally();
    let dead = if tally.dead == 0 {
        ExitCode::Success
    } else {
        // An error, since nobody else tells of it in the night.
        console.error(&format!(
            "`{}`: {} undeliverable, kept in {} dead letters; `recover` sends them again",
            route.name, tally.dead, tally.dead_letters
        ));
        ExitCode::Undelivered
    };
    let Some(reason) = route.stop_reason() else {
        return dead;
    };
    let first = match &tally.first_left {
        Some(place) => format!(
            "; the first that was not delivered is of line {} of `{}`",
            place.line, place.file
        ),
        None => String::new(),
    };
    console.error(&format!("{}{first}", reason.words));
    reason.code.max(dead)
}

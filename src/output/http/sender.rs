//! Gathers batches for each router and hands them to its connections.

use std::sync::Arc;

use anyhow::Result;
use serde_json::{Map, Value};

use super::batch::{Added, Batcher, Place};
use super::connections::Connections;
use super::payload::{Payload, override_keys};
use super::route::Route;
use crate::checkpoint::{InputId, Resumed};
use crate::console::Console;
use crate::exit_code::ExitCode;
use crate::input::{Position, Source};
use crate::output::{Destination, Output, Taken};

/// Sends what inputs become to each router that takes it.
pub struct Sender {
    lanes: Vec<Lane>,
    console: Arc<Console>,
    /// The number and the name of the input at hand.
    input: usize,
    file: Arc<str>,
    resumed: Option<Resumed>,
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
    fn has_given(&self, before: u64, input: InputId, place: Option<&Position>, reached: Position) {
        if let Some(place) = place.filter(|place| place.offset > reached.offset) {
            self.connections.route.has_given(before, input, *place);
        }
    }
}

/// The place behind all lines before one.
fn end_of_lines_before(line: u64, places: &[Position]) -> Option<&Position> {
    let before = places.partition_point(|place| place.line < line);
    places[..before].last()
}

impl Sender {
    pub fn new(console: Arc<Console>) -> Self {
        Self {
            lanes: Vec::new(),
            console,
            input: 0,
            file: "".into(),
            resumed: None,
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
        self.input = input;
        self.resumed = resumed.cloned();
        self.file = source.name.as_str().into();
        Ok(())
    }

    fn write(&mut self, _: usize, output: &Output) -> Result<Taken> {
        for (nth, lane) in self.lanes.iter_mut().enumerate() {
            let resumed = self.resumed.as_ref();
            let reached = resumed.and_then(|resumed| resumed.reached.get(nth));
            let reached = reached.map_or(Position::START, |reached| *reached);
            for (value, text) in output.values() {
                let has_it = value.line <= reached.line;
                if has_it || !value.routers.contains(nth) {
                    continue;
                }
                let place = Place {
                    input: self.input,
                    file: Arc::clone(&self.file),
                    line: value.line,
                };
                let text = override_keys(text, &lane.overrides)?;
                let before = lane.batcher.added();
                let (closed, added) = lane.batcher.add(value.id, &text, place);
                if let Some(batch) = closed {
                    if let Some(resumed) = resumed {
                        let place = end_of_lines_before(value.line, &output.places);
                        lane.has_given(before, resumed.input, place, reached);
                    }
                    lane.connections.send(batch);
                }
                if added == Added::Repeats {
                    lane.connections.route.tally().repeats();
                }
            }
            if let Some(resumed) = resumed {
                let added = lane.batcher.added();
                lane.has_given(added, resumed.input, output.places.last(), reached);
            }
        }
        Ok(if self.is_stopped() {
            Taken::Closed
        } else {
            Taken::Yes
        })
    }

    fn finish(&mut self, _: usize) -> Result<Taken> {
        Ok(Taken::Yes)
    }

    fn is_one_for_all(&self) -> bool {
        true
    }

    fn close(self: Box<Self>) -> ExitCode {
        let Self {
            mut lanes, console, ..
        } = *self;
        for lane in &mut lanes {
            if let Some(batch) = lane.batcher.close() {
                lane.connections.send(batch);
            }
        }
        let codes = lanes.into_iter().map(|lane| {
            let route = Arc::clone(&lane.connections.route);
            lane.connections.close();
            tell_end(&console, &route)
        });
        codes.max().unwrap_or(ExitCode::Success)
    }
}

/// Tells why nothing more was sent to a router, and what that means to the shell.
pub fn tell_end(console: &Console, route: &Route) -> ExitCode {
    let tally = route.tally();
    let dead = if tally.dead == 0 {
        ExitCode::Success
    } else {
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

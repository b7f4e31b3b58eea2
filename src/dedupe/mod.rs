//! Which events were emitted already in this run: those with the id and all of the content of an earlier one.
//!
//! Rotated logs overlap, and brokers deliver twice. What counts as a duplicate is decided in input order, on the
//! delivering side, so that the number of threads has no say in it. Nothing is read or written here.
//!
//! An id alone does not make a duplicate: xAPI's leave the object out, so that two events of one actor and verb in one
//! microsecond share an id. That is a *collision*. An event is what one line became; its id is that of its first value.

mod content;
mod line_numbers;
mod table;

use std::sync::Arc;

use uuid::Uuid;
use xxhash_rust::xxh3::xxh3_128;

use crate::convert::{ConvertedBatch, ConvertedRecord};
use line_numbers::Places;
use table::{Seen, Table};

pub use line_numbers::Place;

/// What becomes of an event with the id of another and other content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnCollision {
    /// It is emitted like any other.
    Keep,
    /// It is dropped, and is for the caller to reject.
    Reject,
}

/// Where equal events are duplicates of one another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All go to one place.
    Run,
    /// Each goes to the routers that accept it. Only what went to the same routers is there already: of two lines with
    /// one statement, each may have been accepted by a router of its own.
    Routers,
}

/// All events that were emitted so far, in some thirty bytes each.
pub struct Dedupe {
    on_collision: OnCollision,
    scope: Scope,
    table: Table,
    places: Places,
}

/// What was found among some consecutive lines.
#[derive(Debug, Default)]
pub struct Sifted {
    /// How many lines were dropped since an earlier one became the same.
    pub duplicates: u64,
    /// How many lines were dropped since an earlier one has their id, and other content.
    pub rejected: u64,
    /// How many values the dropped lines had.
    pub dropped_values: u64,
    /// Whether they were dropped or not.
    pub collisions: Vec<Collision>,
}

/// Two events with one id and other content.
#[derive(Debug, PartialEq, Eq)]
pub struct Collision {
    pub id: Uuid,
    /// The later one, in the input at hand.
    pub line: u64,
    /// The first one with this id.
    pub first: Place,
}

enum Verdict {
    New,
    Duplicate,
    Collision(Place),
}

impl Dedupe {
    pub fn new(on_collision: OnCollision, scope: Scope) -> Self {
        Self {
            on_collision,
            scope,
            table: Table::default(),
            places: Places::default(),
        }
    }

    /// Whether collisions are dropped.
    pub fn rejects_collisions(&self) -> bool {
        self.on_collision == OnCollision::Reject
    }

    /// The lines that follow are those of another input.
    pub fn start_input(&mut self, file: &str) {
        self.places.start_input(file);
    }

    /// The name of the input at hand.
    pub fn file(&self) -> Arc<str> {
        self.places.file()
    }

    /// Nothing of the input at hand is delivered. No later event is a duplicate of one that was in it.
    pub fn input_failed(&mut self) {
        self.places.input_failed();
    }

    /// Drops from the output of some lines, the next ones of the input at hand, what was emitted already.
    pub fn sift(&mut self, batch: &mut ConvertedBatch) -> Sifted {
        let mut sifted = Sifted::default();
        let (mut read, mut kept) = (0, 0);
        let (mut read_bytes, mut kept_bytes) = (0, 0);
        while let Some(&first) = batch.records.get(read) {
            let line = batch.records[read..]
                .iter()
                .take_while(|value| value.line == first.line);
            let (count, end) =
                line.fold((0, read_bytes), |(count, _), value| (count + 1, value.end));
            let is_kept = match self.judge(first, &batch.bytes[read_bytes..end]) {
                Verdict::New => true,
                Verdict::Duplicate => {
                    sifted.duplicates += 1;
                    false
                }
                Verdict::Collision(place) => {
                    sifted.collisions.push(Collision {
                        id: first.id,
                        line: first.line,
                        first: place,
                    });
                    sifted.rejected += u64::from(self.rejects_collisions());
                    !self.rejects_collisions()
                }
            };
            if is_kept {
                let gap = read_bytes - kept_bytes;
                // Where nothing was dropped so far, all of it stands where it should.
                if gap > 0 {
                    batch.bytes.copy_within(read_bytes..end, kept_bytes);
                    batch.records.copy_within(read..read + count, kept);
                    for value in &mut batch.records[kept..kept + count] {
                        value.end -= gap;
                    }
                }
                kept += count;
                kept_bytes = end - gap;
            } else {
                sifted.dropped_values += count as u64;
            }
            (read, read_bytes) = (read + count, end);
        }
        if kept < read {
            batch.records.truncate(kept);
            batch.bytes.truncate(kept_bytes);
            batch.member = None;
        }
        sifted
    }

    fn judge(&mut self, value: ConvertedRecord, text: &[u8]) -> Verdict {
        let content = content::hash(text);
        let [_, _, short @ ..] = content.to_be_bytes();
        let seen = Seen {
            content: short,
            ordinal: self.places.ordinal(value.line),
        };
        let places = &self.places;
        let is_delivered = |seen: &Seen| places.is_delivered(seen.ordinal);
        let routers = match self.scope {
            Scope::Run => 0,
            Scope::Routers => value.routers.bits(),
        };
        let id_key = key(value.id, routers, None);
        let Some(first) = self.table.enter(id_key, seen, is_delivered) else {
            return Verdict::New;
        };
        if first.content == seen.content {
            return Verdict::Duplicate;
        }
        // The content of the first event stands under the id, every other one under the id and itself. So any number of
        // events may share an id, and each is found at once. All of them are of the first one's input or a later one:
        // when it was not delivered, those that were stand here in its place.
        if !self.rejects_collisions() {
            let content_key = key(value.id, routers, Some(content));
            let same = self.table.enter(content_key, seen, is_delivered);
            if same.is_some() {
                return Verdict::Duplicate;
            }
        }
        Verdict::Collision(places.place(first.ordinal))
    }
}

/// A hash of these. Its bytes are as good as random, all of them.
fn key(id: Uuid, routers: u64, content: Option<u64>) -> u128 {
    let mut bytes = [0; 32];
    bytes[..16].copy_from_slice(id.as_bytes());
    bytes[16..24].copy_from_slice(&routers.to_be_bytes());
    match content {
        None => xxh3_128(&bytes[..24]),
        Some(content) => {
            bytes[24..].copy_from_slice(&content.to_be_bytes());
            xxh3_128(&bytes)
        }
    }
}

#[cfg(test)]
mod tests;

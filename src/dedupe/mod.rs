//! Finds duplicates: events with the same id and the same content as an event that this run has already emitted.
//!
//! Duplicates occur because rotated logs overlap and message brokers deliver some events twice. They are found when
//! batches are delivered, in the order of the inputs, so the result does not depend on the number of threads. This
//! module does no I/O.
//!
//! Two events with the same id may have different content. The id of an xAPI statement depends on its actor, verb and
//! time and not on its object. So two events of the same actor and verb at the same microsecond have the same id. Such
//! a pair is a *collision*. The content of an event is all records of its line, and the id of an event is the id of the
//! first record.
//!
//! | file | contents |
//! |---|---|
//! | `event_table` | the events that were emitted |
//! | `line_numbers` | the lines of all inputs, numbered |
//! | `content` | the hash of the content of an event |

mod content;
mod event_table;
mod line_numbers;

use uuid::Uuid;
use xxhash_rust::xxh3::xxh3_128_with_seed;

use self::event_table::{EventTable, SeenEvent};
use self::line_numbers::LineNumbers;
use crate::convert::{ConvertedBatch, ConvertedRecord};
use crate::outcome::Reclassified;

/// The treatment of an event that has the id of an earlier event and different content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnCollision {
    /// The event is emitted.
    Keep,
    /// The event is dropped. The caller counts its line as rejected.
    Reject,
}

/// The set of events among which duplicates are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All events of the run, which has one destination.
    Run,
    /// The events that the same routers accept. A copy that a different set of routers accepts is emitted, because some
    /// of these routers may not have received the event.
    Routers,
}

/// Drops duplicates, and remembers each emitted event in 32 to 43 bytes.
pub struct Dedupe {
    on_collision: OnCollision,
    scope: Scope,
    events: EventTable,
    lines: LineNumbers,
}

/// The duplicates and collisions of a batch.
#[derive(Debug, Default)]
pub struct Deduped {
    pub counts: Reclassified,
    /// All collisions, whether the events were dropped or not.
    pub collisions: Vec<Collision>,
}

/// Two events with the same id and different content.
#[derive(Debug)]
pub struct Collision {
    /// The first record of the later event, in the current input.
    pub record: ConvertedRecord,
    /// The file and the line of the first event with this id.
    pub first: String,
}

enum EventClass {
    New,
    Duplicate,
    /// The event collides with an earlier event. The text names the file and the line of the earlier event.
    Collision(String),
}

impl Dedupe {
    pub fn new(on_collision: OnCollision, scope: Scope) -> Self {
        Self {
            on_collision,
            scope,
            events: EventTable::default(),
            lines: LineNumbers::default(),
        }
    }

    /// Returns whether events that collide are dropped.
    pub fn rejects_collisions(&self) -> bool {
        self.on_collision == OnCollision::Reject
    }

    /// Starts an input. The following batches belong to it.
    pub fn start_input(&mut self, file: &str) {
        self.lines.start_input(file);
    }

    /// Returns the name of the current input.
    pub fn file(&self) -> &str {
        self.lines.file()
    }

    /// Forgets the events of the current input, because its output failed.
    pub fn input_failed(&mut self) {
        self.lines.input_failed();
    }

    /// Drops the duplicates from the next batch of the current input.
    pub fn dedupe(&mut self, batch: &mut ConvertedBatch) -> Deduped {
        let mut deduped = Deduped::default();
        let (mut read, mut kept) = (0, 0);
        let (mut read_bytes, mut kept_bytes) = (0, 0);
        while let Some(&first) = batch.records.get(read) {
            let later = batch.records[read..].iter();
            let count = later
                .take_while(|record| record.event == first.event)
                .count();
            let end = batch.records[read + count - 1].end;
            let is_kept = match self.classify(first, &batch.bytes[read_bytes..end]) {
                EventClass::New => true,
                EventClass::Duplicate => {
                    deduped.counts.duplicates += 1;
                    false
                }
                EventClass::Collision(earlier) => {
                    deduped.counts.collisions += 1;
                    deduped.counts.rejected += u64::from(self.rejects_collisions());
                    deduped.collisions.push(Collision {
                        record: first,
                        first: earlier,
                    });
                    !self.rejects_collisions()
                }
            };
            if is_kept {
                let gap = read_bytes - kept_bytes;
                if gap > 0 {
                    batch.bytes.copy_within(read_bytes..end, kept_bytes);
                    batch.records.copy_within(read..read + count, kept);
                    for record in &mut batch.records[kept..kept + count] {
                        record.end -= gap;
                    }
                }
                kept += count;
                kept_bytes = end - gap;
            } else {
                deduped.counts.records += count as u64;
            }
            (read, read_bytes) = (read + count, end);
        }
        if kept < read {
            batch.records.truncate(kept);
            batch.bytes.truncate(kept_bytes);
            batch.member = None;
        }
        deduped
    }

    /// Classifies an event, given its first record and the text of all its records, and remembers it if it is new.
    fn classify(&mut self, record: ConvertedRecord, text: &[u8]) -> EventClass {
        let content = content::hash(text);
        let event = SeenEvent::new(content, self.lines.ordinal(record.line));
        let lines = &self.lines;
        let is_delivered = |event: &SeenEvent| lines.is_delivered(event.ordinal());
        let routers = match self.scope {
            Scope::Run => 0,
            Scope::Routers => record.routers.bits(),
        };
        let id_key = key(record.id, routers, 0);
        let Some(first) = self.events.insert(id_key, event, is_delivered) else {
            return EventClass::New;
        };
        if first.content == event.content {
            return EventClass::Duplicate;
        }
        // The first event with an id is stored under a key of the id alone. A later event with different content is
        // stored under a key of the id and its content. So a lookup under both keys finds every earlier copy.
        //
        // If the first event is not delivered, it is replaced without a look at the later events. These are not
        // delivered either: they are from the same input, because an input that fails does so before the next starts.
        if !self.rejects_collisions() {
            let content_key = key(record.id, routers, content);
            let same = self.events.insert(content_key, event, is_delivered);
            if same.is_some() {
                return EventClass::Duplicate;
            }
        }
        EventClass::Collision(lines.line(first.ordinal()))
    }
}

/// Returns the key of an event in the table: a hash of its id, its routers and `content`. For the first event with an
/// id, `content` is 0. For a later event with different content, `content` is the hash of that content.
fn key(id: Uuid, routers: u64, content: u64) -> u128 {
    let mut bytes = [0; 24];
    bytes[..16].copy_from_slice(id.as_bytes());
    bytes[16..].copy_from_slice(&routers.to_be_bytes());
    xxh3_128_with_seed(&bytes, content)
}

#[cfg(test)]
mod tests;

//! The records that a server should hold, and those that it holds.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use serde::Serialize;
use uuid::Uuid;
use xxhash_rust::xxh3::xxh3_64;

use super::send_batch::{BatchItem, RecordOrigin};

/// The record that a server holds under an id, compared with the record that `send` would deliver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// The record.
    Same,
    /// Another record.
    Different,
    /// No record.
    Missing,
    /// A record that cannot be compared.
    Unverified,
}

/// The records that a server should hold, each with what it holds.
#[derive(Debug, Default)]
pub struct Verification {
    expected: HashMap<Uuid, Expected>,
    differing: Vec<Differing>,
    /// The number of records from which a sample was drawn. `None` if the server is asked for all records.
    pub sample_of: Option<u64>,
}

/// The records that share an id.
#[derive(Debug)]
struct Expected {
    /// The hash of the first record's text.
    content: u64,
    /// Whether the inputs have records with this id and different texts. Which of them is stored depends on the order
    /// of delivery.
    collides: bool,
    /// The result of asking the server, or `None` before it was asked.
    held: Option<Held>,
}

/// A record that the server does not hold, or not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Differing {
    pub origin: RecordOrigin,
    pub id: Uuid,
    /// Whether the server holds no record with this id.
    pub is_missing: bool,
}

/// The numbers of records, by what the server holds. Records with the same id count once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct VerificationCounts {
    /// The sum of the five counts below.
    pub checked: u64,
    pub same: u64,
    pub different: u64,
    pub missing: u64,
    pub unverified: u64,
    /// Ids under which the server holds a record, and the inputs have records with different texts.
    pub collisions: u64,
    /// Records that the server was not asked for, because the run was stopped.
    pub left: u64,
}

impl Verification {
    /// Notes a record that the server should hold. Returns whether the record is the first with its id.
    pub fn expect(&mut self, id: Uuid, text: &[u8]) -> bool {
        let content = xxh3_64(text);
        match self.expected.entry(id) {
            Entry::Vacant(entry) => {
                entry.insert(Expected {
                    content,
                    collides: false,
                    held: None,
                });
                true
            }
            Entry::Occupied(mut entry) => {
                let first = entry.get_mut();
                first.collides |= first.content != content;
                false
            }
        }
    }

    /// Removes a record that the server is not asked for.
    pub fn forget(&mut self, id: Uuid) {
        self.expected.remove(&id);
    }

    /// Notes what the server holds under the id of a record.
    pub fn settle(&mut self, record: &BatchItem, held: Held) {
        if let Some(expected) = self.expected.get_mut(&record.id) {
            expected.held = Some(held);
        }
        if matches!(held, Held::Different | Held::Missing) {
            self.differing.push(Differing {
                origin: record.origin.clone(),
                id: record.id,
                is_missing: held == Held::Missing,
            });
        }
    }

    /// Ends the verification: sorts the differing records by their lines, and drops those that collide.
    pub fn finish(&mut self) {
        let expected = &self.expected;
        let collides = |id: &Uuid| expected.get(id).is_some_and(|expected| expected.collides);
        self.differing
            .retain(|record| record.is_missing || !collides(&record.id));
        self.differing
            .sort_by(|one, other| one.origin.cmp(&other.origin));
    }

    /// Returns the records that are missing or different.
    pub fn differing(&self) -> &[Differing] {
        &self.differing
    }

    pub fn counts(&self) -> VerificationCounts {
        let mut counts = VerificationCounts::default();
        for Expected { collides, held, .. } in self.expected.values() {
            counts.checked += u64::from(held.is_some());
            let count = match (held, collides) {
                (None, _) => &mut counts.left,
                (Some(Held::Missing), _) => &mut counts.missing,
                (Some(Held::Unverified), _) => &mut counts.unverified,
                (Some(_), true) => &mut counts.collisions,
                (Some(Held::Same), false) => &mut counts.same,
                (Some(Held::Different), false) => &mut counts.different,
            };
            *count += 1;
        }
        counts
    }
}

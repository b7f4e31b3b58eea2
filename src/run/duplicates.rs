//! Drops duplicates before they are delivered, and reports collisions: events with the id of an earlier event and
//! different content.

use crate::console::{Console, MessageCount};
use crate::convert::ConvertedBatch;
use crate::dedupe::{Collision, Dedupe};
use crate::outcome::Reason;
use crate::text::position_text;
use crate::tracking::{RejectsRow, RowContent};

/// The deduplication of a run.
pub struct Duplicates {
    pub dedupe: Dedupe,
    collisions: MessageCount,
}

impl Duplicates {
    pub fn new(dedupe: Dedupe) -> Self {
        Self {
            dedupe,
            collisions: MessageCount::default(),
        }
    }

    /// Drops duplicates from a batch and reports collisions. If collisions are rejected and there is a rejects file,
    /// appends a row for each collision to the rows of the batch.
    pub fn drop_from(
        &mut self,
        batch: &mut ConvertedBatch,
        keeps_rejects: bool,
        console: &Console,
    ) {
        let found = self.dedupe.dedupe(batch);
        batch.tally.reclassify(found.counts);
        let file = self.dedupe.file();
        for Collision { record, first } in &found.collisions {
            let (id, line, byte) = (record.id, record.line, record.byte_number());
            if self.collisions.shows_next() {
                let outcome = if self.dedupe.rejects_collisions() {
                    "the former is rejected"
                } else {
                    "both are emitted"
                };
                let at = position_text(file, line, byte);
                console.warn(&format!(
                    "{at} and {first} have the same id {id} but different content; {outcome}"
                ));
            }
            if self.dedupe.rejects_collisions() && keeps_rejects {
                // A line of a log is not in memory any more. A row of a rejects file keeps its line.
                let row = batch.row_origin(record);
                let raw = row.and_then(|row| row.raw.as_deref());
                let mut text = Vec::new();
                RejectsRow {
                    byte: row.map_or(byte, |row| row.byte),
                    file: row.map_or(file, |row| &row.file),
                    line: row.map_or(line, |row| row.line),
                    content: raw.map(|raw| RowContent::Text { raw }),
                    reason: Reason::Collision.code(),
                    detail: &format!("{first} has the same id, {id}, but different content"),
                }
                .write(&mut text);
                batch.rejects.append(&mut text);
            }
        }
    }

    /// Reports the number of collisions that were not reported one by one.
    pub fn close(self, console: &Console) {
        let more = self.collisions.hidden();
        if more > 0 {
            console.warn(&format!(
                "{more} more events have the id of an earlier event but different content"
            ));
        }
    }
}

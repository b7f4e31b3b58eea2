//! What comes of a batch: its lines converted one by one, and gathered for the delivery.

use bumpalo::Bump;

use super::{Converter, Layout};
use crate::buffers::Buffers;
use crate::input::{Batch, Line, Shape, Source};
use crate::output::{Output, RejectedLine, gzip_member};
use crate::report::Tally;

/// What comes of a batch.
#[derive(Debug, Default)]
pub struct Converted {
    pub output: Output,
    /// Rows for the rejects file, if there is one.
    pub rejects: Vec<u8>,
    pub tally: Tally,
    /// What is left of the batch, when this much came of its first lines that it is to be delivered before the next are
    /// converted.
    pub rest: Option<Batch>,
}

/// What comes of a batch is a few MiB. This much comes of a log that is made to fill memory, and is the bound of what
/// waits for its turn, one event aside.
const PART_BYTES: usize = 16 << 20;

/// Makes of batches what the delivery takes.
pub struct BatchConverter {
    pub converter: Converter,
    pub layout_of_documents: Layout,
    pub max_line_bytes: usize,
    pub keeps_rejects: bool,
    /// Whether to pack the output of logs.
    pub packs: bool,
    /// Whether to count what only a report tells.
    pub keeps_details: bool,
    pub buffers: Buffers,
}

impl BatchConverter {
    /// Converts the lines of a batch, or the first of them.
    pub fn convert(&self, source: &Source, mut batch: Batch) -> Converted {
        let mut converted = Converted::default();
        converted.output.bytes = self.buffers.empty();
        converted.output.first_line = batch.first_line;
        let last_of_part = self.convert_part(source, &batch, &mut converted);
        converted.rest = last_of_part.map(|nth| batch.split_behind(nth));
        let output = &mut converted.output;
        output.places = std::mem::take(&mut batch.places);
        if self.packs && source.shape == Shape::Log && !output.bytes.is_empty() {
            // Should that fail, it fails again when it is delivered, where it can be told.
            output.member = gzip_member(&output.bytes).ok();
        }
        converted
    }

    /// Converts lines until enough came of them. Gives the place of the last, if more follow.
    fn convert_part(
        &self,
        source: &Source,
        batch: &Batch,
        converted: &mut Converted,
    ) -> Option<usize> {
        let layout = match source.shape {
            Shape::Log => Layout::Lines,
            Shape::Document => self.layout_of_documents,
        };
        let mut arena = Bump::new();
        let lines = batch.lines(source.shape, self.max_line_bytes);
        let mut lines = lines.enumerate().peekable();
        while let Some((nth, line)) = lines.next() {
            arena.reset();
            self.convert_line(&source.name, line, layout, &arena, converted);
            if converted.output.bytes.len() >= PART_BYTES && lines.peek().is_some() {
                return Some(nth);
            }
        }
        None
    }

    fn convert_line(
        &self,
        file: &str,
        line: Line<'_>,
        layout: Layout,
        arena: &Bump,
        converted: &mut Converted,
    ) {
        let out = &mut converted.output.bytes;
        let Some(conversion) = self.converter.convert(line.content, layout, arena, out) else {
            return;
        };
        converted.tally.count(&conversion);
        if self.keeps_details {
            converted.tally.details.count(line.number, &conversion);
        }
        converted.output.push(line.number, &conversion);
        let fault = conversion.outcome.fault();
        if let Some((reason, detail)) = fault.filter(|_| self.keeps_rejects) {
            RejectedLine {
                file,
                line: line.number,
                content: Some(line.content),
                reason,
                detail,
            }
            .write(&mut converted.rejects);
        }
    }
}

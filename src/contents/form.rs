//! How the lines look.

use crate::input::{Line, LineContent};
use crate::tracking::TrackingEvent;

/// The number of events of each form.
#[derive(Clone, Copy, Debug, Default)]
pub struct FormCounts {
    /// The events after the prefix of a logger.
    pub prefixed: u64,
    /// The events in a JSON object that a log driver put around the line, or joined from pieces.
    pub unwrapped: u64,
    /// The events that share their line with others, or extend over several lines.
    pub framed: u64,
}

impl FormCounts {
    /// Counts an event of this line.
    pub fn count(&mut self, event: &TrackingEvent<'_>, line: Line<'_>) {
        let LineContent::Whole(text) = line.content else {
            return;
        };
        let text = text.trim_ascii();
        let is_unwrapped = event.is_unwrapped || line.is_joined;
        self.unwrapped += u64::from(is_unwrapped);
        self.prefixed += u64::from(!is_unwrapped && !text.starts_with(b"{"));
        self.framed += u64::from(line.byte > 0 || memchr::memchr(b'\n', text).is_some());
    }

    /// Adds the events of other lines.
    pub fn add(&mut self, other: &Self) {
        self.prefixed += other.prefixed;
        self.unwrapped += other.unwrapped;
        self.framed += other.framed;
    }
}

//! The event of a line as the log has it, and the conversion of a changed event.

use bumpalo::Bump;

use super::converted_batch::ConvertedBatch;
use super::converted_line::ConvertedLine;
use super::line_converter::LineConverter;
use super::record_writer::Layout;
use super::row_origin::line_of;
use crate::input::{Line, LineContent};
use crate::tracking::{LineWrapper, TrackingEvent};

impl LineConverter {
    /// Returns the line itself or, for a row of a rejects file, the line of the log. Returns `None` if the row has no copy
    /// of the line.
    pub fn logged_line<'a>(line: Line<'a>, conversion: &ConvertedLine<'a>) -> Option<Line<'a>> {
        match conversion.row {
            Some(row) => line_of(row, line),
            None => Some(line),
        }
    }

    /// Returns the event of a line that was converted. Returns `None` if the line cannot be read as an event.
    #[cold]
    pub fn event_of<'a>(
        &self,
        line: Line<'a>,
        conversion: &ConvertedLine<'a>,
        arena: &'a Bump,
    ) -> Option<TrackingEvent<'a>> {
        let line = Self::logged_line(line, conversion)?;
        let LineContent::Whole(text) = line.content else {
            return None;
        };
        // A record of a line that holds several is not wrapped, whatever the lines of the log are.
        let wrappers = [self.wrapper_of(line), &LineWrapper::None];
        let mut parsed = wrappers
            .into_iter()
            .map(|wrapper| wrapper.parse_line(text, arena, line.is_marked));
        parsed.find_map(Result::ok).flatten()
    }

    /// Converts an event that is given as JSON.
    #[cold]
    pub fn convert_event_text<'a>(
        &'a self,
        text: &'a str,
        arena: &'a Bump,
        batch: &mut ConvertedBatch,
    ) -> Option<ConvertedLine<'a>> {
        let line = Line {
            number: 1,
            offset: 0,
            content: LineContent::Whole(text.as_bytes()),
            is_marked: false,
            byte: 0,
            nth: 0,
            is_joined: false,
        };
        self.convert_wrapped(line, &LineWrapper::None, Layout::Lines, arena, batch)
    }
}

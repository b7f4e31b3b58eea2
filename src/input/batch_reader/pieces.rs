//! The last lines of an input whose lines may be pieces that log drivers have cut.

use std::io::Read;

use super::BatchReader;

impl<R: Read> BatchReader<R> {
    /// Joins the pieces in the last lines. Returns the number of pending bytes before a last line without a newline.
    pub(super) fn end_of_pieces(&mut self, is_truncated: bool) -> usize {
        let pending = &self.buffer[..self.pending];
        let whole = memchr::memrchr(b'\n', pending).map_or(0, |newline| newline + 1);
        let has_rest = whole < self.pending && self.waits(whole, is_truncated);
        let Some(joiner) = &mut self.joiner else {
            return whole;
        };
        let may_go_on = self.is_written && joiner.is_waiting();
        // The rest of the last line may be another piece.
        let may_go_on = may_go_on || has_rest && joiner.ends_with_piece(self.tracker.offset);
        match &mut self.held_back {
            Some(held_back) if may_go_on && !is_truncated => {
                let closed = joiner.hold_back();
                *held_back += (self.pending - closed) as u64;
                self.pending = closed;
                self.holds_event = true;
                return closed;
            }
            Some(_) => {}
            None => {
                let end = if is_truncated { whole } else { self.pending };
                joiner.scan(&pending[..end], self.tracker.offset, self.max_line_bytes);
            }
        }
        // Other lines after a piece would be read again, so the piece is given up.
        if joiner.ends_with_piece(self.tracker.offset) {
            self.open_from = joiner.scanned();
        }
        joiner.end_all();
        whole
    }
}

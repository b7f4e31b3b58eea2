//! Reads the first bytes of an input, by which it is recognized, and goes to the position where it resumes. Meanwhile
//! another program may write the file.

use std::io::{self, BufReader, Read};

use super::fingerprint::{HEAD_BYTES, Head, track_log};
use super::sequencer::SequencedInput;
use super::tracked::Tracked;
use crate::input::{
    BytesRead, FailingReader, HeldBack, Opened, Position, PositionTracker, Source, is_cut_off,
};

pub const BUFFER_BYTES: usize = 1 << 16;

/// Reads the first bytes of an input, and waits for the earlier inputs that may begin like this input. Returns the input,
/// open at its first byte, or the reason why the input is left to the next run: another program is writing it.
pub fn read_head(
    mut opened: Opened,
    source: &Source,
    bytes_read: &BytesRead,
    sequenced: &SequencedInput,
) -> io::Result<Result<(Opened, Head), HeldBack>> {
    let (head, error) = match Head::read(&mut opened.reader, source.shape) {
        Err(error) if is_cut_off(&error) => match opened.if_unfinished(source) {
            Some(unfinished) => return Ok(Err(unfinished)),
            None if opened.may_grow => return Ok(Err(HeldBack::Changed)),
            None => return Err(error),
        },
        read => read?,
    };
    if let Some(begun) = opened.if_begun(source, &head.bytes) {
        return Ok(Err(begun));
    }
    // If the file has changed, known inputs are not recognized by the bytes that were read.
    if !opened.has_start(&head.bytes, HEAD_BYTES)? {
        return Ok(Err(HeldBack::Changed));
    }
    sequenced.begin(head.beginning());
    if let Some(unfinished) = opened.if_unfinished(source) {
        let Some(mut opened) = opened.if_finished(bytes_read)? else {
            return Ok(Err(unfinished));
        };
        // The file may have had no end when its first bytes were read.
        let (again, _) = Head::read(&mut opened.reader, source.shape)?;
        if again.bytes != head.bytes {
            return Ok(Err(unfinished));
        }
        return Ok(Ok((opened.rewind(bytes_read)?, head)));
    }
    let head_bytes = io::Cursor::new(head.bytes.clone());
    let rest = FailingReader(error).chain(opened.reader);
    opened.reader = Box::new(head_bytes.chain(rest));
    Ok(Ok((as_long_as(&head, opened)?, head)))
}

/// Lets a file that is not compressed be read only as long as its first bytes are `head`. If these were all bytes of the
/// file, bytes that were written later are left to the next run, because they may show that the file is a copy of a known
/// input.
pub fn as_long_as(head: &Head, opened: Opened) -> io::Result<Opened> {
    let mut opened = opened.with_unchanged_start(&head.bytes)?;
    let length = head.bytes.len();
    if opened.may_grow && length < HEAD_BYTES {
        opened.reader = Box::new(opened.reader.take(length as u64));
    }
    Ok(opened)
}

/// Returns the input, open at the position `start`, which was found in it. Its reader fails at once with the failure, if
/// there is one. Returns `None` if the file was changed, so that the position is not found again.
pub fn go_to(
    start: Position,
    mut opened: Opened,
    tracked: Tracked,
    failure: Option<io::Error>,
    head: &Head,
    bytes_read: &BytesRead,
) -> io::Result<Option<Opened>> {
    let mut found = tracked.found.into_iter();
    let mut tracker = found.find(|tracker| tracker.position() == start);
    if failure.is_some() {
        opened.reader = Box::new(FailingReader(failure));
    } else if tracked.is_read_again || tracked.offset > start.offset {
        let compression = opened.compression;
        opened = opened.rewind(bytes_read)?;
        if opened.compression != compression {
            return Ok(None);
        }
        opened = as_long_as(head, opened)?;
        let mut reader = BufReader::with_capacity(BUFFER_BYTES, opened.reader);
        tracker = track_log(&mut reader, &[start]).0.pop();
        opened.reader = Box::new(reader);
    }
    let is_start = start == Position::START;
    opened.start = tracker.or_else(|| is_start.then(PositionTracker::default));
    Ok(opened.start.is_some().then_some(opened))
}

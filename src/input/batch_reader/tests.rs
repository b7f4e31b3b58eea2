use super::*;

/// A reader that returns its bytes in pieces of `size`, and then an error if it `fails`.
struct Pieces<'a> {
    bytes: &'a [u8],
    size: usize,
    fails: bool,
}

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.bytes.is_empty() && self.fails {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let length = self.size.min(buffer.len()).min(self.bytes.len());
        buffer[..length].copy_from_slice(&self.bytes[..length]);
        self.bytes = &self.bytes[length..];
        Ok(length)
    }
}

fn batches(
    bytes: &[u8],
    size: usize,
    fails: bool,
    max_line_bytes: usize,
) -> (Vec<LineBatch>, bool) {
    let mut reader = BatchReader::new(Pieces { bytes, size, fails }, Shape::Log, max_line_bytes);
    let batches = std::iter::from_fn(|| reader.next_batch()).collect();
    (batches, reader.finish().result.is_err())
}

#[test]
fn every_line_is_in_one_batch_with_its_number_and_offset() {
    let text: Vec<u8> = (0..200_000)
        .flat_map(|n| format!("line {n}\n").into_bytes())
        .collect();
    for size in [1000, 1 << 16, 1 << 22] {
        let (batches, failed) = batches(&text, size, false, 100);
        assert!(!failed && batches.len() > 1);
        let (mut line, mut offset) = (1, 0);
        for batch in &batches {
            assert_eq!((batch.first_line, batch.offset), (line, offset));
            assert!(batch.text.ends_with(b"\n") && !batch.is_truncated && batch.skipped.is_none());
            line += batch.text.iter().filter(|&&byte| byte == b'\n').count() as u64;
            offset += batch.text.len() as u64;
        }
        assert_eq!((line, offset), (200_001, text.len() as u64));
    }
}

#[test]
fn a_last_line_without_a_newline_is_a_line() {
    let (batches, failed) = batches(b"a\nb", 1, false, 100);
    assert!(!failed);
    assert_eq!(
        batches
            .iter()
            .flat_map(|batch| batch.text.to_vec())
            .collect::<Vec<_>>(),
        b"a\nb"
    );
}

#[test]
fn a_line_longer_than_the_limit_is_skipped() {
    let mut text = b"a\n".to_vec();
    text.resize(3 << 20, b'x');
    text.extend(b"\nb\n");
    let (batches, _) = batches(&text, 1 << 16, false, 1 << 20);
    let too_long = batches
        .iter()
        .find(|batch| batch.skipped.is_some())
        .unwrap();
    let expected = LineContent::TooLong {
        offset: 2,
        length: (3 << 20) - 2,
    };
    assert_eq!((too_long.first_line, too_long.skipped), (2, Some(expected)));
    let last = batches.last().unwrap();
    assert_eq!(
        (last.first_line, last.offset, &last.text[..]),
        (3, (3 << 20) + 1, &b"b\n"[..])
    );
}

#[test]
fn the_position_after_a_last_line_without_a_newline_is_open() {
    for line in ["x", "xxxxxxxx"] {
        let text = format!("a\n{line}");
        let reader = BatchReader::new(text.as_bytes(), Shape::Log, 4);
        let mut reader = reader.tracking(PositionTracker::default(), false);
        let batches = std::iter::from_fn(|| reader.next_batch());
        let positions: Vec<Position> = batches.flat_map(|batch| batch.positions).collect();
        let positions = positions
            .iter()
            .map(|position| (position.line, position.offset, position.open));
        assert_eq!(
            positions.collect::<Vec<_>>(),
            [(1, 2, false), (1, text.len() as u64, true)],
            "{line}"
        );
    }
}

#[test]
fn lines_before_an_error_are_returned_with_the_truncated_line() {
    let (batches, failed) = batches(b"a\nb\ncut", 2, true, 100);
    assert!(failed);
    assert_eq!(batches.len(), 1);
    let lines = batches[0].lines(Shape::Log, 2);
    let contents: Vec<_> = lines.map(|line| line.content).collect();
    let whole = [b"a", b"b"].map(|line| LineContent::Whole(line));
    assert_eq!(contents[..2], whole);
    assert_eq!(contents[2..], [LineContent::Truncated(b"cut")]);
}

/// Returns the number and the content of each line, and the position after each line.
fn lines_and_positions(bytes: &[u8], size: usize, max_line_bytes: usize) -> Vec<String> {
    let pieces = Pieces {
        bytes,
        size,
        fails: false,
    };
    let reader = BatchReader::new(pieces, Shape::Log, max_line_bytes);
    let mut reader = reader.tracking(PositionTracker::default(), false);
    let mut found = Vec::new();
    while let Some(batch) = reader.next_batch() {
        let lines = batch.lines(Shape::Log, max_line_bytes);
        for (line, position) in lines.zip(&batch.positions) {
            let content = match line.content {
                LineContent::Whole(text) => String::from_utf8_lossy(text),
                other => format!("{other:?}").into(),
            };
            let before = &bytes[..usize::try_from(position.offset).unwrap()];
            assert_eq!(position.hash, xxhash_rust::xxh3::xxh3_128(before));
            found.push(format!("{} {content} {}", line.number, position.offset));
        }
    }
    found
}

#[test]
fn nul_bytes_at_the_start_of_a_line_are_no_part_of_its_text_however_many() {
    for nuls in [
        1,
        63,
        64,
        130,
        BATCH_BYTES - 2,
        BATCH_BYTES,
        3 * BATCH_BYTES + 5,
    ] {
        let hole = vec![0; nuls];
        let text = [b"a\n", &hole[..], b"b\n", &hole, b"0123456789\n", &hole].concat();
        let third = 2 + nuls + 2 + nuls;
        for size in [1 << 16, 1 << 30] {
            assert_eq!(
                lines_and_positions(&text, size, 9),
                [
                    "1 a 2".to_owned(),
                    format!("2 b {}", 2 + nuls + 2),
                    format!("3 TooLong {{ offset: {third}, length: 10 }} {}", third + 11),
                    format!("4 \0 {}", text.len()),
                ],
                "{nuls}"
            );
        }
    }
}

/// Returns the offsets after the lines that a run with a state reads from a log, and the number of bytes that are held
/// back.
fn offsets_and_held_back(text: &[u8]) -> (Vec<u64>, u64) {
    let reader = BatchReader::new(text, Shape::Log, 99);
    let mut reader = reader.tracking(PositionTracker::default(), true);
    let lines = std::iter::from_fn(|| reader.next_batch());
    let positions = lines.flat_map(|batch| batch.positions);
    let offsets = positions.map(|position| position.offset).collect();
    (offsets, reader.finish().held_back)
}

#[test]
fn nul_bytes_of_a_line_that_is_held_back_are_counted() {
    for nuls in [1, 3 * BATCH_BYTES] {
        let text = [b"a\n", &vec![0; nuls][..], b"x"].concat();
        assert_eq!(offsets_and_held_back(&text), (vec![2], nuls as u64 + 1));
    }
}

#[test]
fn a_last_line_that_cannot_become_an_event_is_not_held_back() {
    let event = r#"{"name":"a","event":{},"context":{}}"#;
    for line in [
        format!("{event}{event}"),
        format!("\0\0[{event},{event}]"),
        "x".repeat(100),
        format!("{}{}", "\0".repeat(2 * BATCH_BYTES), "x".repeat(100)),
    ] {
        let text = format!("a\n{line}");
        let expected = (vec![2, text.len() as u64], 0);
        assert_eq!(offsets_and_held_back(text.as_bytes()), expected);
    }
}

#[test]
fn a_last_line_that_may_hold_several_events_is_held_back() {
    let event = r#"{"name":"a","event":{},"context":{}}"#;
    for line in [format!("{event}{event}"), format!("[{event},{event}]")] {
        let text = format!("a\n{line}");
        let reader = BatchReader::new(text.as_bytes(), Shape::Log, 99).splitting_lines(true);
        let mut reader = reader.tracking(PositionTracker::default(), true);
        let batches: Vec<_> = std::iter::from_fn(|| reader.next_batch()).collect();
        assert_eq!(batches[0].positions.len(), 1);
        assert_eq!(reader.finish().held_back, line.len() as u64);
    }
}

#[test]
fn nul_bytes_at_the_end_are_held_back_unless_the_input_has_nothing_else() {
    for nuls in [1, 3 * BATCH_BYTES] {
        let hole = vec![0; nuls];
        assert_eq!(offsets_and_held_back(&hole), (vec![nuls as u64], 0));
        let text = [b"a\n", &hole[..]].concat();
        assert_eq!(offsets_and_held_back(&text), (vec![2], nuls as u64));
    }
}

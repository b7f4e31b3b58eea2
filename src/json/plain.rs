//! Where a JSON string has to be looked at closer: what reading and writing have in common.

use wide::u8x16;

/// How many bytes are looked at at once.
const BLOCK: usize = 16;

/// How many bytes a text starts with that stand in a JSON string as they are: no quote, no backslash, no control
/// character. Meant for texts that go on behind the string.
#[inline]
pub(crate) fn plain_length(text: &[u8]) -> usize {
    let mut rest = text;
    while let Some((block, behind)) = rest.split_first_chunk() {
        let escaped = is_escaped(u8x16::new(*block)).to_bitmask();
        if escaped != 0 {
            return text.len() - rest.len() + escaped.trailing_zeros() as usize;
        }
        rest = behind;
    }
    text.len() - rest.len() + plain_length_at_end(rest)
}

#[cold]
fn plain_length_at_end(rest: &[u8]) -> usize {
    length_in_short(rest, is_escaped)
}

/// Whether a text is ASCII that can be printed, without a quote and a backslash.
#[inline]
pub(crate) fn is_plain_ascii(text: &[u8]) -> bool {
    let is_other = |block: u8x16| block.max(u8x16::splat(0x7f)).simd_eq(block);
    length_without(text, |block| is_escaped(block) | is_other(block)) == text.len()
}

/// Copies the start of a text that stands in a JSON string as it is to a place that has room for all of the text, and
/// tells how long it is. What is behind it in the place is of no account.
#[inline]
pub(crate) fn copy_plain(text: &[u8], place: &mut [u8]) -> usize {
    let place = &mut place[..text.len()];
    let (blocks, rest) = text.as_chunks();
    let (places, _) = place.as_chunks_mut();
    for (nth, (block, place)) in blocks.iter().zip(places).enumerate() {
        *place = *block;
        let plain = length_in(*block, is_escaped);
        if plain < BLOCK {
            return nth * BLOCK + plain;
        }
    }
    if rest.is_empty() {
        return text.len();
    }
    if let (Some(last), Some(place)) = (text.last_chunk(), place.last_chunk_mut()) {
        *place = *last;
        return text.len() - BLOCK + length_in(*last, is_escaped);
    }
    copy_short(text, place);
    length_in_short(text, is_escaped)
}

/// Copies a text that is shorter than a block, which is cheaper done here than by a call.
#[inline]
fn copy_short(text: &[u8], place: &mut [u8]) {
    if let (Some(first), Some(last)) = (text.first_chunk::<8>(), text.last_chunk::<8>()) {
        place[..8].copy_from_slice(first);
        place[text.len() - 8..].copy_from_slice(last);
    } else if let (Some(first), Some(last)) = (text.first_chunk::<4>(), text.last_chunk::<4>()) {
        place[..4].copy_from_slice(first);
        place[text.len() - 4..].copy_from_slice(last);
    } else {
        // Of a loop the compiler would make more.
        match (text, place) {
            ([a], [first]) => *first = *a,
            ([a, b], [first, second]) => (*first, *second) = (*a, *b),
            ([a, b, c], [first, second, third]) => (*first, *second, *third) = (*a, *b, *c),
            _ => {}
        }
    }
}

/// The bytes of a block that cannot stand in a JSON string as they are.
#[inline]
fn is_escaped(block: u8x16) -> u8x16 {
    let is_control = block.min(u8x16::splat(0x1f)).simd_eq(block);
    let is_quote = block.simd_eq(u8x16::splat(b'"'));
    is_control | is_quote | block.simd_eq(u8x16::splat(b'\\'))
}

/// How many bytes a text starts with of which none is found.
#[inline]
fn length_without(text: &[u8], find: impl Fn(u8x16) -> u8x16) -> usize {
    let (blocks, rest) = text.as_chunks();
    for (nth, block) in blocks.iter().enumerate() {
        let without = length_in(*block, &find);
        if without < BLOCK {
            return nth * BLOCK + without;
        }
    }
    if rest.is_empty() {
        return text.len();
    }
    // The last block may overlap the one before, where nothing was found.
    match text.last_chunk() {
        Some(last) => text.len() - BLOCK + length_in(*last, find),
        None => length_in_short(text, find),
    }
}

/// The same of less than a block. It is put together without going through memory, which takes longer than looking.
#[inline]
fn length_in_short(text: &[u8], find: impl Fn(u8x16) -> u8x16) -> usize {
    /// Not found by any.
    const SPACES: u128 = u128::from_le_bytes([b' '; BLOCK]);

    if let (Some(first), Some(last)) = (text.first_chunk(), text.last_chunk()) {
        let [first, last] = [first, last].map(|half| u128::from(u64::from_le_bytes(*half)));
        let length = length_in((first | last << 64).to_le_bytes(), find);
        return length_of_ends(text, 8, length);
    }
    if let (Some(first), Some(last)) = (text.first_chunk(), text.last_chunk()) {
        let [first, last] = [first, last].map(|half| u128::from(u32::from_le_bytes(*half)));
        let block = first | last << 32 | (SPACES << 64);
        return length_of_ends(text, 4, length_in(block.to_le_bytes(), find));
    }
    let few = match *text {
        [a] => [a, b' ', b' '],
        [a, b] => [a, b, b' '],
        [a, b, c] => [a, b, c],
        _ => return 0,
    };
    let few = few
        .iter()
        .rev()
        .fold(0, |few, &byte| few << 8 | u128::from(byte));
    length_in((few | SPACES << 24).to_le_bytes(), find).min(text.len())
}

/// Where in a text the place is that was found in a block of its two ends, each of so many bytes. Where they overlap, what
/// is found in the second is not in the first.
#[inline]
fn length_of_ends(text: &[u8], end: usize, length: usize) -> usize {
    if length < end {
        length
    } else {
        (text.len() + length - 2 * end).min(text.len())
    }
}

/// How many bytes a block starts with of which none is found.
#[inline]
fn length_in(block: [u8; BLOCK], find: impl Fn(u8x16) -> u8x16) -> usize {
    let found = find(u8x16::new(block)).to_bitmask();
    // Of none the bit behind the block.
    (found | 1 << BLOCK).trailing_zeros() as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_byte_that_is_not_plain_is_found_anywhere() {
        for length in 0..70 {
            let plain = "\u{7f}é~ !#[]aZ/"
                .bytes()
                .cycle()
                .take(length)
                .collect::<Vec<u8>>();
            assert_eq!(plain_length(&plain), length);
            for at in 0..length {
                for (byte, other) in [(b'"', b'\\'), (b'\\', 0), (0, b'"'), (0x1f, 0x1f)] {
                    let mut text = plain.clone();
                    text[at] = byte;
                    assert_eq!(plain_length(&text), at, "{text:?}");
                    text[length - 1] = other;
                    assert_eq!(plain_length(&text), at, "{text:?}");
                    let mut place = [b'.'; 80];
                    assert_eq!(copy_plain(&text, &mut place), at, "{text:?}");
                    assert_eq!(&place[..at], &text[..at]);
                    assert_eq!(copy_plain(&text, &mut place[..length]), at, "{text:?}");
                }
            }
        }
    }
    #[test]
    fn plain_ascii_has_nothing_else_in_it() {
        for length in 0..40 {
            let mut text = vec![b'~'; length];
            assert!(is_plain_ascii(&text));
            for at in 0..length {
                for byte in (0..=0x1f).chain([b'"', b'\\']).chain(0x7f..=0xff) {
                    text[at] = byte;
                    assert!(!is_plain_ascii(&text), "{text:?}");
                }
                text[at] = b' ';
                assert!(is_plain_ascii(&text), "{text:?}");
            }
        }
    }
}

//! The plain bytes of a JSON string: all bytes except quotes, backslashes and control characters, which must be
//! escaped.
//!
//! Bytes are compared in blocks of 16, which is faster than a loop over bytes. `cargo bench` shows the gain in its row
//! of reading and parsing.

use wide::u8x16;

/// The number of bytes that are compared at once.
const BLOCK: usize = 16;

/// Returns the number of plain bytes at the start of a text. Whole blocks are compared first, and only the last few
/// bytes of the text are compared singly.
#[inline(always)]
pub(crate) fn plain_length(text: &[u8]) -> usize {
    let mut rest = text;
    while let Some((block, after)) = rest.split_first_chunk() {
        let escaped = escaped_bits(*block);
        if escaped != 0 {
            return text.len() - rest.len() + escaped.trailing_zeros() as usize;
        }
        rest = after;
    }
    text.len() - rest.len() + plain_length_by_bytes(rest)
}

/// Copies the plain bytes at the start of a text to a slice that is at least as long as the text, and returns their
/// number. May also overwrite bytes of the slice after the plain bytes.
#[inline]
pub(crate) fn copy_plain(text: &[u8], target: &mut [u8]) -> usize {
    let target = &mut target[..text.len()];
    let (blocks, rest) = text.as_chunks();
    let (targets, _) = target.as_chunks_mut();
    // Builds without link-time optimization do not inline `zip`, which costs two calls for each string.
    for (nth, block) in blocks.iter().enumerate() {
        targets[nth] = *block;
        let escaped = escaped_bits(*block);
        if escaped != 0 {
            return nth * BLOCK + escaped.trailing_zeros() as usize;
        }
    }
    if rest.is_empty() {
        return text.len();
    }
    // The last 16 bytes are copied as one block, which may overlap the block before. All bytes of the block before are
    // plain.
    if let (Some(last), Some(target)) = (text.last_chunk(), target.last_chunk_mut()) {
        *target = *last;
        // The bit after the last byte is set, so that the count is `BLOCK` if all bytes are plain.
        return text.len() - BLOCK + (escaped_bits(*last) | 1 << BLOCK).trailing_zeros() as usize;
    }
    copy_short(text, target)
}

/// Does what [`copy_plain`] does, for a text that is shorter than a block. Copies the start and the end of the text
/// separately, which may overlap: this is cheaper than a call of `memcpy`. Builds the block to compare in registers,
/// since writing the block to memory and reading it back would take longer than comparing it.
#[inline]
fn copy_short(text: &[u8], target: &mut [u8]) -> usize {
    const PLAIN: u128 = u128::from_le_bytes([b' '; BLOCK]);

    let block = if let (Some(first), Some(last)) = (text.first_chunk(), text.last_chunk()) {
        target[..8].copy_from_slice(first);
        target[text.len() - 8..].copy_from_slice(last);
        let [first, last] = [first, last].map(|half| u128::from(u64::from_le_bytes(*half)));
        first | last << 64
    } else if let (Some(first), Some(last)) = (text.first_chunk(), text.last_chunk()) {
        target[..4].copy_from_slice(first);
        target[text.len() - 4..].copy_from_slice(last);
        let [first, last] = [first, last].map(|half| u128::from(u32::from_le_bytes(*half)));
        first | last << 32 | PLAIN << 64
    } else {
        target.copy_from_slice(text);
        return plain_length_by_bytes(text);
    };
    if escaped_bits(block.to_le_bytes()) == 0 {
        text.len()
    } else {
        plain_length_by_bytes(text)
    }
}

#[cold]
fn plain_length_by_bytes(text: &[u8]) -> usize {
    let is_plain = |byte: &&u8| !matches!(byte, 0..=0x1f | b'"' | b'\\');
    text.iter().take_while(is_plain).count()
}

/// Returns one bit for each byte of a block, which is 1 if the byte is not plain. The lowest bit is for the first byte.
#[inline]
fn escaped_bits(block: [u8; BLOCK]) -> u32 {
    let block = u8x16::new(block);
    let is_control = block.min(u8x16::splat(0x1f)).simd_eq(block);
    let is_quote = block.simd_eq(u8x16::splat(b'"'));
    (is_control | is_quote | block.simd_eq(u8x16::splat(b'\\'))).to_bitmask()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_byte_that_is_not_plain_is_found_at_every_position() {
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
                    let mut target = [b'.'; 80];
                    assert_eq!(copy_plain(&text, &mut target), at, "{text:?}");
                    assert_eq!(&target[..at], &text[..at]);
                    assert_eq!(copy_plain(&text, &mut target[..length]), at, "{text:?}");
                }
            }
        }
    }
}

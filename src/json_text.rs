//! Where a JSON string has to be looked at closer: the one loop that reading and writing have in common.

use wide::u8x16;

/// How many bytes are looked at at once. Every processor that this is built for can.
const BLOCK: usize = 16;

/// How many bytes a text starts with that stand in a JSON string as they are: no quote, no backslash, no control
/// character.
#[inline]
pub(crate) fn plain_length(text: &[u8]) -> usize {
    let mut length = 0;
    while let Some(block) = text[length..].first_chunk() {
        let plain = plain_in(*block);
        length += plain;
        if plain < BLOCK {
            return length;
        }
    }
    length + plain_in_short(&text[length..])
}

/// The same of less than a block.
#[inline]
fn plain_in_short(text: &[u8]) -> usize {
    let mut block = [b' '; BLOCK];
    let (low, high) = block.split_at_mut(BLOCK / 2);
    match (text.first_chunk::<8>(), text.last_chunk::<8>()) {
        // The two may overlap: then what is found in the second is not in the first.
        (Some(first), Some(last)) => {
            low.copy_from_slice(first);
            high.copy_from_slice(last);
            let plain = plain_in(block);
            if plain < 8 {
                plain
            } else {
                plain + text.len() - BLOCK
            }
        }
        _ => {
            let is_plain = |byte: &&u8| **byte >= 0x20 && **byte != b'"' && **byte != b'\\';
            text.iter().take_while(is_plain).count()
        }
    }
}

/// The same of a block.
#[inline]
fn plain_in(block: [u8; BLOCK]) -> usize {
    let block = u8x16::new(block);
    let is_control = block.min(u8x16::splat(0x1f)).simd_eq(block);
    let is_quote = block.simd_eq(u8x16::splat(b'"'));
    let is_backslash = block.simd_eq(u8x16::splat(b'\\'));
    let found = (is_control | is_quote | is_backslash).to_bitmask();
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
                }
            }
        }
    }
}

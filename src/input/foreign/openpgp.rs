//! The first packet of a binary OpenPGP message (RFC 9580), as `gpg --encrypt` writes it.

use super::inflate::{Header, inflates};
use super::text::is_binary;

/// The kinds of packets with which a message begins.
const ENCRYPTED_SESSION_KEY: u8 = 1;
const PASSWORD_SESSION_KEY: u8 = 3;
const ONE_PASS_SIGNATURE: u8 = 4;
const COMPRESSED: u8 = 8;
const LITERAL: u8 = 11;
const ENCRYPTED_AND_PROTECTED: u8 = 18;
const ENCRYPTED_BY_GNUPG: u8 = 20;

/// Returns whether bytes are the start of an OpenPGP message: a packet of a kind with which messages begin, in a version
/// that exists. No text in UTF-8 begins so.
pub fn is_message(start: &[u8]) -> bool {
    let Some((kind, body)) = first_packet(start) else {
        return false;
    };
    let Some(&version) = body.first() else {
        return false;
    };
    match kind {
        ENCRYPTED_SESSION_KEY => matches!(version, 2 | 3 | 6),
        PASSWORD_SESSION_KEY => matches!(version, 4..=6),
        ONE_PASS_SIGNATURE => matches!(version, 3 | 6),
        // The number of the compression.
        COMPRESSED => matches!(version, 1..=3),
        ENCRYPTED_AND_PROTECTED => matches!(version, 1 | 2),
        ENCRYPTED_BY_GNUPG => version == 1,
        LITERAL => is_literal(start, body),
        _ => false,
    }
}

/// Returns whether bytes within a log are the start of an OpenPGP message. Damaged text may begin like a packet, so the
/// fields of the first packet are examined, and the kind of the next one.
pub fn is_message_in_log(start: &[u8]) -> bool {
    if !is_message(start) {
        return false;
    }
    let mut rest = start;
    loop {
        let Some((kind, body)) = first_packet(rest) else {
            return rest.is_empty();
        };
        let is_packet = match (kind, body) {
            (ENCRYPTED_AND_PROTECTED | ENCRYPTED_BY_GNUPG, _) => {
                return rest.len() < start.len() && is_message(rest);
            }
            (LITERAL, _) => return rest.len() < start.len() && is_literal(rest, body),
            (COMPRESSED, [1, data @ ..]) => return inflates(data, Header::None),
            (COMPRESSED, [2, data @ ..]) => return inflates(data, Header::Zlib),
            (COMPRESSED, [3, data @ ..]) => return data.starts_with(b"BZh"),
            // The numbers of the cipher, of the way to derive the key, and of the hash.
            (PASSWORD_SESSION_KEY, [4, 1..=13, 0 | 1 | 3, 1..=14, ..]) => true,
            (PASSWORD_SESSION_KEY, [5 | 6, ..]) => true,
            // The number of the public-key algorithm, after the id of the key.
            (ENCRYPTED_SESSION_KEY, [2 | 3, _, _, _, _, _, _, _, _, 1..=3 | 16..=25, ..]) => true,
            (ENCRYPTED_SESSION_KEY, [6, ..]) => true,
            (ONE_PASS_SIGNATURE, [3, 0 | 1, 1..=14, 1..=28, ..]) => true,
            (ONE_PASS_SIGNATURE, [6, ..]) => true,
            _ => false,
        };
        match after_first_packet(rest) {
            Some(next) if is_packet => rest = next,
            _ => return false,
        }
    }
}

/// Returns the bytes after the first packet, or no bytes if these are not within `start`. Returns `None` for a packet
/// whose length no short packet has.
fn after_first_packet(start: &[u8]) -> Option<&[u8]> {
    let (header, length) = match *start {
        // The format of the packet, and the number of bytes of its length.
        [0xc0..=0xff, length @ 0..=191, ..] => (2, usize::from(length)),
        [0xc0..=0xff, first @ 192..=223, second, ..] => {
            let length = (usize::from(first) - 192) << 8;
            (3, length + usize::from(second) + 192)
        }
        [tag @ 0x80..=0xbf, length, ..] if tag & 3 == 0 => (2, usize::from(length)),
        [tag @ 0x80..=0xbf, first, second, ..] if tag & 3 == 1 => {
            (3, usize::from(u16::from_be_bytes([first, second])))
        }
        _ => return None,
    };
    let is_short = (8..=2100).contains(&length);
    is_short.then(|| start.get(header + length..).unwrap_or(&[]))
}

/// Returns whether a message starts with data as it is, such as `gpg --store` writes. The body of the packet has the
/// format, the name of the file after its length, and four bytes for the date.
fn is_literal(start: &[u8], body: &[u8]) -> bool {
    let [b'b' | b't' | b'u', length, rest @ ..] = body else {
        return false;
    };
    let length = usize::from(*length);
    let (Some(name), Some(data)) = (rest.get(..length), rest.get(length + 4..)) else {
        return false;
    };
    let header = &start[1..start.len() - data.len()];
    let is_text = !is_binary(header) && std::str::from_utf8(header).is_ok();
    !is_text && !is_binary(name) && std::str::from_utf8(name).is_ok()
}

/// Returns the kind and the body of the first packet.
fn first_packet(start: &[u8]) -> Option<(u8, &[u8])> {
    let (&tag, rest) = start.split_first()?;
    if tag & 0x80 == 0 {
        return None;
    }
    let is_new = tag & 0x40 != 0;
    let length_bytes = match (is_new, tag & 3) {
        (false, 0) => 1,
        (false, 1) => 2,
        (false, 2) => 4,
        (false, _) => 0,
        (true, _) => match rest.first()? {
            // The two bytes of a character of a text in UTF-8.
            0x80..=0xbf => return None,
            0..=0x7f | 0xe0..=0xfe => 1,
            0xc0..=0xdf => 2,
            0xff => 5,
        },
    };
    let kind = if is_new { tag & 0x3f } else { tag >> 2 & 0xf };
    Some((kind, rest.get(length_bytes..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_of_gpg_are_recognized() {
        let messages: [&[u8]; 10] = [
            // gpg --symmetric, --encrypt, --sign, --sign --compress-level 0, --store
            b"\x8c\x0d\x04\x09\x03\x02\xa1\xf8\xc2\xa6\x04\xd4",
            b"\x85\x01\x8c\x03\xad\x4c\x4a\xf0\x3d\xbc\x55\xf5",
            b"\xa3\x01\x01\xdd\x01\x22\xfe\x90\x0d\x03\x00\x0a",
            b"\x90\x0d\x03\x00\x0a\x01\xbc\xc8\xea\xe4\xb0\x63",
            b"\x84\x5e\x03\xad\x4c\x4a\xf0\x3d\xbc\x55\xf5\x12",
            // gpg --store --compress-level 0
            b"\xac\x1c\x62\x05a.log\x66\x0c\x21\x11{\"name\"",
            b"\xcb\x17b\x00\x66\x0c\x21\x11{\"name\"",
            // The headers that other programs write.
            b"\xc1\xc0\x4c\x03\xad\x4c\x4a\xf0",
            b"\xc3\x0d\x04\x09\x03\x08\xad\x4c",
            b"\xd2\xc0\xff\x01\x85\x22\x10\x80",
        ];
        for message in messages {
            assert!(is_message(message), "{message:x?}");
        }
    }

    #[test]
    fn compiled_python_is_no_message() {
        for version in [0xa7, 0xcb, 0xf3] {
            assert!(!is_message(&[version, b'\r', b'\r', b'\n', 0, 0, 0, 0]));
        }
    }

    #[test]
    fn texts_and_pieces_of_texts_are_no_messages() {
        for text in [
            "",
            "{",
            "Älter",
            "Ó",
            "Өө",
            "Ҁ\u{1}",
            "ü",
            "äh\u{1}",
            "\u{feff}{",
        ] {
            for at in 0..text.len() {
                assert!(!is_message(&text.as_bytes()[at..]), "{text:?} from {at}");
            }
        }
    }
}

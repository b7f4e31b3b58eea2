//! Going through a JSON text, token by token. What is taken is what RFC 8259 calls JSON and nothing else.

use std::str;

use super::plain::{copy_plain, plain_length};

/// A place in a JSON text. Whatever is not as it must be is `None`, and nobody asks what it was.
pub(crate) struct Scanner<'a> {
    text: &'a str,
    at: usize,
}

/// A number, as it stands in the text.
pub(crate) struct NumberText<'a> {
    pub text: &'a str,
    /// There is neither a fraction nor an exponent.
    pub is_integer: bool,
}

impl<'a> Scanner<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// The next byte that is no white space. The scanner stands before it then.
    #[inline]
    pub(crate) fn peek(&mut self) -> Option<u8> {
        let mut byte = self.byte()?;
        // Most writers put one space behind commas and colons, and nothing else anywhere.
        if byte == b' ' {
            self.at += 1;
            byte = self.byte()?;
        }
        if byte <= b' ' {
            self.skip_space();
            byte = self.byte()?;
        }
        Some(byte)
    }

    #[cold]
    fn skip_space(&mut self) {
        while self.skip_if(|byte| matches!(byte, b' ' | b'\n' | b'\r' | b'\t')) {}
    }

    /// Passes over the byte that was peeked at.
    #[inline]
    pub(crate) fn skip(&mut self) {
        self.at += 1;
    }

    /// Passes over a byte, if it is the next that is no white space.
    #[inline]
    pub(crate) fn take(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.skip())
    }

    /// Passes over a word that stands here.
    pub(crate) fn word(&mut self, word: &str) -> Option<()> {
        self.rest()?.starts_with(word.as_bytes()).then(|| {
            self.at += word.len();
        })
    }

    /// Whether nothing follows but white space.
    pub(crate) fn is_at_end(&mut self) -> bool {
        self.peek().is_none()
    }

    /// Passes over what stands in a string as it is, and over the quote or backslash behind it, which is told.
    #[inline(always)]
    pub(crate) fn plain(&mut self) -> Option<(&'a str, u8)> {
        let start = self.at;
        let end = self.skip_plain()?;
        Some((self.text.get(start..self.at - 1)?, end))
    }

    /// The same for nobody who wants to know what stands there.
    #[inline(always)]
    pub(crate) fn skip_plain(&mut self) -> Option<u8> {
        let length = plain_length(self.rest()?);
        self.skip_end(length)
    }

    /// The same, copied to a place that has room for the rest of the text. Gives the length of the copy.
    #[inline]
    pub(crate) fn copy_plain(&mut self, place: &mut [u8]) -> Option<(usize, u8)> {
        let length = copy_plain(self.rest()?, place);
        self.skip_end(length).map(|byte| (length, byte))
    }

    /// Passes over so much, and over the quote or backslash behind it.
    #[inline(always)]
    fn skip_end(&mut self, length: usize) -> Option<u8> {
        self.at += length;
        let byte = self.byte()?;
        self.at += 1;
        matches!(byte, b'"' | b'\\').then_some(byte)
    }

    /// How long the whole text is.
    pub(crate) fn length(&self) -> usize {
        self.text.len()
    }

    /// Passes over what follows a backslash. What the two stand for is given as UTF-8 and its length.
    pub(crate) fn escape(&mut self) -> Option<([u8; 4], usize)> {
        let byte = self.byte()?;
        self.at += 1;
        let meant = match byte {
            b'"' | b'\\' | b'/' => byte,
            b'b' => 0x08,
            b'f' => 0x0c,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'u' => return self.unicode_escape(),
            _ => return None,
        };
        Some(([meant, 0, 0, 0], 1))
    }

    /// A character of four hexadecimal digits, or of two times as many. Half of a surrogate pair is none.
    fn unicode_escape(&mut self) -> Option<([u8; 4], usize)> {
        let unit = self.hex_digits()?;
        let mut units = [unit, 0];
        let mut length = 1;
        if (0xd800..0xdc00).contains(&unit) {
            self.word("\\u")?;
            units[1] = self.hex_digits()?;
            length = 2;
        }
        let mut decoded = char::decode_utf16(units.into_iter().take(length));
        let character = decoded.next()?.ok()?;
        let mut utf8 = [0; 4];
        let length = character.encode_utf8(&mut utf8).len();
        Some((utf8, length))
    }

    fn hex_digits(&mut self) -> Option<u16> {
        let digits = self.rest()?.first_chunk::<4>()?;
        self.at += digits.len();
        digits.iter().try_fold(0, |number, &digit| {
            let value = char::from(digit).to_digit(16)?;
            Some(number << 4 | value as u16)
        })
    }

    /// Passes over a number that starts here.
    pub(crate) fn number(&mut self) -> Option<NumberText<'a>> {
        let start = self.at;
        self.skip_if(|byte| byte == b'-');
        let leading_zero = self.skip_if(|byte| byte == b'0');
        if !leading_zero {
            self.digits()?;
        }
        let mut is_integer = true;
        if self.skip_if(|byte| byte == b'.') {
            is_integer = false;
            self.digits()?;
        }
        if self.skip_if(|byte| matches!(byte, b'e' | b'E')) {
            is_integer = false;
            self.skip_if(|byte| matches!(byte, b'+' | b'-'));
            self.digits()?;
        }
        // A zero that another digit follows is no number, and a digit is nothing that can follow a number.
        let text = self.text.get(start..self.at)?;
        Some(NumberText { text, is_integer })
    }

    /// Passes over at least one digit.
    fn digits(&mut self) -> Option<()> {
        let start = self.at;
        while self.skip_if(|byte| byte.is_ascii_digit()) {}
        (self.at > start).then_some(())
    }

    fn skip_if(&mut self, is_it: impl Fn(u8) -> bool) -> bool {
        let is_it = self.byte().is_some_and(is_it);
        self.at += usize::from(is_it);
        is_it
    }

    #[inline]
    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    #[inline]
    fn rest(&self) -> Option<&'a [u8]> {
        self.text.as_bytes().get(self.at..)
    }
}

//! The tokens of a JSON text, as RFC 8259 defines them, and Python's `-Infinity`.

use std::str;

use super::plain::{copy_plain, plain_length};

/// The reason why a text is not JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JsonError {
    /// The problem, such as "expected `:`".
    pub problem: &'static str,
    /// The offset of the byte at which the problem was found.
    pub at: usize,
}

impl JsonError {
    pub(super) const TOO_DEEP: &str = "nesting deeper than 900";
    pub(super) const TOO_LONG: &str = "integer of more than 4,300 digits";

    /// Returns whether the text is nested too deeply for this reader. Python reads somewhat deeper texts.
    pub fn is_too_deep(&self) -> bool {
        self.problem == Self::TOO_DEEP
    }

    /// Returns whether the text has an integer that is too long for this reader and for Python.
    pub fn is_too_long(&self) -> bool {
        self.problem == Self::TOO_LONG
    }
}

/// A position in a JSON text. A method that cannot read its token returns `None`, and [`Scanner::error`] then says why.
pub(crate) struct Scanner<'a> {
    text: &'a str,
    at: usize,
    /// The first error, unless the text ended too early.
    error: Option<JsonError>,
}

/// The text of a number.
pub(crate) struct NumberText<'a> {
    pub text: &'a str,
    /// Whether the number has neither a fraction nor an exponent.
    pub is_integer: bool,
}

impl<'a> Scanner<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self {
            text,
            at: 0,
            error: None,
        }
    }

    /// The error of the method that returned `None`.
    pub(crate) fn error(&self) -> JsonError {
        self.error.unwrap_or(JsonError {
            problem: "unexpected end of the JSON text",
            at: self.text.len(),
        })
    }

    /// Records a problem with the next byte, if there is one.
    #[cold]
    #[inline(never)]
    pub(crate) fn fail<T>(&mut self, problem: &'static str) -> Option<T> {
        self.fail_at(self.at, problem)
    }

    /// Records a problem with the byte at an offset, if there is one.
    #[cold]
    #[inline(never)]
    pub(crate) fn fail_at<T>(&mut self, at: usize, problem: &'static str) -> Option<T> {
        if at < self.text.len() {
            self.error.get_or_insert(JsonError { problem, at });
        }
        None
    }

    /// Skips white space and returns the next byte, which stays the next, or 0 at the end of the text.
    #[inline]
    pub(crate) fn peek(&mut self) -> u8 {
        let mut byte = self.byte().unwrap_or(0);
        // Most writers put one space after commas and colons, and no other white space anywhere.
        if byte == b' ' {
            self.at += 1;
            byte = self.byte().unwrap_or(0);
        }
        if byte <= b' ' {
            self.skip_space();
            byte = self.byte().unwrap_or(0);
        }
        byte
    }

    #[cold]
    fn skip_space(&mut self) {
        while self.skip_if(|byte| matches!(byte, b' ' | b'\n' | b'\r' | b'\t')) {}
    }

    /// Skips the byte that [`peek`](Self::peek) returned.
    #[inline]
    pub(crate) fn skip(&mut self) {
        self.at += 1;
    }

    /// Skips white space and a byte, which must be the next.
    #[inline]
    pub(crate) fn take(&mut self, byte: u8) -> Option<()> {
        if self.peek() == byte {
            self.skip();
            Some(())
        } else {
            self.fail(match byte {
                b'"' => "expected a key in double quotes",
                b':' => "expected `:`",
                _ => "expected a value",
            })
        }
    }

    /// Skips a word.
    pub(crate) fn word(&mut self, word: &str) -> Option<()> {
        if self.skip_word(word) {
            Some(())
        } else {
            self.fail("expected a value")
        }
    }

    fn skip_word(&mut self, word: &str) -> bool {
        let is_next = self
            .rest()
            .is_some_and(|rest| rest.starts_with(word.as_bytes()));
        self.at += if is_next { word.len() } else { 0 };
        is_next
    }

    /// Skips the white space at the end of the text.
    pub(crate) fn end(&mut self) -> Option<()> {
        self.peek();
        if self.at == self.text.len() {
            Some(())
        } else {
            self.fail("unexpected text after the end of the JSON text")
        }
    }

    /// Skips the unescaped start of a string and the quote or backslash after it. Returns both.
    #[inline(always)]
    pub(crate) fn plain(&mut self) -> Option<(&'a str, u8)> {
        let start = self.at;
        let end = self.skip_plain()?;
        // Two slices of one end each take fewer instructions than one slice of both.
        let text = self.text.get(start..)?.get(..self.at - 1 - start)?;
        Some((text, end))
    }

    /// Skips the unescaped start of a string and the quote or backslash after it. Returns the quote or backslash.
    #[inline(always)]
    pub(crate) fn skip_plain(&mut self) -> Option<u8> {
        let length = plain_length(self.rest()?);
        self.skip_end(length)
    }

    /// Copies the unescaped start of a string to a slice as long as the rest of the text. Skips and returns as
    /// [`skip_plain`](Self::skip_plain) does, and returns the length of the copy.
    #[inline]
    pub(crate) fn copy_plain(&mut self, target: &mut [u8]) -> Option<(usize, u8)> {
        let length = copy_plain(self.rest()?, target);
        self.skip_end(length).map(|byte| (length, byte))
    }

    #[inline(always)]
    fn skip_end(&mut self, length: usize) -> Option<u8> {
        self.at += length;
        let byte = self.byte()?;
        self.at += 1;
        if matches!(byte, b'"' | b'\\') {
            Some(byte)
        } else {
            self.control_character()
        }
    }

    #[cold]
    #[inline(never)]
    fn control_character(&mut self) -> Option<u8> {
        self.at -= 1;
        self.fail("unescaped control character in a string")
    }

    /// The offset of the next byte.
    pub(crate) fn offset(&self) -> usize {
        self.at
    }

    /// The length of the whole text.
    pub(crate) fn length(&self) -> usize {
        self.text.len()
    }

    /// Skips the rest of an escape, from after its backslash. Returns the character as UTF-8 and its length.
    pub(crate) fn escape(&mut self) -> Option<([u8; 4], usize)> {
        let character = match self.byte()? {
            byte @ (b'"' | b'\\' | b'/') => byte,
            b'b' => 0x08,
            b'f' => 0x0c,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'u' => {
                self.at += 1;
                return self.unicode_escape();
            }
            _ => return self.fail("invalid escape"),
        };
        self.at += 1;
        Some(([character, 0, 0, 0], 1))
    }

    /// Skips four hexadecimal digits, and a second escape if the first is the first half of a surrogate pair.
    fn unicode_escape(&mut self) -> Option<([u8; 4], usize)> {
        const LONE_SURROGATE: &str = "escape of half a surrogate pair";

        let unit = self.hex_digits()?;
        let mut units = [unit, 0];
        let mut length = 1;
        if (0xd800..0xdc00).contains(&unit) {
            if !self.skip_word("\\u") {
                return self.fail(LONE_SURROGATE);
            }
            units[1] = self.hex_digits()?;
            length = 2;
        }
        let decoded = char::decode_utf16(units.into_iter().take(length)).next();
        let Some(Ok(character)) = decoded else {
            return self.fail(LONE_SURROGATE);
        };
        let mut utf8 = [0; 4];
        let length = character.encode_utf8(&mut utf8).len();
        Some((utf8, length))
    }

    fn hex_digits(&mut self) -> Option<u16> {
        let digits = self.rest()?.first_chunk::<4>()?;
        let value = digits.iter().try_fold(0, |number, &digit| {
            let value = char::from(digit).to_digit(16)?;
            Some(number << 4 | value as u16)
        });
        if value.is_none() {
            return self.fail("invalid escape");
        }
        self.at += digits.len();
        value
    }

    /// Skips a number.
    pub(crate) fn number(&mut self) -> Option<NumberText<'a>> {
        let start = self.at;
        let is_negative = self.skip_if(|byte| byte == b'-');
        let leading_zero = self.skip_if(|byte| byte == b'0');
        if !leading_zero && !self.skip_digits() {
            return self.minus_infinity(start, is_negative);
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
        // A digit after a leading zero is an error of the caller, who finds no comma, bracket or end.
        let text = self.text.get(start..self.at)?;
        Some(NumberText { text, is_integer })
    }

    #[cold]
    fn minus_infinity(&mut self, start: usize, is_negative: bool) -> Option<NumberText<'a>> {
        if !is_negative || !self.skip_word("Infinity") {
            return self.fail("invalid number");
        }
        let text = self.text.get(start..self.at)?;
        Some(NumberText {
            text,
            is_integer: false,
        })
    }

    /// Skips at least one digit.
    fn digits(&mut self) -> Option<()> {
        if self.skip_digits() {
            Some(())
        } else {
            self.fail("invalid number")
        }
    }

    fn skip_digits(&mut self) -> bool {
        let start = self.at;
        while self.skip_if(|byte| byte.is_ascii_digit()) {}
        self.at > start
    }

    fn skip_if(&mut self, is_skipped: impl Fn(u8) -> bool) -> bool {
        let is_skipped = self.byte().is_some_and(is_skipped);
        self.at += usize::from(is_skipped);
        is_skipped
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

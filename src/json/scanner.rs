//! The tokens of a JSON text, as RFC 8259 defines them, and `-Infinity`, which Python reads too.

use super::plain::plain_length;

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

/// A position in a JSON text. Its methods skip one token each. A method that cannot read its token returns `None`; then
/// [`Scanner::error`] returns the problem.
pub(crate) struct Scanner<'a> {
    text: &'a str,
    at: usize,
    /// The first problem. `None` if there was no problem, or if the text ended too early.
    error: Option<JsonError>,
}

impl<'a> Scanner<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self {
            text,
            at: 0,
            error: None,
        }
    }

    /// The problem, after a method has returned `None`.
    pub(crate) fn error(&self) -> JsonError {
        self.error.unwrap_or(JsonError {
            problem: "unexpected end of the JSON text",
            at: self.text.len(),
        })
    }

    /// Records a problem with the next byte. At the end of the text nothing is recorded, so that [`Scanner::error`]
    /// reports the unexpected end.
    #[cold]
    #[inline(never)]
    pub(crate) fn fail<T>(&mut self, problem: &'static str) -> Option<T> {
        self.fail_at(self.at, problem)
    }

    /// Records a problem with the byte at an offset, unless the text ends there.
    #[cold]
    #[inline(never)]
    pub(crate) fn fail_at<T>(&mut self, at: usize, problem: &'static str) -> Option<T> {
        if at < self.text.len() {
            self.error.get_or_insert(JsonError { problem, at });
        }
        None
    }

    /// Skips white space and returns the next byte without skipping it, or 0 at the end of the text.
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

    /// Skips white space and then `byte`. Fails if another byte comes next.
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

    /// Skips a word such as `null`.
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

    /// Skips the bytes of a string up to the next quote or backslash, and the quote or backslash too. Returns both.
    #[inline(always)]
    pub(crate) fn plain(&mut self) -> Option<(&'a str, u8)> {
        let rest = self.text.get(self.at..)?;
        let length = plain_length(rest.as_bytes());
        self.at += length;
        match self.byte()? {
            end @ (b'"' | b'\\') => {
                self.at += 1;
                Some((rest.get(..length)?, end))
            }
            _ => self.fail("unescaped control character in a string"),
        }
    }

    /// Skips a closing bracket if it is next. Returns whether it was.
    #[inline]
    pub(crate) fn ends(&mut self, bracket: u8) -> bool {
        let ends = self.peek() == bracket;
        // This is a branch because optimized builds of rustc 1.95 drop `self.at += usize::from(ends)`.
        if ends {
            self.skip();
        }
        ends
    }

    /// Skips a comma or a closing bracket, one of which must be next. Returns whether it was the bracket.
    #[inline]
    pub(crate) fn ends_after_item(&mut self, bracket: u8) -> Option<bool> {
        let byte = self.peek();
        if byte != b',' && byte != bracket {
            return self.fail(match bracket {
                b'}' => "expected `,` or `}`",
                _ => "expected `,` or `]`",
            });
        }
        self.at += 1;
        Some(byte == bracket)
    }

    /// The offset of the next byte.
    pub(crate) fn offset(&self) -> usize {
        self.at
    }

    /// The length of the whole text.
    pub(crate) fn length(&self) -> usize {
        self.text.len()
    }

    /// Skips the rest of an escape whose backslash is already skipped. Returns the character that the escape stands
    /// for.
    pub(crate) fn escape(&mut self) -> Option<char> {
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
        Some(character.into())
    }

    /// Skips the four hexadecimal digits of an escape. If they are the first half of a surrogate pair, skips the escape
    /// with the second half too.
    fn unicode_escape(&mut self) -> Option<char> {
        let mut units = [self.hex_digits()?, 0];
        if (0xd800..0xdc00).contains(&units[0]) && self.skip_word("\\u") {
            units[1] = self.hex_digits()?;
        }
        match char::decode_utf16(units).next() {
            Some(Ok(character)) => Some(character),
            _ => self.fail("escape of half a surrogate pair"),
        }
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

    /// Skips a number and returns its text.
    pub(crate) fn number(&mut self) -> Option<&'a str> {
        let start = self.at;
        self.skip_if(|byte| byte == b'-');
        let leading_zero = self.skip_if(|byte| byte == b'0');
        if !leading_zero && !self.skip_digits() {
            return self.minus_infinity(start);
        }
        if self.skip_if(|byte| byte == b'.') {
            self.digits()?;
        }
        if self.skip_if(|byte| matches!(byte, b'e' | b'E')) {
            self.skip_if(|byte| matches!(byte, b'+' | b'-'));
            self.digits()?;
        }
        // A digit after a leading zero is not read here. The caller reports it, because it expects a comma, a bracket
        // or the end of the text.
        self.text.get(start..self.at)
    }

    #[cold]
    fn minus_infinity(&mut self, start: usize) -> Option<&'a str> {
        if self.skip_word("Infinity") {
            self.text.get(start..self.at)
        } else {
            self.fail("invalid number")
        }
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

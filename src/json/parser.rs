//! The reader of JSON texts. It reads what Python's `json.loads` reads, and makes a tree in an arena.
//!
//! Beside JSON, Python reads NaN, the infinities and integers of up to 4,300 digits. Unlike Python, this reader refuses
//! the escape of half a surrogate pair, and its limit on nesting is the same on every machine.
//!
//! The reader is hand-written for speed, since parsing lines takes much of the time of a conversion. `cargo bench`
//! shows the gain: to read the same lines into structs that borrow from them, serde_json takes 1.7 times as long.

use bumpalo::Bump;
use bumpalo::collections::String as ArenaString;
use smallvec::SmallVec;

use super::scanner::{JsonError, Scanner};
use super::value::{JsonObject, Value, copied};

/// The number of arrays and objects that may be nested. This is a little less than Python's own limit, which is near
/// 1,000 and depends on how deep the calls are nested.
pub(crate) const MAX_DEPTH: usize = 900;

/// The number of digits that an integer may have. Python has the same limit.
pub(crate) const MAX_DIGITS: usize = 4300;

/// The number of members for which the parser needs no heap memory. In nearly all lines, the objects that are being
/// parsed at one time have no more members together.
const USUAL_MEMBERS: usize = 32;

/// The number of items for which the parser needs no heap memory. In nearly all lines, the arrays that are being parsed
/// at one time have no more items together.
const USUAL_ITEMS: usize = 8;

impl<'a> Value<'a> {
    /// Parses a JSON text.
    ///
    /// # Errors
    /// Returns the problem and its offset if the text is not JSON, is nested deeper than 900 arrays and objects, or has
    /// an integer of more than 4,300 digits.
    pub fn parse(text: &'a str, arena: &'a Bump) -> Result<Self, JsonError> {
        let mut parser = Parser::new(text, arena);
        let value = parser.value(0);
        value
            .and_then(|value| parser.scanner.end().map(|()| value))
            .ok_or_else(|| parser.scanner.error())
    }

    /// Parses the value at the start of a text, whatever follows it. Returns the value and the length of its text.
    ///
    /// # Errors
    /// Returns the errors of [`parse`](Self::parse) if the text does not start with a value.
    #[cold]
    pub fn parse_start(text: &'a str, arena: &'a Bump) -> Result<(Self, usize), JsonError> {
        let mut parser = Parser::new(text, arena);
        match parser.value(0) {
            Some(value) => Ok((value, parser.scanner.offset())),
            None => Err(parser.scanner.error()),
        }
    }
}

/// The parser of one text. The items and members of an array or object are kept on a stack until its closing bracket,
/// and are then copied to the arena. So a tree takes only the memory that it needs. If a string has escapes, the buffer
/// for unescaping takes as much memory as the text.
///
/// Functions are forced inline only in optimized builds. In debug builds, 900 levels of inlined functions would need
/// more stack than a thread has.
struct Parser<'a> {
    scanner: Scanner<'a>,
    arena: &'a Bump,
    items: SmallVec<[Value<'a>; USUAL_ITEMS]>,
    members: SmallVec<[(&'a str, Value<'a>); USUAL_MEMBERS]>,
    /// The buffer for unescaping the current string, if the string has escapes.
    unescaped: ArenaString<'a>,
}

impl<'a> Parser<'a> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn new(text: &'a str, arena: &'a Bump) -> Self {
        Self {
            scanner: Scanner::new(text),
            arena,
            items: SmallVec::new(),
            members: SmallVec::new(),
            unescaped: ArenaString::new_in(arena),
        }
    }

    /// Parses a value that is nested in `depth` arrays and objects. Inlined because a call would return the value
    /// through memory. The processor would stall when the caller then reads the value in pieces of other sizes than
    /// those that were written.
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn value(&mut self, depth: usize) -> Option<Value<'a>> {
        match self.scanner.peek() {
            b'"' => {
                self.scanner.skip();
                self.string().map(Value::Str)
            }
            b'{' if depth < MAX_DEPTH => {
                self.scanner.skip();
                self.object(depth + 1).map(Value::Object)
            }
            b'[' if depth < MAX_DEPTH => {
                self.scanner.skip();
                self.array(depth + 1).map(Value::Array)
            }
            b'-' | b'0'..=b'9' => self.number(),
            b'n' => self.scanner.word("null").map(|()| Value::Null),
            b't' => self.scanner.word("true").map(|()| Value::Bool(true)),
            b'f' => self.scanner.word("false").map(|()| Value::Bool(false)),
            byte => self.rare_value(byte),
        }
    }

    #[cold]
    #[inline(never)]
    fn rare_value(&mut self, byte: u8) -> Option<Value<'a>> {
        match byte {
            b'N' => self.scanner.word("NaN").map(|()| Value::Float(f64::NAN)),
            b'I' => {
                let infinity = Value::Float(f64::INFINITY);
                self.scanner.word("Infinity").map(|()| infinity)
            }
            b'{' | b'[' => self.scanner.fail(JsonError::TOO_DEEP),
            _ => self.scanner.fail("expected a value"),
        }
    }

    /// Parses the rest of an object whose `{` is already skipped.
    #[inline(never)]
    fn object(&mut self, depth: usize) -> Option<JsonObject<'a>> {
        let start = self.members.len();
        if self.scanner.ends(b'}') {
            return Some(JsonObject::from_unique(&[]));
        }
        loop {
            self.scanner.take(b'"')?;
            let key = self.string()?;
            self.scanner.take(b':')?;
            let value = self.value(depth)?;
            self.members.push((key, value));
            if self.scanner.ends_after_item(b'}')? {
                break;
            }
        }
        let object = JsonObject::from_members(&mut self.members[start..], self.arena);
        self.members.truncate(start);
        Some(object)
    }

    /// Parses the rest of an array whose `[` is already skipped.
    #[inline(never)]
    fn array(&mut self, depth: usize) -> Option<&'a [Value<'a>]> {
        let start = self.items.len();
        if self.scanner.ends(b']') {
            return Some(&[]);
        }
        loop {
            let item = self.value(depth)?;
            self.items.push(item);
            if self.scanner.ends_after_item(b']')? {
                break;
            }
        }
        let array = copied(&self.items[start..], self.arena);
        self.items.truncate(start);
        Some(array)
    }

    /// Parses the rest of a string whose first quote is already skipped. Inlined because most strings are so short that
    /// the call would cost as much as reading the string.
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn string(&mut self) -> Option<&'a str> {
        match self.scanner.plain()? {
            (text, b'"') => Some(text),
            (text, _) => self.unescape(text),
        }
    }

    /// Parses the rest of a string that starts with `text` and a backslash, both of which are already skipped.
    #[inline(never)]
    fn unescape(&mut self, text: &str) -> Option<&'a str> {
        self.unescaped.clear();
        // No string gets longer when it is unescaped, so the buffer never grows later.
        self.unescaped.reserve(self.scanner.length());
        self.unescaped.push_str(text);
        loop {
            self.unescaped.push(self.scanner.escape()?);
            let (plain, end) = self.scanner.plain()?;
            self.unescaped.push_str(plain);
            if end == b'"' {
                return Some(self.arena.alloc_str(&self.unescaped));
            }
        }
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn number(&mut self) -> Option<Value<'a>> {
        let text = self.scanner.number()?;
        match text.parse() {
            Ok(value) => Some(Value::Int(value)),
            Err(_) => self.rare_number(text),
        }
    }

    /// Parses a float, or an integer that does not fit an `i64`.
    #[inline(never)]
    fn rare_number(&mut self, text: &'a str) -> Option<Value<'a>> {
        let digits = text.trim_start_matches('-');
        if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            text.parse().ok().map(Value::Float)
        } else if digits.len() <= MAX_DIGITS {
            Some(Value::BigInt(text))
        } else {
            let start = self.scanner.offset() - text.len();
            self.scanner.fail_at(start, JsonError::TOO_LONG)
        }
    }
}

#[cfg(test)]
mod tests;

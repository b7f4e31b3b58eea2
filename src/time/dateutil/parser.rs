//! The parser of the tokens (dateutil's `parser._parse`).

use super::date_numbers::DateNumbers;
use super::decimal::{Decimal, integer};
use super::tokens::tokens;
use super::words::{self, Half};

/// The parts of a time that the text has.
#[derive(Default)]
pub(super) struct Parts {
    pub date: DateNumbers,
    pub hour: Option<i64>,
    pub minute: Option<i64>,
    pub second: Option<i64>,
    pub microsecond: i64,
    /// The name of the time zone.
    pub zone: Option<String>,
    /// Whether the name of the time zone is in parentheses after the offset, so that the offset is known without it.
    pub has_zone_in_parentheses: bool,
    /// Seconds east of UTC.
    pub offset: Option<i64>,
}

/// The tokens of a time, and the parts that were read from them.
pub(super) struct Parser<'t> {
    tokens: &'t [String],
    parts: Parts,
    /// Whether the next sign of an offset is reversed, as in `GMT+3`, which dateutil reads as in the variable TZ: three
    /// hours west.
    is_reversed: bool,
}

impl<'t> Parser<'t> {
    /// Reads the parts of a time. Returns `None` if dateutil refuses the text.
    pub(super) fn read(text: &str) -> Option<Parts> {
        let tokens = tokens(text)?;
        let mut parser = Parser {
            tokens: &tokens,
            parts: Parts::default(),
            is_reversed: false,
        };
        let mut at = 0;
        while let Some(token) = parser.token(at) {
            at = 1 + parser.read_token(at, token)?;
        }
        Some(parser.parts)
    }

    fn token(&self, at: usize) -> Option<&'t str> {
        self.tokens.get(at).map(String::as_str)
    }

    /// Reads a token and the tokens that belong to it. Returns the index of the last of them.
    fn read_token(&mut self, at: usize, token: &'t str) -> Option<usize> {
        if let Some(number) = Decimal::new(token) {
            return self.read_number(at, number);
        }
        if words::is_weekday(token) {
            return Some(at);
        }
        if let Some(month) = words::month(token) {
            self.parts.date.add_month(month)?;
            return self.read_after_month(at);
        }
        if let Some(half) = words::half(token) {
            let hour = self.parts.hour.filter(|hour| *hour <= 12)?;
            self.parts.hour = Some(in_half(hour, half));
            return Some(at);
        }
        if self.parts.offset.is_none() && self.could_be_zone(token) {
            self.read_zone(at, token);
            return Some(at);
        }
        if self.parts.hour.is_some() && is_sign(token) {
            return self.read_offset(at, token);
        }
        words::is_filler(token).then_some(at)
    }

    fn read_number(&mut self, at: usize, number: Decimal<'t>) -> Option<usize> {
        let (text, whole) = (number.text, number.whole);
        let next = self.token(at + 1);
        let may_be_alone = next.is_none_or(|next| next != ":" && words::unit(next).is_none());
        let has_date = self.parts.date.len() == 3;
        match text.len() {
            // 20240305T09[14]
            2 | 4 if has_date && self.parts.hour.is_none() && may_be_alone => {
                self.read_clock(text)?;
                return Some(at);
            }
            // YYMMDD, or 091407[.5]
            6 if self.parts.date.len() == 0 && !text.contains('.') => {
                for number in [&text[..2], &text[2..4], &text[4..]] {
                    self.parts.date.add_text(number)?;
                }
                return Some(at);
            }
            length if length == 6 || text.find('.') == Some(6) => {
                self.read_clock(text)?;
                return Some(at);
            }
            // YYYYMMDD[0914[07]]
            8 | 12 | 14 => {
                self.parts.date.add_year(integer(&text[..4])?)?;
                self.parts.date.add_text(&text[4..6])?;
                self.parts.date.add_text(&text[6..8])?;
                self.read_clock(&text[8..])?;
                return Some(at);
            }
            _ => {}
        }
        if let Some((unit, last)) = self.unit_of(at) {
            self.set(unit, number)?;
            return Some(last);
        }
        match next {
            Some(":") if self.token(at + 2).is_some() => self.read_time(at, whole),
            Some(separator @ ("-" | "/" | ".")) => self.read_date(at, text, separator),
            None => self.read_plain_number(at, whole),
            Some(next) if words::is_filler(next) => self.read_plain_number(at, whole),
            Some(next) => match words::half(next) {
                Some(half) if whole < 24 => {
                    self.parts.hour = Some(in_half(whole, half));
                    Some(at + 1)
                }
                _ if self.parts.date.could_be_day(whole) => {
                    self.parts.date.add_number(whole)?;
                    Some(at)
                }
                _ => None,
            },
        }
    }

    /// Reads a time without colons: `09`, `0914`, `091407` or `091407.5`. An empty text changes nothing.
    fn read_clock(&mut self, text: &str) -> Option<()> {
        if text.is_empty() {
            return Some(());
        }
        self.parts.hour = Some(integer(text.get(..2)?)?);
        if text.len() > 2 {
            self.parts.minute = Some(integer(text.get(2..4)?)?);
        }
        if text.len() > 4 {
            self.set_seconds(Decimal::new(&text[4..])?)?;
        }
        Some(())
    }

    /// Reads the rest of a time with colons, `09:14[:07[.5]]`.
    fn read_time(&mut self, at: usize, hour: i64) -> Option<usize> {
        self.parts.hour = Some(hour);
        self.set_minutes(Decimal::new(self.token(at + 2)?)?);
        match (self.token(at + 3), self.token(at + 4)) {
            (Some(":"), Some(seconds)) => {
                self.set_seconds(Decimal::new(seconds)?)?;
                Some(at + 4)
            }
            _ => Some(at + 2),
        }
    }

    /// Reads the rest of a date with separators, such as `5/3/2024` or `05-Mar-2024`.
    fn read_date(&mut self, at: usize, first: &str, separator: &str) -> Option<usize> {
        let date = &mut self.parts.date;
        date.add_text(first)?;
        let is_number = |second: &str| !words::is_filler(second);
        let Some(second) = self.tokens.get(at + 2).filter(|second| is_number(second)) else {
            return Some(at + 1);
        };
        match integer(second) {
            Some(_) => date.add_text(second)?,
            None => date.add_month(words::month(second)?)?,
        }
        if self.token(at + 3) != Some(separator) {
            return Some(at + 2);
        }
        let third = self.token(at + 4)?;
        match words::month(third) {
            Some(month) => self.parts.date.add_month(month)?,
            None => self.parts.date.add_text(third)?,
        }
        Some(at + 4)
    }

    /// Reads a number that stands alone: a part of the date, or the hour if AM or PM follows.
    fn read_plain_number(&mut self, at: usize, number: i64) -> Option<usize> {
        match self.token(at + 2).and_then(words::half) {
            Some(half) => {
                self.parts.hour = Some(in_half(number, half));
                Some(at + 2)
            }
            None => {
                self.parts.date.add_number(number)?;
                Some(at + 1)
            }
        }
    }

    /// Reads the numbers after the name of a month: `Mar-05[-2024]`, or the year in `Mar of 2024`.
    fn read_after_month(&mut self, at: usize) -> Option<usize> {
        match self.token(at + 1) {
            Some(separator @ ("-" | "/")) => {
                self.parts.date.add_text(self.token(at + 2)?)?;
                if self.token(at + 3) != Some(separator) {
                    return Some(at + 2);
                }
                self.parts.date.add_text(self.token(at + 4)?)?;
                Some(at + 4)
            }
            Some(" ") => {
                let is_of = |word: &str| word.eq_ignore_ascii_case("of");
                let has_year = self.token(at + 2).is_some_and(is_of)
                    && self.token(at + 3) == Some(" ")
                    && self.token(at + 4).is_some();
                if !has_year {
                    return Some(at);
                }
                let text = self.token(at + 4)?;
                if let Some(year) = integer(text) {
                    self.parts.date.has_short_year = text.len() <= 2;
                    self.parts.date.add_year(year)?;
                }
                Some(at + 4)
            }
            _ => Some(at),
        }
    }

    fn could_be_zone(&self, token: &str) -> bool {
        let is_name = token.bytes().all(|byte| byte.is_ascii_uppercase()) && token.len() <= 5;
        self.parts.hour.is_some() && self.parts.zone.is_none() && (is_name || words::is_utc(token))
    }

    fn read_zone(&mut self, at: usize, token: &str) {
        self.is_reversed = self.token(at + 1).is_some_and(is_sign);
        if !(self.is_reversed && words::is_utc(token)) {
            self.parts.zone = Some(token.to_owned());
        }
    }

    /// Reads the rest of an offset: `+0100`, `+01:00`, `+1`, with or without a name such as ` (CET)`.
    fn read_offset(&mut self, at: usize, sign: &str) -> Option<usize> {
        let digits = self.token(at + 1)?;
        let mut last = at + 1;
        let (hours, minutes) = if digits.len() == 4 {
            (integer(&digits[..2])?, integer(&digits[2..])?)
        } else if self.token(at + 2) == Some(":") {
            last += 2;
            (integer(digits)?, integer(self.token(at + 3)?)?)
        } else if digits.len() <= 2 {
            (integer(digits)?, 0)
        } else {
            return None;
        };
        let seconds = hours
            .checked_mul(3600)?
            .checked_add(minutes.checked_mul(60)?)?;
        let is_east = (sign == "+") != std::mem::take(&mut self.is_reversed);
        self.parts.offset = Some(if is_east { seconds } else { -seconds });
        let is_in_parentheses = self.token(last + 1).is_some_and(words::is_filler)
            && self.token(last + 2) == Some("(")
            && self.token(last + 4) == Some(")");
        let name = self.token(last + 3).filter(|name| name.len() >= 3);
        match name.filter(|name| is_in_parentheses && self.could_be_zone(name)) {
            Some(name) => {
                self.parts.zone = Some(name.to_owned());
                self.parts.has_zone_in_parentheses = true;
                Some(last + 4)
            }
            None => Some(last),
        }
    }

    /// Returns the unit of a number, and the index of the last token: the unit that follows, or the unit after that of
    /// the number before, as for the `14` in `9h14`.
    fn unit_of(&self, at: usize) -> Option<(usize, usize)> {
        let unit = |at: usize| self.token(at).and_then(words::unit);
        let is_last = at + 1 == self.tokens.len();
        if let Some(unit) = unit(at + 1) {
            Some((unit, at + 1))
        } else if self.token(at + 1) == Some(" ")
            && let Some(unit) = unit(at + 2)
        {
            Some((unit, at + 2))
        } else if let Some(unit) = at.checked_sub(1).and_then(unit) {
            Some((unit + 1, at))
        } else if is_last && at > 1 && self.token(at - 1) == Some(" ") {
            unit(at - 2).map(|unit| (unit + 1, at))
        } else {
            None
        }
    }

    fn set(&mut self, unit: usize, number: Decimal<'_>) -> Option<()> {
        match unit {
            0 => {
                self.parts.hour = Some(number.whole);
                if let Some(minutes) = number.sixtieths() {
                    self.parts.minute = Some(minutes);
                }
            }
            1 => self.set_minutes(number),
            2 => self.set_seconds(number)?,
            _ => {}
        }
        Some(())
    }

    fn set_minutes(&mut self, number: Decimal<'_>) {
        self.parts.minute = Some(number.whole);
        self.parts.second = number.sixtieths();
    }

    fn set_seconds(&mut self, number: Decimal<'_>) -> Option<()> {
        self.parts.second = Some(number.whole);
        self.parts.microsecond = integer(&format!("{:0<6.6}", number.fraction))?;
        Some(())
    }
}

fn is_sign(token: &str) -> bool {
    matches!(token, "+" | "-")
}

fn in_half(hour: i64, half: Half) -> i64 {
    match half {
        Half::Pm if hour < 12 => hour + 12,
        Half::Am if hour == 12 => 0,
        _ => hour,
    }
}

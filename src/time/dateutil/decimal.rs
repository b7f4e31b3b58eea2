//! Decimal numbers with few digits.

/// A number with or without a fraction.
#[derive(Clone, Copy)]
pub(super) struct Decimal<'t> {
    pub text: &'t str,
    pub whole: i64,
    /// The digits after the dot.
    pub fraction: &'t str,
}

impl<'t> Decimal<'t> {
    pub(super) fn new(text: &'t str) -> Option<Self> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let whole = integer(whole)?;
        let is_fraction = fraction.bytes().all(|digit| digit.is_ascii_digit());
        is_fraction.then_some(Self {
            text,
            whole,
            fraction,
        })
    }

    /// Returns the sixtieths in the fraction, rounded down, or `None` if the number is whole.
    pub(super) fn sixtieths(self) -> Option<i64> {
        /// The number of digits that are read.
        const DIGITS: u32 = 16;

        let has_fraction = self.fraction.bytes().any(|digit| digit != b'0');
        let digits = format!("{:0<1$.1$}", self.fraction, DIGITS as usize);
        has_fraction.then_some(integer(&digits)? * 60 / 10_i64.pow(DIGITS))
    }
}

/// Parses a text of digits. Returns `None` for any other text.
pub(super) fn integer(text: &str) -> Option<i64> {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| is_number)
}

//! Python's arithmetic, as far as calculating scores needs it.

use bumpalo::Bump;
use num_bigint::BigInt;

use super::python;
use crate::json::{MAX_DIGITS, Value};

/// 2 to the 53rd. Every integer up to this limit is exact as a float.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// A number: an integer of any size or a float. Booleans are the integers 0 and 1, as in Python.
#[derive(Clone, Copy, Debug)]
pub enum Number<'a> {
    Int(i64),
    BigInt(&'a str),
    Float(f64),
}

impl<'a> Number<'a> {
    /// Returns the number if the value is a number or a boolean. Texts are not parsed.
    pub fn of(value: Value<'a>) -> Option<Self> {
        match value {
            Value::Bool(value) => Some(Self::Int(value.into())),
            Value::Int(value) => Some(Self::Int(value)),
            Value::BigInt(digits) => Some(Self::BigInt(digits)),
            Value::Float(value) => Some(Self::Float(value)),
            Value::Null | Value::Str(_) | Value::Array(_) | Value::Object(_) => None,
        }
    }

    /// Returns Python's `float(number)`, or infinity where Python raises `OverflowError`.
    pub fn to_float(self) -> f64 {
        match self {
            Self::Int(value) => value as f64,
            Self::BigInt(digits) => digits.parse().unwrap_or(f64::NAN),
            Self::Float(value) => value,
        }
    }

    /// Returns whether the number is above zero.
    pub fn is_positive(self) -> bool {
        self.to_float() > 0.0
    }

    /// Returns whether `self >= other`. As in Python, an integer and a float are compared exactly.
    pub fn at_least(self, other: Self) -> bool {
        let (left, right) = (self.to_float(), other.to_float());
        // Rounding keeps the order, so only large numbers that round to the same float have to be compared exactly.
        if left != right || left.abs() < EXACT {
            return left >= right;
        }
        match (self.to_integer(), other.to_integer()) {
            (Some(left), Some(right)) => left >= right,
            _ => left >= right,
        }
    }

    /// Returns `self / other`, or infinity where Python raises `OverflowError`. `other` must not be zero.
    pub fn divided_by(self, other: Self) -> f64 {
        let (left, right) = (self.to_float(), other.to_float());
        let is_float = matches!(self, Self::Float(_)) || matches!(other, Self::Float(_));
        if is_float || left.abs().max(right.abs()) < EXACT {
            left / right
        } else {
            self.divided_exactly(other).unwrap_or(left / right)
        }
    }

    /// Divides integers that may have no exact float. Rounds only the quotient, as Python does.
    fn divided_exactly(self, other: Self) -> Option<f64> {
        /// The least number of digits of the quotient. Any number half-way between two floats has fewer digits, so
        /// rounding these digits to a float gives the same result as rounding the exact quotient.
        const QUOTIENT_DIGITS: usize = 800;

        let (left, right) = (self.to_integer()?, other.to_integer()?);
        let zeros = QUOTIENT_DIGITS + right.to_string().len();
        let left = left * BigInt::from(10).pow(zeros as u32);
        let quotient = &left / &right;
        // A digit is appended: 1 if the division has a remainder, otherwise 0. Without the 1, the quotient might look
        // half-way between two floats although the exact value is above the middle.
        let last = u8::from(&quotient * &right != left);
        format!("{quotient}{last}e-{}", zeros + 1).parse().ok()
    }

    fn to_integer(self) -> Option<BigInt> {
        match self {
            Self::Int(value) => Some(value.into()),
            Self::BigInt(digits) => digits.parse().ok(),
            // Only `at_least` converts floats, and only from 2 to the 53rd on. These have no fraction.
            Self::Float(value) if value.is_finite() && value.fract() == 0.0 => {
                format!("{value:.0}").parse().ok()
            }
            Self::Float(_) => None,
        }
    }

    /// Returns `number * 100`, which is an integer if the number is an integer, and a float if the number is a float.
    /// Returns `None` for an integer that is too long for Python to write.
    pub fn times_100(self, arena: &'a Bump) -> Option<Value<'a>> {
        let digits = match self {
            Self::Float(value) => return Some(Value::Float(value * 100.0)),
            Self::Int(value) => match value.checked_mul(100) {
                Some(product) => return Some(Value::Int(product)),
                None => value.to_string(),
            },
            Self::BigInt(digits) => digits.to_owned(),
        };
        // Appending two zeros multiplies by 100.
        let product = digits + "00";
        let is_short = product.trim_start_matches('-').len() <= MAX_DIGITS;
        is_short.then(|| Value::BigInt(arena.alloc_str(&product)))
    }
}

/// Returns Python's `float(value)` of a number or a text, or infinity where Python raises `OverflowError`.
pub fn float(value: Value<'_>) -> Option<f64> {
    match value {
        Value::Str(text) => python::parse_number(text),
        _ => Number::of(value).map(Number::to_float),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integer_division_rounds_only_once() {
        let big = Number::BigInt;
        assert_eq!(Number::Int(1).divided_by(Number::Int(3)), 1.0 / 3.0);
        assert_eq!(
            Number::Int(-9_007_199_254_740_993).divided_by(Number::Int(2)),
            -4_503_599_627_370_496.5
        );
        assert_eq!(
            Number::Int(9_007_199_254_740_993).divided_by(Number::Int(9_007_199_254_740_991)),
            1.0000000000000002
        );
        // The quotients that CPython computes for 10**30 / 3, 7 / 10**30 and 10**400 / 10**399.
        let [ten_to_30, ten_to_399, ten_to_400] =
            [30, 399, 400].map(|zeros| format!("1{}", "0".repeat(zeros)));
        assert_eq!(
            big(&ten_to_30).divided_by(Number::Int(3)),
            3.333333333333333e29
        );
        assert_eq!(Number::Int(7).divided_by(big(&ten_to_30)), 7e-30);
        assert_eq!(big(&ten_to_400).divided_by(big(&ten_to_399)), 10.0);
        assert_eq!(
            Number::Int(i64::MIN).divided_by(Number::Int(-1)),
            9_223_372_036_854_775_808.0
        );
        let ten_to_290 = format!("1{}", "0".repeat(290));
        assert_eq!(Number::Int(1).divided_by(big(&ten_to_290)), 1e-290);
        assert!(big(&ten_to_400).divided_by(Number::Int(3)).is_infinite());
    }

    #[test]
    fn integers_of_any_size_compare_exactly() {
        assert!(Number::BigInt("9223372036854775808").at_least(Number::Int(i64::MAX)));
        assert!(!Number::Int(9_007_199_254_740_992).at_least(Number::Int(9_007_199_254_740_993)));
        assert!(Number::Float(0.5).at_least(Number::Int(0)));
        assert!(
            !Number::Float(9_007_199_254_740_992.0).at_least(Number::Int(9_007_199_254_740_993))
        );
        assert!(
            Number::Int(9_007_199_254_740_993).at_least(Number::Float(9_007_199_254_740_992.0))
        );
        assert!(Number::Float(1.0).at_least(Number::Int(1)));
        assert!(!Number::Float(f64::NAN).at_least(Number::Int(1)));
        assert!(!Number::Float(f64::INFINITY).at_least(Number::Float(f64::NAN)));
    }

    #[test]
    fn an_integer_times_100_is_an_integer_and_a_float_a_float() {
        let arena = Bump::new();
        assert_eq!(Number::Int(1).times_100(&arena), Some(Value::Int(100)));
        assert_eq!(
            Number::Float(0.29).times_100(&arena),
            Some(Value::Float(28.999999999999996))
        );
        assert_eq!(
            Number::Int(i64::MAX).times_100(&arena),
            Some(Value::BigInt("922337203685477580700"))
        );
    }
}

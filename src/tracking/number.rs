//! Python's arithmetic on the numbers of an event, as far as scores need it.

use bumpalo::Bump;
use num_bigint::BigInt;

use super::json::Value;
use super::python;

/// A number: an integer of any size or a float. Booleans are the integers 0 and 1, as in Python.
#[derive(Clone, Copy, Debug)]
pub enum Number<'a> {
    Int(i64),
    BigInt(&'a str),
    Float(f64),
}

impl<'a> Number<'a> {
    /// The number that a value is; text is none.
    pub fn of(value: Value<'a>) -> Option<Self> {
        match value {
            Value::Bool(value) => Some(Self::Int(value.into())),
            Value::Int(value) => Some(Self::Int(value)),
            Value::BigInt(digits) => Some(Self::BigInt(digits)),
            Value::Float(value) => Some(Self::Float(value)),
            Value::Null | Value::Str(_) | Value::Array(_) | Value::Object(_) => None,
        }
    }

    /// `float(number)`; infinite where Python would raise an OverflowError.
    pub fn to_float(self) -> f64 {
        match self {
            Self::Int(value) => value as f64,
            Self::BigInt(digits) => digits.parse().unwrap_or(f64::NAN),
            Self::Float(value) => value,
        }
    }

    /// `number > 0`.
    pub fn is_positive(self) -> bool {
        self.to_float() > 0.0
    }

    /// `self >= other`. Two integers are compared exactly, any other pair as floats.
    pub fn at_least(self, other: Self) -> bool {
        match (self.to_integer(), other.to_integer()) {
            (Some(left), Some(right)) => left >= right,
            _ => self.to_float() >= other.to_float(),
        }
    }

    /// `self / other`, for an `other` that is not zero; infinite where Python would raise an OverflowError.
    pub fn divided_by(self, other: Self) -> f64 {
        match (self, other) {
            (Self::BigInt(_), Self::Int(_) | Self::BigInt(_)) | (Self::Int(_), Self::BigInt(_)) => {
                self.divided_exactly(other)
            }
            (Self::Int(left), Self::Int(right))
                if left.unsigned_abs().max(right.unsigned_abs()) >= 1 << 53 =>
            {
                self.divided_exactly(other)
            }
            _ => self.to_float() / other.to_float(),
        }
    }

    /// Integer division rounded once, as Python's is, where the integers themselves are not exact as floats.
    fn divided_exactly(self, other: Self) -> f64 {
        /// More bits than a float's 53, so that rounding sees what follows them.
        const QUOTIENT_BITS: i64 = 64;

        let (Some(left), Some(right)) = (self.to_integer(), other.to_integer()) else {
            return self.to_float() / other.to_float();
        };
        let shift = QUOTIENT_BITS - (left.bits() as i64 - right.bits() as i64);
        let (left, right) = if shift >= 0 {
            (left << shift.unsigned_abs(), right)
        } else {
            (left, right << shift.unsigned_abs())
        };
        let quotient = &left / &right;
        // A sticky lowest bit tells the rounding that something was cut off.
        let cut = i128::from(&quotient * &right != left);
        let quotient = i128::try_from(quotient).unwrap_or(0);
        let sticky = if quotient < 0 {
            -(-quotient | cut)
        } else {
            quotient | cut
        };
        sticky as f64 * 2f64.powi(i32::try_from(-shift).unwrap_or(i32::MAX))
    }

    fn to_integer(self) -> Option<BigInt> {
        match self {
            Self::Int(value) => Some(value.into()),
            Self::BigInt(digits) => digits.parse().ok(),
            Self::Float(_) => None,
        }
    }

    /// `number * 100`, an integer staying one.
    pub fn times_100(self, arena: &'a Bump) -> Value<'a> {
        match self {
            Self::Float(value) => Value::Float(value * 100.0),
            Self::Int(value) => match value.checked_mul(100) {
                Some(product) => Value::Int(product),
                None => Value::BigInt(arena.alloc_str(&(i128::from(value) * 100).to_string())),
            },
            // Appending the zeros is the multiplication.
            Self::BigInt(digits) => Value::BigInt(arena.alloc_str(&format!("{digits}00"))),
        }
    }
}

/// `float(value)`: a number, or text that reads as one. Infinite where Python would raise an OverflowError.
pub fn float(value: Value<'_>) -> Option<f64> {
    match value {
        Value::Str(text) => python::parse_float(text),
        _ => Number::of(value).map(Number::to_float),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integer_division_rounds_once() {
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
        // CPython: 10**30 / 3, 7 / 10**30, 10**400 / 10**399, 10**400 / 3
        let [ten_to_30, ten_to_399, ten_to_400] =
            [30, 399, 400].map(|zeros| format!("1{}", "0".repeat(zeros)));
        assert_eq!(
            big(&ten_to_30).divided_by(Number::Int(3)),
            3.333333333333333e29
        );
        assert_eq!(Number::Int(7).divided_by(big(&ten_to_30)), 7e-30);
        assert_eq!(big(&ten_to_400).divided_by(big(&ten_to_399)), 10.0);
        assert!(big(&ten_to_400).divided_by(Number::Int(3)).is_infinite());
    }

    #[test]
    fn integers_of_any_size_compare_exactly() {
        assert!(Number::BigInt("9223372036854775808").at_least(Number::Int(i64::MAX)));
        assert!(!Number::Int(9_007_199_254_740_992).at_least(Number::Int(9_007_199_254_740_993)));
        assert!(Number::Float(0.5).at_least(Number::Int(0)));
    }

    #[test]
    fn a_product_keeps_its_kind() {
        let arena = Bump::new();
        assert_eq!(Number::Int(1).times_100(&arena), Value::Int(100));
        assert_eq!(
            Number::Float(0.29).times_100(&arena),
            Value::Float(28.999999999999996)
        );
        assert_eq!(
            Number::Int(i64::MAX).times_100(&arena),
            Value::BigInt("922337203685477580700")
        );
    }
}

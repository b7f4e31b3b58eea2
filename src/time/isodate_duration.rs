//! Durations as the isodate library prints them: `PT3M15S`, and `P0D` for zero.

use std::fmt::{self, Display};

const SECOND: i128 = 1_000_000;
const DAY: i128 = 86_400 * SECOND;

/// A duration in microseconds, as a Python timedelta holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct IsodateDuration(i128);

impl IsodateDuration {
    pub(crate) const ZERO: Self = Self(0);

    pub(crate) fn is_negative(self) -> bool {
        self.0 < 0
    }

    /// The seconds, with a fraction if they have one, such as `195.12`.
    pub(crate) fn seconds(self) -> impl Display {
        let (sign, microseconds) = (if self.0 < 0 { "-" } else { "" }, self.0.abs());
        let (seconds, fraction) = (microseconds / SECOND, microseconds % SECOND);
        let fraction = match fraction {
            0 => String::new(),
            _ => format!(".{fraction:06}"),
        };
        format!("{sign}{seconds}{}", fraction.trim_end_matches('0'))
    }

    /// Converts a whole number of seconds. Returns `None` if Python's timedelta cannot hold it.
    pub(crate) fn from_seconds(seconds: i64) -> Option<Self> {
        Self::from_microseconds(i128::from(seconds) * SECOND)
    }

    /// Converts seconds, rounded to the microsecond. Returns `None` if Python's timedelta cannot hold them.
    pub(crate) fn from_seconds_f64(seconds: f64) -> Option<Self> {
        if seconds.abs() < 1e15 {
            Self::from_microseconds(rounded(seconds))
        } else {
            None
        }
    }

    /// Returns `None` if Python's timedelta cannot hold the duration: a billion days or more, or less than -999,999,999
    /// days.
    fn from_microseconds(microseconds: i128) -> Option<Self> {
        const LIMIT: i128 = 1_000_000_000 * DAY;
        (DAY - LIMIT..LIMIT)
            .contains(&microseconds)
            .then_some(Self(microseconds))
    }
}

/// Converts seconds to microseconds, rounded half to even. Converts the whole seconds and the rest separately, as
/// CPython's `accum` does, because that affects the rounding.
fn rounded(seconds: f64) -> i128 {
    let whole = seconds.trunc();
    let microseconds = (seconds - whole) * SECOND as f64;
    let sum = whole as i128 * SECOND + microseconds.trunc() as i128;
    let rest = microseconds.fract();
    let up = rest.round();
    if (up - rest).abs() != 0.5 {
        return sum + up as i128;
    }
    let odd = (sum & 1) as f64;
    sum + (2.0 * ((rest + odd) * 0.5).round() - odd) as i128
}

impl Display for IsodateDuration {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let microseconds = self.0.abs();
        let (days, rest) = (microseconds / DAY, microseconds % DAY);
        let (seconds, fraction) = (rest / SECOND, rest % SECOND);
        write!(formatter, "{sign}P")?;
        if days > 0 {
            write!(formatter, "{days}D")?;
        }
        if rest > 0 {
            formatter.write_str("T")?;
            for (count, unit) in [(seconds / 3600, "H"), (seconds / 60 % 60, "M")] {
                if count > 0 {
                    write!(formatter, "{count}{unit}")?;
                }
            }
            let seconds = seconds % 60;
            if fraction > 0 {
                let digits = format!("{fraction:06}");
                write!(formatter, "{seconds}.{}S", digits.trim_end_matches('0'))?;
            } else if seconds > 0 {
                write!(formatter, "{seconds}S")?;
            }
        } else if days == 0 {
            formatter.write_str("0D")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The expected texts were printed by isodate, from timedeltas of CPython.
    #[test]
    fn durations_print_as_isodate_prints_them() {
        for (seconds, printed) in [
            (0.0, Some("P0D")),
            (-0.0, Some("P0D")),
            (0.5, Some("PT0.5S")),
            (1.0, Some("PT1S")),
            (59.9999995, Some("PT1M")),
            (59.9999985, Some("PT59.999998S")),
            (60.0, Some("PT1M")),
            (61.5, Some("PT1M1.5S")),
            (195.0, Some("PT3M15S")),
            (195.123, Some("PT3M15.123S")),
            (3600.0, Some("PT1H")),
            (3661.001, Some("PT1H1M1.001S")),
            (86400.0, Some("P1D")),
            (90061.5, Some("P1DT1H1M1.5S")),
            (5e-07, Some("P0D")),
            (1.5e-06, Some("PT0.000002S")),
            (-5e-07, Some("P0D")),
            (1e-09, Some("P0D")),
            (-5.0, Some("-PT5S")),
            (-90061.25, Some("-P1DT1H1M1.25S")),
            (10000000000000.0, Some("P115740740DT17H46M40S")),
            (86399999999999.0, Some("P999999999DT23H59M59S")),
            (86400000000000.0, None),
            (-86399999913600.0, Some("-P999999999D")),
            (-86399999913601.0, None),
            (1e+300, None),
        ] {
            let duration = IsodateDuration::from_seconds_f64(seconds);
            assert_eq!(
                duration.map(|duration| duration.to_string()).as_deref(),
                printed,
                "{seconds}"
            );
        }
        let seconds = |seconds| {
            IsodateDuration::from_seconds_f64(seconds)
                .unwrap()
                .seconds()
                .to_string()
        };
        assert_eq!(
            [0.0, 90061.5, 10.0004, -5.25].map(seconds),
            ["0", "90061.5", "10.0004", "-5.25"]
        );
        assert_eq!(
            IsodateDuration::from_seconds(195).map(|duration| duration.to_string()),
            Some("PT3M15S".into())
        );
    }
}

//! Durations as the tincan library prints them: `PT03M15S`, two digits for each unit but the day.

use std::fmt::{self, Display};

/// A duration, printed as by tincan's `jsonify_timedelta`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TincanDuration {
    seconds: f64,
}

impl TincanDuration {
    /// Converts seconds. Returns `None` if Python's timedelta cannot hold them: a billion days or more, or less than
    /// -999,999,999 days.
    pub(crate) fn from_seconds(seconds: f64) -> Option<Self> {
        const LIMIT: f64 = 1e9 * 86_400.0;
        (86_400.0 - LIMIT..LIMIT)
            .contains(&seconds)
            .then_some(Self { seconds })
    }
}

impl Display for TincanDuration {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // tincan divides as Python does, which rounds quotients down. So only the days of a negative duration are
        // negative.
        let (minutes, seconds) = divide(self.seconds, 60.0);
        let (hours, minutes) = divide(minutes, 60.0);
        let (days, hours) = divide(hours, 24.0);
        formatter.write_str("P")?;
        if days != 0.0 {
            write!(formatter, "{days}D")?;
        }
        formatter.write_str("T")?;
        if days != 0.0 || hours != 0.0 {
            write!(formatter, "{hours:02}H")?;
        }
        if days != 0.0 || hours != 0.0 || minutes != 0.0 {
            write!(formatter, "{minutes:02}M")?;
        }
        let rounded = format!("{seconds:09.6}");
        write!(
            formatter,
            "{}S",
            rounded.trim_end_matches('0').trim_end_matches('.')
        )
    }
}

/// Returns the quotient, rounded down, and the remainder, as Python's `divmod` does. The divisor must be positive.
fn divide(dividend: f64, divisor: f64) -> (f64, f64) {
    let remainder = dividend.rem_euclid(divisor);
    // Adding 0.0 turns -0.0 into 0.0, so that no minus sign is printed.
    (
        ((dividend - remainder) / divisor).round() + 0.0,
        remainder + 0.0,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The expected texts were printed by tincan.
    #[test]
    fn durations_print_as_tincan_prints_them() {
        for (seconds, printed) in [
            (0.0, Some("PT00S")),
            (-0.0, Some("PT00S")),
            (1.0, Some("PT01S")),
            (9.5, Some("PT09.5S")),
            (10.0, Some("PT10S")),
            (59.999, Some("PT59.999S")),
            (60.0, Some("PT01M00S")),
            (195.0, Some("PT03M15S")),
            (195.123, Some("PT03M15.123S")),
            (3600.0, Some("PT01H00M00S")),
            (3661.001, Some("PT01H01M01.001S")),
            (86400.0, Some("P1DT00H00M00S")),
            (90061.5, Some("P1DT01H01M01.5S")),
            (10000000.0, Some("P115DT17H46M40S")),
            (123456789.012, Some("P1428DT21H33M09.012S")),
            (-5.0, Some("P-1DT23H59M55S")),
            (-0.001, Some("P-1DT23H59M59.999S")),
            (-86400.0, Some("P-1DT00H00M00S")),
            (-90061.5, Some("P-2DT22H58M58.5S")),
            (10000000000000.0, Some("P115740740DT17H46M40S")),
            (86399999999999.0, Some("P999999999DT23H59M59S")),
            (86400000000000.0, None),
            (-86399999913600.0, Some("P-999999999DT00H00M00S")),
            (-86399999913601.0, None),
        ] {
            assert_eq!(
                TincanDuration::from_seconds(seconds)
                    .map(|duration| duration.to_string())
                    .as_deref(),
                printed,
                "{seconds}"
            );
        }
    }
}

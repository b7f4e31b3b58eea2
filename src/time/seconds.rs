//! Durations of options, in seconds.

use std::time::Duration;

/// Parses a number of seconds. Returns `None` if it is less than 0.001 (a millisecond) or more than 86400 (a day).
pub(crate) fn parse_seconds(text: &str) -> Option<Duration> {
    let seconds = text.parse().ok();
    seconds
        .filter(|seconds| (0.001..=86400.0).contains(seconds))
        .map(Duration::from_secs_f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_numbers_from_a_thousandth_to_a_day() {
        assert_eq!(parse_seconds("0.5"), Some(Duration::from_millis(500)));
        for text in ["0", "-1", "NaN", "inf", "1e9", "1s", ""] {
            assert_eq!(parse_seconds(text), None, "{text}");
        }
    }
}

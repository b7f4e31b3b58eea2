//! The values of `--fail-on`.

use crate::run::{FailOn, FailingLines, Limit};

/// Parses a value of `--fail-on`, such as `empty`, `rejected`, `rejected=100` or `unparsable=0.1%`.
///
/// # Errors
/// Returns a message that says how to write the value.
pub fn parse_fail_on(text: &str) -> Result<FailOn, String> {
    let (outcome, limit) = match text.split_once('=') {
        Some((outcome, limit)) => (outcome, Some(limit)),
        None => (text, None),
    };
    let lines = match outcome {
        "empty" if limit.is_some() => return Err("`empty` takes no limit".to_owned()),
        "empty" => return Ok(FailOn::Empty),
        "rejected" => FailingLines::Rejected,
        "unparsable" => FailingLines::Unparsable,
        "collision" => FailingLines::Collision,
        _ => return Err("give rejected, unparsable, collision or empty".to_owned()),
    };
    let limit = match limit {
        None => Limit::Lines(0),
        Some(limit) => parse_limit(limit).ok_or_else(|| {
            format!("write the limit as a number of lines, `{outcome}=100`, or as a share of at most 100%, `{outcome}=0.5%`")
        })?,
    };
    Ok(FailOn::Lines(lines, limit))
}

fn parse_limit(text: &str) -> Option<Limit> {
    match text.strip_suffix('%') {
        Some(share) => parse_share(share).map(Limit::Share),
        None => digits(text)?.parse().ok().map(Limit::Lines),
    }
}

/// Parses a per cent with up to six decimals, exactly.
fn parse_share(text: &str) -> Option<u32> {
    const DECIMALS: usize = 6;

    let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
    let whole: u32 = digits(whole)?.parse().ok()?;
    if digits(decimals)?.len() > DECIMALS {
        return None;
    }
    let decimals: u32 = format!("{decimals:0<DECIMALS$}").parse().ok()?;
    let share = whole.checked_mul(Limit::PER_CENT)?.checked_add(decimals)?;
    (share <= 100 * Limit::PER_CENT).then_some(share)
}

/// Returns the text if it has only digits, at least one.
fn digits(text: &str) -> Option<&str> {
    let are_digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    are_digits.then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_numbers_of_lines_or_exact_shares() {
        for (text, limit) in [
            ("rejected", Some(Limit::Lines(0))),
            ("rejected=0", Some(Limit::Lines(0))),
            ("rejected=100", Some(Limit::Lines(100))),
            ("rejected=5%", Some(Limit::Share(5_000_000))),
            ("rejected=0.1%", Some(Limit::Share(100_000))),
            ("rejected=0.000001%", Some(Limit::Share(1))),
            ("rejected=100%", Some(Limit::Share(100_000_000))),
            ("rejected=", None),
            ("rejected=%", None),
            ("rejected=.5%", None),
            ("rejected=5.%", None),
            ("rejected=5 %", None),
            ("rejected=+5", None),
            ("rejected=-1", None),
            ("rejected=1.5", None),
            ("rejected=100.1%", None),
            ("rejected=4294967296%", None),
            ("rejected=0.0000001%", None),
            ("rejected=99999999999999999999", None),
            ("rejected=5%=5%", None),
            ("Rejected", None),
            ("emitted", None),
            ("", None),
        ] {
            let parsed = parse_fail_on(text);
            let expected = limit.map(|limit| FailOn::Lines(FailingLines::Rejected, limit));
            assert_eq!(parsed.ok(), expected, "{text}");
        }
        assert_eq!(parse_fail_on("empty"), Ok(FailOn::Empty));
        assert!(parse_fail_on("empty=1").is_err());
    }
}

//! Values of options: numbers in a range, and sizes in bytes such as `32M`.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;

use parse_size::Config;

/// Returns a parser of sizes in this range of bytes. The units K, M and G are powers of 1,024.
pub(super) fn size_in(range: RangeInclusive<u64>) -> impl Fn(&str) -> Result<u64, String> + Clone {
    move |text| {
        let parser = Config::new().with_binary();
        let bytes = parser.parse_size(text);
        let bytes = bytes.map_err(|_| "expected bytes, such as 33554432 or 32M".to_owned())?;
        if range.contains(&bytes) {
            Ok(bytes)
        } else {
            let (least, most) = (range.start(), range.end());
            Err(format!("expected {least} to {most} bytes"))
        }
    }
}

/// Returns a parser of whole numbers in this range.
pub(super) fn number_in<N: FromStr + PartialOrd + Display + Clone>(
    range: RangeInclusive<N>,
) -> impl Fn(&str) -> Result<N, String> + Clone {
    move |text| {
        let number = text.parse().ok().filter(|number| range.contains(number));
        let (least, most) = (range.start(), range.end());
        number.ok_or_else(|| format!("expected a whole number from {least} to {most}"))
    }
}

#[cfg(test)]
mod tests {
    use super::size_in;

    #[test]
    fn sizes_have_units_and_a_range() {
        let parse = size_in(1..=1 << 30);
        for (text, bytes) in [
            ("1", 1),
            ("33554432", 32 << 20),
            ("32M", 32 << 20),
            ("32MiB", 32 << 20),
            ("32m", 32 << 20),
            ("64k", 64 << 10),
            ("1G", 1 << 30),
        ] {
            assert_eq!(parse(text), Ok(bytes), "{text}");
        }
        for text in ["", "M", "-1", "32X", "0", "2G", "99999999999999999999"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}

//! Times that are in UTC without saying so, or that are nearly ISO 8601.

use bumpalo::Bump;

use crate::json::{JsonObject, Value};
use crate::time::Timestamp;
use crate::tracking::{TrackingEvent, format_in};

/// Returns the event with times in ISO 8601 with an offset.
pub fn repaired<'a>(event: &TrackingEvent<'a>, arena: &'a Bump) -> Option<JsonObject<'a>> {
    let mut root = event.root();
    let mut is_changed = false;
    for key in ["timestamp", "time"] {
        if let Some(Value::Str(text)) = root.get(key)
            && let Some(time) = with_offset(text, arena)
        {
            root = root.with(key, Value::Str(time), arena);
            is_changed = true;
        }
    }
    is_changed.then_some(root)
}

/// Returns a time as ISO 8601 with an offset. Returns `None` if the time is already taken, or cannot be repaired. The
/// digits of the fraction stay as they are, since statement ids are made of the text.
fn with_offset<'a>(text: &str, arena: &'a Bump) -> Option<&'a str> {
    if Timestamp::parse(text).is_some() {
        return None;
    }
    let text = text.trim();
    let (date, rest) = text.split_once(['T', 't', ' '])?;
    let rest = rest.trim_start();
    let end = rest
        .find(|c: char| !c.is_ascii_digit() && !matches!(c, ':' | '.' | ','))
        .unwrap_or(rest.len());
    let (time, offset) = rest.split_at(end);
    let is_full = date.matches('-').count() == 2 && time.contains(':');
    let offset = match offset.trim() {
        "" | "Z" | "z" | "UTC" | "GMT" | "-00:00" => "+00:00",
        offset if offset.starts_with(['+', '-']) => offset,
        _ => return None,
    };
    let repaired = format_in(arena, format_args!("{date}T{time}{offset}"));
    (is_full && Timestamp::parse(repaired).is_some()).then_some(repaired)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_without_an_offset_is_utc_and_keeps_the_digits_of_its_fraction() {
        let arena = Bump::new();
        for (time, expected) in [
            (
                "2012-10-01 09:14:07.120334",
                Some("2012-10-01T09:14:07.120334+00:00"),
            ),
            ("2013-06-08T23:29:58.3", Some("2013-06-08T23:29:58.3+00:00")),
            ("2013-06-08T23:29:58", Some("2013-06-08T23:29:58+00:00")),
            ("2013-06-08 23:29:58 UTC", Some("2013-06-08T23:29:58+00:00")),
            (" 2013-06-08T23:29:58Z ", Some("2013-06-08T23:29:58+00:00")),
            ("2013-06-08t23:29:58z", Some("2013-06-08T23:29:58+00:00")),
            (
                "2013-06-08T23:29:58-00:00",
                Some("2013-06-08T23:29:58+00:00"),
            ),
            (
                "2013-06-08 23:29:58.5-04:00",
                Some("2013-06-08T23:29:58.5-04:00"),
            ),
            (
                "2013-06-08 23:29:58 +0530",
                Some("2013-06-08T23:29:58+0530"),
            ),
            // These are taken as they are.
            ("2013-06-08T23:29:58Z", None),
            ("2013-06-08T23:29:58+02:00", None),
            // These name another zone, or no moment.
            ("2013-06-08 23:29:58 EST", None),
            ("2013-06-08 23:29:58 PM", None),
            ("2013-06-08", None),
            ("2013-06 23:29:58", None),
            ("2013-06-31 23:29:58", None),
            ("23:29:58", None),
            ("08/06/2013 23:29:58", None),
            ("", None),
        ] {
            assert_eq!(with_offset(time, &arena), expected, "{time}");
        }
    }
}

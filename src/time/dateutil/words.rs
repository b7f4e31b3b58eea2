//! The words of times, in any case (dateutil's `parserinfo`).

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

const WEEKDAYS: [&str; 7] = [
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
];

/// Words and characters without a meaning of their own.
const FILLERS: [&str; 18] = [
    " ", ".", ",", ";", "-", "/", "'", "at", "on", "and", "ad", "m", "t", "of", "st", "nd", "rd",
    "th",
];

/// A half of the day.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Half {
    Am,
    Pm,
}

/// Returns the number of a month that is named in full or by its first three letters.
pub(super) fn month(word: &str) -> Option<i64> {
    let word = word.to_ascii_lowercase();
    let nth = MONTHS
        .iter()
        .position(|name| is_name(name, &word) || *name == "september" && word == "sept");
    nth.map(|nth| nth as i64 + 1)
}

/// Returns whether the word is a day of the week, in full or by its first three letters.
pub(super) fn is_weekday(word: &str) -> bool {
    let word = word.to_ascii_lowercase();
    WEEKDAYS.iter().any(|name| is_name(name, &word))
}

fn is_name(name: &str, word: &str) -> bool {
    name == word || &name[..3] == word
}

/// Returns the index of a unit of time: 0 for hours, 1 for minutes, 2 for seconds.
pub(super) fn unit(word: &str) -> Option<usize> {
    match &*word.to_ascii_lowercase() {
        "h" | "hour" | "hours" => Some(0),
        "m" | "minute" | "minutes" => Some(1),
        "s" | "second" | "seconds" => Some(2),
        _ => None,
    }
}

pub(super) fn half(word: &str) -> Option<Half> {
    match &*word.to_ascii_lowercase() {
        "am" | "a" => Some(Half::Am),
        "pm" | "p" => Some(Half::Pm),
        _ => None,
    }
}

pub(super) fn is_filler(word: &str) -> bool {
    FILLERS.contains(&&*word.to_ascii_lowercase())
}

/// Returns whether the word is a name of UTC.
pub(super) fn is_utc(word: &str) -> bool {
    matches!(word, "UTC" | "GMT" | "Z" | "z")
}

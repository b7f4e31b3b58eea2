//! Numbers and counts as text.

/// Returns a number with commas between its thousands.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (nth, digit) in digits.chars().enumerate() {
        if nth > 0 && (digits.len() - nth).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Returns reason codes with their counts, such as `not-json 3, too-long 1`.
pub fn reasons_text(reasons: impl IntoIterator<Item = (&'static str, u64)>) -> String {
    let texts = reasons.into_iter();
    let texts: Vec<String> = texts
        .map(|(code, count)| format!("{code} {}", grouped(count)))
        .collect();
    texts.join(", ")
}

/// Returns the ending of a noun after a number: `s` unless the number is 1.
pub fn plural(count: u64) -> &'static str {
    if count == 1 { "" } else { "s" }
}

/// Returns a row of the summary: a count, its name, and an optional detail.
pub fn row(count: u64, name: &str, detail: &str) -> String {
    let gap = if detail.is_empty() { "" } else { "  " };
    format!("{:>15} {name}{gap}{detail}", grouped(count))
}

//! Counts as rows of the summary.

use crate::text::grouped;

/// Returns reason codes with their counts, such as `not-json 3, too-long 1`.
pub fn reasons_text(reasons: impl IntoIterator<Item = (&'static str, u64)>) -> String {
    let texts = reasons.into_iter();
    let texts: Vec<String> = texts
        .map(|(code, count)| format!("{code} {}", grouped(count)))
        .collect();
    texts.join(", ")
}

/// Returns a row of the summary, or `None` if the count is zero.
pub fn row_of_some(count: u64, name: &str, detail: &str) -> Option<String> {
    (count > 0).then(|| row(count, name, detail))
}

/// Returns a row of the summary: a count, its name, and an optional detail.
pub fn row(count: u64, name: &str, detail: &str) -> String {
    let gap = if detail.is_empty() { "" } else { "  " };
    format!("{:>15} {name}{gap}{detail}", grouped(count))
}

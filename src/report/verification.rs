//! The records that servers hold, as text and as JSON.

use serde::Serialize;
use uuid::Uuid;

use super::text::row_of_some;
use crate::send::{Target, Verification, VerificationCounts};
use crate::text::{grouped, noun};

/// The result of verifying a router.
#[derive(Serialize)]
pub struct VerificationJson<'a> {
    router: &'a str,
    #[serde(flatten)]
    counts: VerificationCounts,
    sample_of: Option<u64>,
    requests: u64,
    retries: u64,
    seconds: f64,
    /// The records that are missing or different, in the order of their lines.
    differing: Vec<DifferingJson<'a>>,
}

#[derive(Serialize)]
struct DifferingJson<'a> {
    file: &'a str,
    line: u64,
    /// Absent for the first byte of the line.
    #[serde(skip_serializing_if = "Option::is_none")]
    byte: Option<u64>,
    id: Uuid,
    /// `missing` or `different`.
    held: &'static str,
}

impl<'a> VerificationJson<'a> {
    pub fn new(target: &'a Target, verification: &'a Verification) -> Self {
        let requests = &target.statistics().requests;
        let differing = verification.differing().iter();
        let differing = differing.map(|record| DifferingJson {
            file: &record.origin.file,
            line: record.origin.line,
            byte: record.origin.byte,
            id: record.id,
            held: match record.is_missing {
                true => "missing",
                false => "different",
            },
        });
        Self {
            router: &target.name,
            counts: verification.counts(),
            sample_of: verification.sample_of,
            requests: target.request_count(),
            retries: requests.retries,
            seconds: (requests.elapsed().as_secs_f64() * 1000.0).round() / 1000.0,
            differing: differing.collect(),
        }
    }
}

/// Returns the counts of a target whose records were verified, as rows of text.
pub fn verification_text(target: &Target, verification: &Verification) -> String {
    let counts = verification.counts();
    let made = target.request_count();
    let requests = &target.statistics().requests;
    let repeated = match requests.retries {
        0 => String::new(),
        retries => format!("{} repeated, ", grouped(retries)),
    };
    let speed = format!("{repeated}in {:.1} s", requests.elapsed().as_secs_f64());
    let sample = match verification.sample_of {
        Some(all) => format!("a sample of {}; `--all` checks all", grouped(all)),
        None => String::new(),
    };
    let of_collisions = "other lines have the same id and other content; one of them is stored";
    let rows = [
        row_of_some(counts.checked, "checked", &sample),
        row_of_some(counts.same, "same", ""),
        row_of_some(counts.different, "different", ""),
        row_of_some(counts.missing, "missing", ""),
        row_of_some(counts.collisions, "collisions", of_collisions),
        row_of_some(counts.unverified, "unverified", "cannot be compared"),
        row_of_some(counts.left, "left", "not checked when the run stopped"),
        row_of_some(made, noun(made, "requests"), &speed),
    ];
    let rows = rows.into_iter().flatten();
    let rows: Vec<String> = std::iter::once(target.name.clone()).chain(rows).collect();
    rows.join("\n")
}

//! The refusals of a server that has accepted nothing in this run.

use std::collections::HashMap;

use super::dead_letters::Undeliverable;
use super::kept_back::GivenUp;
use super::masked_answer::masked_answer;
use super::tripped::Tripped;

/// The number of records refused with the same answer after which a trial begins.
const EQUAL_REFUSALS: usize = 20;

/// The number of refused records after which a trial begins, whatever the answers. It limits the memory for batches that
/// are kept back.
const REFUSALS: usize = 100;

/// The refusals by their masked answers.
#[derive(Default)]
pub struct Refusals(HashMap<String, EqualRefusals>);

/// The refusals with the same answer.
struct EqualRefusals {
    /// The number of refused records.
    count: usize,
    /// The reason of the first refusal.
    reason: Undeliverable,
    /// The status and the text of the first answer.
    status: Option<u16>,
    answer: String,
}

impl Refusals {
    /// Adds refused records. Returns whether there are so many now that a trial begins.
    pub fn add(&mut self, given_up: &GivenUp) -> bool {
        let GivenUp {
            reason,
            status,
            answer,
            ..
        } = given_up;
        let key = format!("{status:?} {}", masked_answer(answer));
        let equal = self.0.entry(key).or_insert_with(|| EqualRefusals {
            count: 0,
            reason: *reason,
            status: *status,
            answer: answer.clone(),
        });
        equal.count += given_up.records.len();
        equal.count >= EQUAL_REFUSALS || self.count() >= REFUSALS
    }

    fn count(&self) -> usize {
        self.0.values().map(|equal| equal.count).sum()
    }

    /// Returns the reason to stop after a trial in which the server has accepted no record.
    pub fn tripped(&self) -> Option<Tripped> {
        let most = self.0.values().max_by_key(|equal| equal.count)?;
        let refused = self.count();
        let advice = match (most.reason, most.status) {
            (Undeliverable::Unacknowledged, _) => format!(
                "the server neither lists nor returns any of {refused} records: check the URL, and whether the server stores what it accepts"
            ),
            (Undeliverable::TooLarge, _) => format!(
                "each of {refused} records that were sent alone is too large: raise the limit of the server, or of a proxy before it, such as `client_max_body_size` of nginx"
            ),
            (Undeliverable::Unavailable, _) => format!(
                "{refused} records that the server may have cannot be looked up because of this answer"
            ),
            (_, Some(409)) => format!(
                "none of {refused} records that were sent alone was accepted, and the server does not show that it holds them: if it has all records, they need not be sent again; otherwise check the URL, the credentials and the headers"
            ),
            _ => format!(
                "none of {refused} records that were sent alone was accepted: check the URL, the credentials and the headers"
            ),
        };
        Some(Tripped {
            status: most.status,
            answer: most.answer.clone(),
            advice: Some(format!("{advice}; no dead letters were written")),
        })
    }
}

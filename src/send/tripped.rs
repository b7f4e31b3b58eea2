//! The reasons why the breaker of a target stops a run.

use super::kept_back::{GivenUp, KeptBack};

/// The remedy if only bad records are sent in a run.
const HINT_ALONE: &str = "if it answers so to these records only (a firewall may forbid single records), run again once there are others to send";

/// The remedy if all records of small batches are bad, so that a run stops at the same position each time.
const HINT: &str = "if it answers so to these records only, use a larger `--batch-size`, so that other records are in the same batch";

/// The reason why the breaker stops a run.
#[derive(Debug, PartialEq, Eq)]
pub struct Tripped {
    /// The status of an answer of the server, if there was an answer.
    pub status: Option<u16>,
    /// The text of the answer, or the reason why there was no answer.
    pub answer: String,
    /// A sentence that says what happened and what to do, unless the answer says enough.
    pub advice: Option<String>,
}

impl Tripped {
    /// Returns the reason to stop if the server fails or does not answer.
    /// `is_doubted` says that the server has failed at known records too.
    pub fn unavailable(kept_back: &[KeptBack], is_proven: bool, is_doubted: bool) -> Option<Self> {
        let batches = kept_back
            .iter()
            .filter(|kept| kept.is_unavailable())
            .count();
        let plural = if batches == 1 { "" } else { "es" };
        let last = last(kept_back, GivenUp::is_unavailable)?;
        let hint = last.status.and(hint(kept_back, is_proven));
        let hint = hint.map_or_else(String::new, |hint| format!("; {hint}"));
        let (state, of_last) = match (is_doubted, is_proven, last.status) {
            (true, ..) => (
                "the server takes the same record at one time and not at another: run again when it is less busy, or with `--connections 1`",
                " for the last batches",
            ),
            (_, true, _) => (
                "the server has accepted nothing since: run again when it is back",
                " for the last batches",
            ),
            (_, _, Some(_)) => (
                "nothing was delivered: run again when the server is back",
                "",
            ),
            (_, _, None) => (
                "nothing was delivered: check the host and the port, or run again when the server is back",
                "",
            ),
        };
        Some(Self {
            status: last.status,
            answer: last.answer.clone(),
            advice: Some(format!(
                "{batches} batch{plural} failed after all retries, and {state}; no dead letters were written{of_last}{hint}"
            )),
        })
    }

    /// Returns the reason to stop if the server answers 403.
    pub fn forbidden(kept_back: &[KeptBack], is_proven: bool) -> Option<Self> {
        let last = last(kept_back, GivenUp::is_forbidden)?;
        Some(Self {
            status: last.status,
            answer: last.answer.clone(),
            advice: hint(kept_back, is_proven).map(str::to_owned),
        })
    }
}

/// Returns a hint if bad records may be the reason why the last batches failed, because the batches are small.
fn hint(kept_back: &[KeptBack], is_proven: bool) -> Option<&'static str> {
    const SMALL: usize = 10;
    let is_small = |kept: &KeptBack| kept.batch.items().len() <= SMALL;
    let hint = match kept_back.len() {
        1 if is_proven => return None,
        1 => HINT_ALONE,
        _ => HINT,
    };
    kept_back.iter().all(is_small).then_some(hint)
}

/// Returns the last records that were given up for a reason.
fn last(kept_back: &[KeptBack], has_reason: impl Fn(&GivenUp) -> bool) -> Option<&GivenUp> {
    let all = kept_back.iter().rev();
    let mut all = all.flat_map(|kept| kept.rest.given_up.iter().rev());
    all.find(|given_up| has_reason(given_up))
}

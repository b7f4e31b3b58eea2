//! The lookup of a few of the records that an answer does not list.

use std::time::{Duration, Instant};

use super::rate_limiter::Stopped;
use super::retry::Requester;
use super::send_batch::BatchItem;
use super::server::Lookup;

/// The result of looking up some of the records that an answer does not list.
#[derive(Clone, Copy)]
pub enum Sample {
    Stored,
    /// The server may not be asked.
    Unverified,
    /// The server does not have a record.
    Missing,
    /// Nothing shows that the server stores records at all.
    Unconfirmed,
}

/// The most records that are looked up for an answer.
const SAMPLE_SIZE: usize = 5;

/// The time in which a server must show a record that it has accepted.
const VISIBLE_WITHIN: Duration = Duration::from_secs(60);

impl Requester<'_> {
    /// Looks up some of the records that an answer does not list.
    ///
    /// # Errors
    /// Returns `Stopped` if the target is stopped meanwhile.
    pub fn sample(
        self,
        unlisted: &[(&BatchItem, &[u8])],
        is_trusted: bool,
    ) -> Result<Sample, Stopped> {
        let until = Instant::now() + VISIBLE_WITHIN;
        let step = unlisted.len().div_ceil(SAMPLE_SIZE).max(1);
        let (mut is_found, mut is_missing) = (is_trusted, false);
        for record in unlisted.iter().step_by(step) {
            match self.look_up(*record, u32::MAX, Some(until))? {
                Lookup::Same => is_found = true,
                Lookup::Unverified => return Ok(Sample::Unverified),
                Lookup::Different => (is_found, is_missing) = (true, true),
                Lookup::Missing | Lookup::Unavailable(_) => is_missing = true,
            }
            if is_found && is_missing {
                return Ok(Sample::Missing);
            }
        }
        Ok(match is_missing {
            false => Sample::Stored,
            true => Sample::Unconfirmed,
        })
    }
}

//! The lookup of a few records that the server's answer does not list.

use std::time::{Duration, Instant};

use super::rate_limiter::Stopped;
use super::retry::Requester;
use super::send_batch::BatchItem;
use super::server::Lookup;
use super::verdict::Trust;

/// The result of looking up some of the records that the server's answer does not list.
#[derive(Clone, Copy)]
pub enum Sample {
    /// The server has all records that were looked up.
    Stored,
    /// The server stores records, but a record could not be looked up or compared, for example because the credentials do
    /// not allow reading.
    Unverified,
    /// The server stores records, but at least one of the records that were looked up was not found.
    Missing,
    /// The server returned no record, and nothing shows that it stores records at all.
    Unconfirmed,
}

/// The most records that are looked up for one answer of the server.
const SAMPLE_SIZE: usize = 5;

/// The time in which a lookup must find a record that the server has accepted. Some servers show new records late.
const VISIBLE_WITHIN: Duration = Duration::from_secs(60);

impl Requester<'_> {
    /// Looks up some of the unlisted records, given how far the answer shows that a server of the right kind wrote it.
    ///
    /// # Errors
    /// Returns `Stopped` if the target is stopped meanwhile.
    pub fn sample(self, unlisted: &[(&BatchItem, &[u8])], trust: Trust) -> Result<Sample, Stopped> {
        let until = Instant::now() + VISIBLE_WITHIN;
        let step = unlisted.len().div_ceil(SAMPLE_SIZE).max(1);
        let is_proven = trust == Trust::Proof || self.target.breaker().is_proven();
        let (mut is_found, mut is_missing) = (trust != Trust::Nothing, false);
        for record in unlisted.iter().step_by(step) {
            match self.look_up(*record, u32::MAX, Some(until))? {
                Lookup::Same => is_found = true,
                Lookup::Unverified(_) if is_proven && !is_missing => return Ok(Sample::Unverified),
                Lookup::Unverified(_) => return Ok(Sample::Unconfirmed),
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

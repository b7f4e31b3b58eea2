//! The recognition of a server that cannot read compressed bodies.

use super::batch_failures::RetryLimits;
use super::masked_answer::masked_answer;
use super::rate_limiter::Stopped;
use super::retry::Requester;
use super::send_batch::BatchSlice;
use super::server::FinalAnswer;
use super::target::status_of;
use super::verdict::Verdict;

/// The advice if the server accepts uncompressed bodies only.
pub const ADVICE: &str = "the server refuses gzip bodies: leave `--compress-requests` out";

impl Requester<'_> {
    /// Posts records again without compression if the compression may be the reason why the server does not accept
    /// them. Until the server has read a compressed body, or has given the same answer without compression, this holds for
    /// every refusal. Later it holds for a 415, and for single records until one of them is refused without compression.
    /// Returns the verdict if the server reads the uncompressed body.
    ///
    /// # Errors
    /// Returns `Stopped` if the target is stopped meanwhile.
    pub fn post_uncompressed(
        self,
        records: BatchSlice<'_>,
        body: &[u8],
        (verdict, last): (&Verdict, &FinalAnswer),
    ) -> Result<Option<(Verdict, FinalAnswer)>, Stopped> {
        let gzip = &self.target.status.gzip;
        if !self.target.client.compress {
            return Ok(None);
        }
        if is_read(verdict) {
            gzip.set_known();
            return Ok(None);
        }
        let status = status_of(&last.answer);
        let is_known = gzip.is_known();
        let is_suspect = match status {
            Some(415) => true,
            Some(400 | 422 | 501) if !is_known => true,
            // Perhaps the server reads small bodies only, or another one answers now.
            Some(400 | 422) => records.len() == 1 && !gzip.refuses_without(),
            _ => false,
        };
        if !is_suspect {
            return Ok(None);
        }
        let answered = self.post(None, records, body, RetryLimits::NONE, false)?;
        let masked = |last: &FinalAnswer| {
            let text = self.target.client.text_of(&last.answer);
            (status_of(&last.answer), masked_answer(&text))
        };
        if masked(&answered.1) == masked(last) {
            gzip.set_known();
        }
        if is_known && !is_read(&answered.0) {
            gzip.set_refuses_without();
        }
        // A 415 is about the form of the body, and a refusal about its records.
        let explains_415 = status == Some(415) && answered.0 == Verdict::Refused;
        Ok(Some(answered).filter(|(verdict, _)| explains_415 || is_read(verdict)))
    }
}

/// Returns whether the server has read the body of a request.
fn is_read(verdict: &Verdict) -> bool {
    matches!(
        verdict,
        Verdict::Accepted | Verdict::ByRecord(_) | Verdict::Conflict
    )
}

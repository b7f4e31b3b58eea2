//! The outcome of records if the answer does not accept all records of a request.

use super::compression;
use super::dead_letters::Undeliverable;
use super::delivery_worker::DeliveryWorker;
use super::http::Answer;
use super::parts::Part;
use super::rate_limiter::Stopped;
use super::sample::Sample;
use super::send_batch::BatchSlice;
use super::server::FinalAnswer;
use super::verdict::{RecordVerdict, RecordVerdicts, Trust, Verdict};
use crate::exit_code::ExitCode;

/// Consecutive records that the answer does not accept, with the reason if the answer refuses them.
type Unsettled<'b, 'v> = (BatchSlice<'b>, Option<&'v str>);

impl<'r> DeliveryWorker<'r> {
    /// Decides about each record of a part if the answer does not accept all of them. Records that are sent once more
    /// are added to `parts`. If the target is stopped meanwhile, so are the records that have no outcome yet, apart from
    /// those left in `part`.
    pub fn settle(
        &mut self,
        part: &mut Part<'r>,
        verdicts: &RecordVerdicts,
        last: &FinalAnswer,
    ) -> Result<(), Stopped> {
        let mut unsettled = self.accept(part.records, &verdicts.records).into_iter();
        part.records = part.records.range(0..0);
        let settled = self.settle_rest(part, &mut unsettled, verdicts.trust, last);
        for (records, _) in unsettled {
            self.parts.push(Part { records, ..*part });
        }
        settled
    }

    /// Counts the accepted records as delivered, and returns the other records.
    fn accept<'v>(
        &mut self,
        records: BatchSlice<'r>,
        verdicts: &'v [RecordVerdict],
    ) -> Vec<Unsettled<'r, 'v>> {
        let mut unsettled = Vec::new();
        let mut end = 0;
        for same in verdicts.chunk_by(|one, next| one == next) {
            let records = records.range(end..end + same.len());
            end += same.len();
            match &same[0] {
                RecordVerdict::Accepted => {
                    self.accepted(records);
                    let target = self.requester.target;
                    target.statistics().add_delivered(records);
                }
                RecordVerdict::Refused(reason) => unsettled.push((records, Some(reason.as_str()))),
                RecordVerdict::Unlisted => unsettled.push((records, None)),
            }
        }
        unsettled
    }

    /// Decides about records that the answer does not accept. If the target is stopped meanwhile, the records that are not
    /// taken out of `unsettled` have no outcome, nor those left in `part`.
    fn settle_rest(
        &mut self,
        part: &mut Part<'r>,
        unsettled: &mut std::vec::IntoIter<Unsettled<'r, '_>>,
        trust: Trust,
        last: &FinalAnswer,
    ) -> Result<(), Stopped> {
        let unlisted = unsettled.as_slice().iter();
        let unlisted = unlisted.filter(|(_, refused)| refused.is_none());
        let unlisted: Vec<_> = unlisted.flat_map(|(records, _)| records.iter()).collect();
        let sample = match part.is_repeated {
            true => Sample::Missing,
            false => self.requester.sample(&unlisted, trust)?,
        };
        if let Sample::Unconfirmed = sample {
            return self.stop_unconfirmed(&last.answer);
        }
        for (records, refused) in unsettled {
            part.records = records;
            match refused {
                Some(reason) => self.refuse(part, reason, last)?,
                None => self.settle_unlisted(part, sample, last)?,
            }
        }
        Ok(())
    }

    /// Gives up records that the answer refuses for this reason.
    fn refuse(&mut self, part: &Part<'r>, reason: &str, last: &FinalAnswer) -> Result<(), Stopped> {
        let mut answer = last.answer.clone();
        if let Answer::Response(response) = &mut answer {
            response.body = reason.into();
        }
        let last = FinalAnswer { answer, ..*last };
        self.give_up(part, Undeliverable::Refused, &last)
    }

    /// Decides about records that the answer does not mention, given the result of looking up some of them.
    fn settle_unlisted(
        &mut self,
        part: &mut Part<'r>,
        sample: Sample,
        last: &FinalAnswer,
    ) -> Result<(), Stopped> {
        let target = self.requester.target;
        match sample {
            Sample::Stored => {
                self.accepted(part.records);
                target.statistics().add_delivered(part.records);
            }
            Sample::Unverified => {
                self.accepted(part.records);
                target.statistics().add_unverified(part.records);
            }
            Sample::Unconfirmed => return self.stop_unconfirmed(&last.answer),
            Sample::Missing if part.is_repeated => {
                self.resolve(part, Undeliverable::Unacknowledged, last)?;
            }
            Sample::Missing => self.parts.push(Part {
                attempts: part.attempts + last.attempts,
                is_repeated: true,
                ..*part
            }),
        }
        Ok(())
    }

    /// Settles a part that the server accepts without compression only, and stops the target.
    pub fn stop_compression(
        &mut self,
        part: &mut Part<'r>,
        refusal: &Answer,
        (verdict, last): (Verdict, FinalAnswer),
    ) -> Result<(), Stopped> {
        let target = self.requester.target;
        match verdict {
            Verdict::Accepted => {
                target.statistics().add_delivered(part.records);
                part.records = part.records.range(0..0);
            }
            Verdict::ByRecord(verdicts) => {
                self.settle(part, &verdicts, &last)?;
                part.records = part.records.range(0..0);
            }
            _ => {}
        }
        let refusal = target.describe(refusal);
        target.stop(
            ExitCode::Stopped,
            format!("{refusal}; {}", compression::ADVICE),
        );
        Err(Stopped)
    }

    /// Stops the target because a success does not show that the records are stored.
    pub fn stop_unconfirmed(&self, answer: &Answer) -> Result<(), Stopped> {
        let target = self.requester.target;
        target.stop(ExitCode::Stopped, target.explain_unconfirmed(answer));
        Err(Stopped)
    }
}

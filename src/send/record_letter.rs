//! The dead letter of records that cannot be delivered.

use anyhow::Result;
use serde_json::value::{RawValue, to_raw_value};

use super::dead_letters::{DeadItem, DeadLetter, Undeliverable};
use super::http::Answer;
use super::send_batch::BatchSlice;
use super::target::Target;

impl Target {
    /// Returns the dead letter of records, given the last answer and the number of requests that were made for the
    /// records.
    ///
    /// # Errors
    /// Returns an error if a record cannot be made a JSON value.
    pub fn dead_letter(
        &self,
        records: BatchSlice<'_>,
        reason: Undeliverable,
        attempts: u64,
        answer: &Answer,
    ) -> Result<DeadLetter> {
        let items = records.iter().map(|(item, text)| {
            Ok(DeadItem {
                file: item.origin.file.to_string(),
                line: item.origin.line,
                id: item.id,
                payload: payload(text)?,
            })
        });
        Ok(DeadLetter {
            version: DeadLetter::VERSION,
            format: self.format.name().to_owned(),
            router: self.name.clone(),
            reason,
            status: match answer {
                Answer::Response(response) => Some(response.status),
                Answer::Lost(_) | Answer::Impossible(_) => None,
            },
            answer: self.client.text_of(answer),
            attempts,
            envelope: records.envelope.map(|envelope| envelope.keys.clone()),
            items: items.collect::<Result<_>>()?,
        })
    }
}

/// Returns the text of a record as JSON for a dead letter. A text that is not JSON becomes a JSON string, so that the
/// record does not get lost.
fn payload(text: &[u8]) -> Result<Box<RawValue>> {
    match serde_json::from_slice(text) {
        Ok(payload) => Ok(payload),
        Err(_) => Ok(to_raw_value(&String::from_utf8_lossy(text))?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_that_is_not_json_is_kept_in_a_dead_letter_as_a_string() {
        assert_eq!(payload(b"{\"a\": 1.0}").unwrap().get(), "{\"a\": 1.0}");
        assert_eq!(payload(b"{\"a\": NaN}").unwrap().get(), r#""{\"a\": NaN}""#);
    }
}

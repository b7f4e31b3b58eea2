//! Learning record stores (xAPI 1.0.3, part 3): statements are posted in an array, and can be looked up by id.

mod look_up;
mod same_statement;

use std::time::SystemTime;

use anyhow::Result;

use super::body_frame::BodyFrame;
use super::envelope::BatchEnvelope;
use super::http::{Answer, Resource};
use super::rate_limiter::Stopped;
use super::send_batch::{BatchItem, BatchSlice};
use super::server::{Lookup, LookupRequests, Server};
use super::verdict::{Verdict, verdict_by_status};
use crate::url::Url;

/// A learning record store.
#[derive(Clone, Copy, Debug)]
pub struct Lrs;

impl Server for Lrs {
    fn resource(&self, url: &Url) -> Result<Resource> {
        Ok(Resource {
            url: url.join("statements")?,
            headers: &[("x-experience-api-version", "1.0.3")],
        })
    }

    fn frame<'e>(&self, _envelope: Option<&'e BatchEnvelope>) -> BodyFrame<'e> {
        BodyFrame::ARRAY
    }

    fn verdict(&self, _records: BatchSlice<'_>, answer: &Answer, now: SystemTime) -> Verdict {
        verdict_by_status(answer, now)
    }

    fn look_up(
        &self,
        statement: &BatchItem,
        text: &[u8],
        requests: &dyn LookupRequests,
    ) -> Result<Lookup, Stopped> {
        look_up::look_up(statement.id, text, requests)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_are_below_the_url_of_the_lrs() {
        for (url, expected) in [
            (
                "https://a.example/xAPI",
                "https://a.example/xAPI/statements",
            ),
            (
                "https://a.example/xAPI/",
                "https://a.example/xAPI/statements",
            ),
            (
                "https://a.example/x?k=1#f",
                "https://a.example/x/statements?k=1",
            ),
        ] {
            let resource = Lrs.resource(&Url::parse(url).unwrap()).unwrap();
            assert_eq!(resource.url.uri().to_string(), expected);
        }
    }
}

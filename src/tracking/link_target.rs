//! The targets of links as IRIs, for records that follow the specifications.

use bumpalo::Bump;

use super::TrackingEvent;
use super::field::truthy;
use crate::iri;
use crate::outcome::{Fault, Reason};

/// Returns the target of the link that an event is about as an IRI: the target itself, or the target resolved against the
/// page that the link is on. The page is the first web address among `page`, `data.current_url` and `referer`.
///
/// # Errors
/// Returns `NoObjectId` if the target is no IRI, and there is no page, or the resolved target is no IRI either.
pub(crate) fn link_target<'a>(
    event: &TrackingEvent<'a>,
    target: &str,
    arena: &'a Bump,
) -> Result<&'a str, Fault> {
    let pages = [
        event.find("page"),
        event.data("current_url"),
        truthy(event.context("referer")).or_else(|| event.find("referer")),
    ];
    let mut pages = pages.into_iter().filter_map(|page| page?.as_str());
    let page = pages.find(|page| iri::is_web_address(page));
    if let Some(iri) = iri::resolved(target, page.unwrap_or_default()) {
        return Ok(arena.alloc_str(&iri));
    }
    let problem = match page {
        Some(page) => format!("it cannot be resolved against the page `{page}`"),
        None => "the event names no page to resolve it against".to_owned(),
    };
    let detail =
        format!("the link target `{target}`, the id of the object, is no IRI, and {problem}");
    Err(Fault::new(Reason::NoObjectId, detail))
}

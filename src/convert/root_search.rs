//! Whether events come from the LMS of the root URL. Ids depend on the URL, so a wrong one should not stay unnoticed.

use std::sync::atomic::{AtomicBool, Ordering};

use bumpalo::Bump;
use memchr::memmem;

use super::line_converter::LineConverter;
use crate::contents::{SeenEvent, origin_of, site_of};
use crate::input::{Line, LineBatch, LineContent};
use crate::outcome::Tally;

/// The bytes at the start of a batch that are searched. Most events of an LMS have the URL of a page.
const SEARCHED: usize = 64 << 10;

/// The lines of a batch that are tried to find an event with an address.
const TRIED: usize = 10;

/// Searches events for the root URL of the LMS, until it is found.
#[derive(Debug, Default)]
pub struct RootSearch {
    is_found: AtomicBool,
}

impl RootSearch {
    /// Notes whether a batch has the root URL, else the address of the LMS of one of its events. Does nothing once the URL is
    /// found.
    pub(super) fn search<'l>(
        &self,
        converter: &LineConverter,
        batch: &LineBatch,
        lines: impl Iterator<Item = Line<'l>>,
        tally: &mut Tally,
    ) {
        let details = &mut tally.details;
        if self.is_found.load(Ordering::Relaxed) {
            details.has_root_url = true;
            return;
        }
        let lms = converter.lms.get();
        let Some(root) = lms.and_then(|lms| origin_of(&lms.root_url)) else {
            return;
        };
        let start = &batch.text[..batch.text.len().min(SEARCHED)];
        let found = memmem::find(start, root.as_bytes()).map(|_| root.to_owned());
        let Some(site) = found.or_else(|| first_site(converter, lines, root)) else {
            return;
        };
        if site.eq_ignore_ascii_case(root) {
            details.has_root_url = true;
            self.is_found.store(true, Ordering::Relaxed);
        } else {
            details.sites.count(&site, 1);
        }
    }
}

/// Returns the first address of an LMS in some lines. If the first event that tells one tells only the host, the scheme is
/// that of the root URL.
#[cold]
fn first_site<'a>(
    converter: &LineConverter,
    lines: impl Iterator<Item = Line<'a>>,
    root: &str,
) -> Option<String> {
    lines.take(TRIED).find_map(|line| {
        let LineContent::Whole(text) = line.content else {
            return None;
        };
        let arena = Bump::new();
        let wrapper = converter.wrapper_of(line);
        let event = wrapper.parse_line(text, &arena, line.is_marked).ok()??;
        let seen = SeenEvent::of(&event, &arena);
        let site = site_of(seen.host, seen.page)?;
        let has_scheme = seen.page.and_then(origin_of) == Some(&*site);
        match (
            has_scheme,
            site.strip_prefix("https"),
            root.strip_prefix("http:"),
        ) {
            (false, Some(host), Some(_)) => Some(format!("http{host}")),
            _ => Some(site.into_owned()),
        }
    })
}

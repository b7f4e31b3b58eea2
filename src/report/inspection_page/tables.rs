//! The sections of the page that are tables: events by family and by name, courses, unparsable lines.

use super::families::{COLOURS, Counts, OTHER, class, name_at, position};
use super::html::{Table, bar, count, escaped, name, row, share};
use crate::contents::OTHER_FAMILY;
use crate::convert::Support;
use crate::report::inspection::{Inspection, NameKind, Top};
use crate::text::{grouped, noun};

/// The most event names that the page lists, so that it stays small.
const MOST_NAMES: usize = 500;

/// The most courses or organizations that the page lists.
const MOST_TOP: usize = 100;

/// Returns the events by family.
pub fn by_family(inspection: &Inspection) -> String {
    let mut counts = Counts::default();
    let mut names = [0_u64; COLOURS];
    for event in &inspection.events {
        let family = position(event.family);
        counts[family] += event.count;
        names[family] += 1;
    }
    counts[OTHER] += inspection.other_events.count;
    names[OTHER] += inspection.other_events.names;
    let largest = counts.iter().copied().max().unwrap_or(0);
    let mut order: Vec<usize> = (0..COLOURS).filter(|nth| counts[*nth] > 0).collect();
    order.sort_by_key(|nth| std::cmp::Reverse(counts[*nth]));
    let rows = order.into_iter().map(|nth| {
        let (family, events) = (name_at(nth), counts[nth]);
        let heading = format!(
            "<i class=\"swatch f{nth}\"></i>{family}{}",
            bar(&format!("f{nth}"), events, largest)
        );
        let number = format!(
            "<data data-family-total=\"{family}\" value=\"{events}\">{}</data>",
            grouped(events)
        );
        row(
            &heading,
            [
                number.as_str(),
                &share(events, inspection.lines.events),
                &grouped(names[nth]),
            ],
        )
    });
    let table = Table {
        caption: "Events by family",
        columns: &["Family", "Events", "Share", "Names"],
    };
    table.with(rows)
}

/// Returns the events by name, with the formats that take them.
pub fn by_name(inspection: &Inspection) -> String {
    let (all, events) = (inspection.lines.events, &inspection.events);
    let largest = events.iter().map(|event| event.count).max().unwrap_or(0);
    let listed = events
        .iter()
        .enumerate()
        .take(MOST_NAMES)
        .map(|(nth, event)| {
            let family = event.family.unwrap_or(OTHER_FAMILY);
            // The families are of names. Requests and events without a name have none.
            let shown = if event.kind == NameKind::Named {
                family
            } else {
                ""
            };
            let heading = format!(
                "{} <span class=\"quiet\">{shown}</span>{}",
                name(&event.name),
                bar(&class(position(event.family)), event.count, largest)
            );
            let events = count(&format!("/events/{nth}/count"), event.count);
            let share = format!(
                "<data data-at=\"/events/{nth}/share\" value=\"{}\">{}</data>",
                event.share,
                share(event.count, all)
            );
            let support = |key: &str, support: Support| {
                let (value, text) = match support {
                    Support::Default => ("default", "<b>yes</b>"),
                    Support::OnRequest => ("on-request", "<span class=\"wraps\">on request</span>"),
                    Support::No => ("no", "<span class=\"quiet\">no</span>"),
                };
                format!("<data data-at=\"/events/{nth}/{key}\" value=\"{value}\">{text}</data>")
            };
            let (xapi, caliper) = (
                support("xapi", event.xapi),
                support("caliper", event.caliper),
            );
            row(&heading, [events.as_str(), &share, &xapi, &caliper])
        });
    let table = Table {
        caption: "Events by name",
        columns: &["Name", "Events", "Share", "xAPI", "Caliper"],
    };
    let legend = "<p class=\"quiet\">yes: converted; on request: converted only if <code>--events</code> selects the name; no: never converted.</p>\n";
    let unlisted = events.iter().skip(MOST_NAMES);
    let unlisted_names = unlisted.clone().count() as u64;
    let unlisted_events: u64 = unlisted.map(|event| event.count).sum();
    let html = table.with(listed.chain(rest_row(
        inspection.other_events.names + unlisted_names,
        inspection.other_events.may_be_more,
        inspection.other_events.count + unlisted_events,
        all,
    )));
    html + legend
}

/// Returns a row for the names that are not listed, if there are any.
fn rest_row(names: u64, may_be_more: bool, events: u64, all: u64) -> Option<String> {
    let at_least = if may_be_more { "at least " } else { "" };
    let heading = format!(
        "{at_least}{} other {}",
        grouped(names),
        noun(names, "names")
    );
    let number = format!(
        "<data data-rest=\"names\" value=\"{events}\">{}</data>",
        grouped(events)
    );
    (events > 0).then(|| row(&heading, [number.as_str(), &share(events, all), "", ""]))
}

/// Returns courses or organizations, most frequent first. `key` is their key in the JSON.
pub fn top(key: &str, caption: &str, heading: &str, top: &Top, all: u64) -> String {
    if top.count == 0 {
        return format!("<p>No event names {}.</p>\n", caption.to_lowercase());
    }
    let largest = top.top.first().map_or(0, |first| first.count);
    let listed = top
        .top
        .iter()
        .enumerate()
        .take(MOST_TOP)
        .map(|(nth, item)| {
            let heading = format!("{}{}", name(&item.id), bar("plain", item.count, largest));
            let events = count(&format!("/{key}/top/{nth}/count"), item.count);
            row(&heading, [events.as_str(), &share(item.count, all)])
        });
    let shown = top.top.len().min(MOST_TOP);
    let unlisted: u64 = top.top[shown..].iter().map(|item| item.count).sum();
    let events = top.other_events + unlisted;
    let rest = (events > 0).then(|| {
        let others = top.count.saturating_sub(shown as u64);
        let about = if top.is_estimate { "about " } else { "" };
        let number = format!(
            "<data data-rest=\"{key}\" value=\"{events}\">{}</data>",
            grouped(events)
        );
        row(
            &format!("{about}{} more", grouped(others)),
            [number.as_str(), &share(events, all)],
        )
    });
    let table = Table {
        caption,
        columns: &[heading, "Events", "Share"],
    };
    table.with(listed.chain(rest))
}

/// Returns the lines that cannot be read, by reason.
pub fn unparsable(inspection: &Inspection) -> String {
    if inspection.unparsable.is_empty() {
        return "<p>No line is unparsable.</p>\n".into();
    }
    let rows = inspection
        .unparsable
        .iter()
        .enumerate()
        .map(|(nth, group)| {
            let lines = count(&format!("/unparsable/{nth}/count"), group.count);
            let share = share(group.count, inspection.lines.all);
            row(
                &format!("<code>{}</code>", escaped(group.reason)),
                [lines.as_str(), &share, &name(&group.first)],
            )
        });
    let table = Table {
        caption: "Unparsable lines by reason",
        columns: &["Reason", "Lines", "Share", "First line"],
    };
    table.with(rows)
}

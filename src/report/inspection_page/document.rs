//! The page: its head, its sections in order, its style sheet.

use super::{calendar, chart, sections, tables};
use crate::report::inspection::Inspection;

/// The start of a page. Files with another start are never replaced by a page.
pub const START: &str = "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"generator\" content=\"event-router inspect\">\n";

/// The style sheet of the page.
const STYLE: &str = include_str!("style.css");

/// Allows the page only its own style sheet: no script and no request, even if a text was not escaped.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/// A section: its id, its title, and its HTML, or `None` if the section is left out.
type Section = (&'static str, &'static str, Option<String>);

/// Returns the page of an inspection.
pub fn page(inspection: &Inspection) -> String {
    let sections = sections_of(inspection);
    let shown = || {
        sections
            .iter()
            .filter_map(|(id, title, html)| Some((id, title, html.as_ref()?)))
    };
    let links = shown().map(|(id, title, _)| format!("<li><a href=\"#{id}\">{title}</a></li>"));
    let links: String = links.collect();
    let bodies = shown().map(|(id, title, html)| {
        format!("<section id=\"{id}\" aria-labelledby=\"{id}-title\">\n<h2 id=\"{id}-title\">{title}</h2>\n{html}</section>\n")
    });
    let bodies: String = bodies.collect();
    format!(
        "{START}<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n\
         <title>Contents of tracking logs</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n\
         <header>\n<h1>Contents of tracking logs</h1>\n{}<nav aria-label=\"Sections\"><ul>{links}</ul></nav>\n</header>\n\
         <main>\n{bodies}</main>\n\
         <footer>Made by event-router {}. Times and days are in UTC.</footer>\n</body>\n</html>\n",
        sections::headline(inspection),
        env!("CARGO_PKG_VERSION"),
    )
}

/// Returns the sections in their order.
fn sections_of(inspection: &Inspection) -> [Section; 9] {
    let all = inspection.lines.events;
    let courses = format!(
        "<div class=\"pair\"><div>{}</div><div>{}</div></div>",
        tables::top("courses", "Courses", "Course", &inspection.courses, all),
        tables::top(
            "organizations",
            "Organizations",
            "Organization",
            &inspection.organizations,
            all
        )
    );
    [
        (
            "time",
            "Events over time",
            Some(chart::events_over_time(&inspection.days)),
        ),
        (
            "families",
            "Events by family",
            Some(tables::by_family(inspection)),
        ),
        (
            "coverage",
            "Days with events",
            Some(calendar::coverage(
                &inspection.days,
                &inspection.missing_days,
                &inspection.long_gaps,
            )),
        ),
        ("names", "Events by name", Some(tables::by_name(inspection))),
        ("courses", "Courses and organizations", Some(courses)),
        (
            "unparsable",
            "Unparsable lines",
            Some(tables::unparsable(inspection)),
        ),
        ("form", "Form of the log", Some(sections::form(inspection))),
        (
            "tables",
            "Lookup tables",
            sections::lookup_tables(inspection),
        ),
        (
            "command",
            "Recommended command",
            Some(sections::command(inspection)),
        ),
    ]
}

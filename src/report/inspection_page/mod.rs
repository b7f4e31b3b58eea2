//! The page of `inspect --html`: one HTML file that needs nothing else, neither a network nor scripts.
//!
//! | file | contents |
//! |---|---|
//! | `document` | the whole page |
//! | `sections` | the headline numbers, the form of the log, the lookup tables, the recommended command |
//! | `chart` | events over time, as a picture and as a table |
//! | `buckets` | the spans of the bars of the chart: days, weeks, months, … |
//! | `calendar` | the days with events, and the missing days |
//! | `tables` | events by family and by name, courses, organizations, unparsable lines |
//! | `families` | the families of events, in the order of their colours |
//! | `html` | escaping, numbers, tables |
//! | `page_file` | the file of `--html` |
//! | `style.css` | the style sheet, for light, dark and paper |
//!
//! Numbers have attributes by which `tests/inspect_page/run` compares them with the JSON.

mod buckets;
mod calendar;
mod chart;
mod document;
mod families;
mod html;
mod page_file;
mod sections;
mod tables;
#[cfg(test)]
mod tests;

pub use document::page;
pub use page_file::PageFile;

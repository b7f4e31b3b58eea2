//! One log line → [`TrackingEvent`].
//!
//! A line is a JSON object behind an optional logger prefix. What the reference's parser
//! (`management/commands/helpers/event_log_parser.py`) makes of it is kept: `event`, which browsers send as a string of
//! JSON, is decoded into `data`, and `timestamp` falls back to `time`.

mod arena;
#[cfg(test)]
mod depth_tests;
mod event;
pub(crate) mod field;
mod line;
mod line_wrapper;
pub mod number;
pub mod python;
pub(crate) mod python_json;
mod skim;
pub(crate) mod usage_key;

pub(crate) use arena::{format_in, join_in};
pub use event::TrackingEvent;
pub use line::parse_line;
pub use line_wrapper::LineWrapper;

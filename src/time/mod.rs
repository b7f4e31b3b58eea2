//! The readers and printers of times and durations.
//!
//! They take texts and numbers and know nothing of events. The modules of the output formats pass them the values of
//! fields.
//!
//! | file | kind | as read or printed by |
//! |---|---|---|
//! | `timestamp` | times of xAPI statements | Python's `isoformat()` |
//! | `iso8601` | the text of times of xAPI statements | aniso8601 |
//! | `event_time` | times of Caliper events and of options | |
//! | `dateutil` | the text of times of Caliper events | dateutil, but no part is taken from the clock |
//! | `problem` | the reason why a text is not taken as a time | |
//! | `tincan_duration` | durations of xAPI statements | tincan |
//! | `isodate_duration` | durations of Caliper events | isodate |
//! | `seconds` | durations of options | |
//! | `unix_text` | times of ClickHouse rows | ClickHouse |

mod dateutil;
mod event_time;
mod iso8601;
mod isodate_duration;
mod problem;
mod seconds;
mod timestamp;
mod tincan_duration;
mod unix_text;

pub(crate) use event_time::EventTime;
pub(crate) use isodate_duration::IsodateDuration;
pub(crate) use seconds::parse_seconds;
pub(crate) use timestamp::Timestamp;
pub(crate) use tincan_duration::TincanDuration;
pub(crate) use unix_text::UnixText;

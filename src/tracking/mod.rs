//! Log lines, parsed to [`TrackingEvent`]s.
//!
//! A line is a JSON object after an optional logger prefix. It is read as by the reference's parser
//! (`management/commands/helpers/event_log_parser.py`): `event`, which browsers send as a string of JSON, is decoded to
//! `data`, and `time` is used if there is no `timestamp`.
//!
//! | file | contents |
//! |---|---|
//! | `line` | parsing a line |
//! | `framing` | texts that hold several objects, or an array, in place of one event |
//! | `event_path` | finds events deeper within the JSON of a line |
//! | `cri` | the lines of container runtimes |
//! | `unwrapped` | the values at a key of a JSON object |
//! | `line_kind` | guesses what a line is that is no event |
//! | `line_piece` | the pieces of long lines, which log drivers cut |
//! | `object_progress` | how far a text has come in a JSON object |
//! | `traces` | traces of events in lines that are not read as events |
//! | `line_wrapper` | parsing a line that a log driver wrapped in JSON |
//! | `encoding` | lines that are events in base64, or in the encoding of URLs |
//! | `json_cause` | the likely cause of text that is not JSON |
//! | `marker` | telling lines of the tracking log from lines of other programs |
//! | `next_record` | finding the record that follows a damaged one |
//! | `piece` | lines that are pieces of a JSON text that is laid out over several lines |
//! | `records` | the records of a line that holds several |
//! | `rejects_row` | the rows of a rejects file, each of which stands for a line |
//! | `skim` | reading the name of an event without parsing the whole line |
//! | `outline` | reading the fields of an event that an inspection counts, in the same way |
//! | `event` | [`TrackingEvent`] and its field access |
//! | `two_times` | events with a `time` and a `timestamp` that differ |
//! | `field` | checks that a field is present or of a certain kind |
//! | `legacy_keys` | the usage keys of courses with slash ids |
//! | `link_target` | the targets of links as IRIs |
//! | `usage_key` | the usage keys of videos and problems |
//! | `python`, `python_json`, `number` | values printed, written as JSON and calculated with as in Python |
//! | `arena` | making texts in an arena |

mod arena;
mod cri;
#[cfg(test)]
mod depth_tests;
mod encoding;
mod event;
mod event_path;
pub(crate) mod field;
mod framing;
mod json_cause;
mod legacy_keys;
mod line;
mod line_kind;
mod line_piece;
mod line_wrapper;
mod link_target;
mod marker;
mod next_record;
pub mod number;
mod object_progress;
mod outline;
mod piece;
pub mod python;
pub(crate) mod python_json;
mod records;
mod rejects_row;
mod skim;
mod traces;
mod two_times;
mod unwrapped;
pub(crate) mod usage_key;

pub(crate) use arena::{format_in, join_in};
pub use encoding::encoding_of;
pub use event::TrackingEvent;
pub use event_path::{TEXT_OF_BYTES, WITHOUT_PREFIX, jq_filter_of};
pub use framing::cannot_become_event;
pub use line::parse_line;
pub use line_kind::LineKind;
pub use line_piece::{LinePiece, PieceMark, first_piece};
pub use line_wrapper::LineWrapper;
pub(crate) use link_target::link_target;
pub use marker::{has_marker, marks_events, may_be_event};
pub use next_record::{Candidate, candidate, doubtful_from, with_question_marks, wraps_objects};
pub use object_progress::ObjectProgress;
pub use piece::Piece;
pub use records::records_in;
pub use rejects_row::{RejectsRow, RowContent};
pub use traces::{
    has_nested_event, has_source_and_context, is_json_sequence, may_hold_event, was_event,
};
pub use two_times::{arrived_later, repairs_of_two_times};

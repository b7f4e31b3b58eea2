//! Conversion of a line into its outcome and its records. The result depends on the line, the options and the lookup
//! tables, and on nothing else.
//!
//! | file | contents |
//! |---|---|
//! | `settings` | the format of the records, with the settings that belong to the format |
//! | `converter` | the conversion as a library |
//! | `line_converter` | one line → its outcome and its records |
//! | `by_name` | events whose outcome depends on their name alone |
//! | `split_records` | the records of a line that holds several |
//! | `converted_line` | the outcome of a line, and what else is known of its event |
//! | `contents_of` | the counts of events and outcomes for an inspection |
//! | `logged_event` | the event of a line as the log has it, and the conversion of a changed event |
//! | `missing_repairs` | the repairs that an event would need, and those without which it is converted |
//! | `record_writer` | the JSON text of the records of one event |
//! | `clickhouse_row` | rows of ClickHouse that hold statements |
//! | `converted_batch` | the records of consecutive lines, with the tally of the lines |
//! | `suspects` | the lines of an input that are probably no events |
//! | `samples` | the first of such lines, with their guessed kinds |
//! | `pieces` | the lines of an input that are pieces of objects laid out over several lines |
//! | `batch_converter` | a batch of lines → a batch of records, compressed if needed |
//! | `root_search` | whether events come from the LMS of the root URL |
//! | `row_origin` | the rows of a rejects file that are read, and the rows that are written |

mod batch_converter;
mod by_name;
mod clickhouse_row;
mod contents_of;
mod converted_batch;
mod converted_line;
mod converter;
mod known_events;
mod line_converter;
mod logged_event;
mod missing_repairs;
mod pieces;
mod record_writer;
mod root_search;
mod row_origin;
mod samples;
mod settings;
mod split_records;
mod suspects;

pub(crate) use batch_converter::BatchConverter;
pub use converted_batch::{ConvertedBatch, ConvertedRecord};
pub use converted_line::ConvertedLine;
pub use converter::{BuildError, Conversion, Converter, ConverterBuilder, Record};
pub use known_events::{KnownEvent, Support, default_and_other_events, is_converted};
pub use line_converter::LineConverter;
pub use pieces::{LineStart, Pieces};
pub use record_writer::Layout;
pub use root_search::RootSearch;
pub use row_origin::RowOrigin;
pub use samples::{FirstLine, Sample};
pub use settings::{EnvelopeSettings, FormatSettings, StatementForm, select_events};
pub use suspects::{Flawed, Suspects};

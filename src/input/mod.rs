//! Inputs: files, directories and standard input, plain or compressed, read in batches of whole lines.
//!
//! | file | contents |
//! |---|---|
//! | `source` | an input before it is opened |
//! | `discover` | the search for inputs, given the arguments |
//! | `discovery` | the result of the search |
//! | `name_filter` | the selection of files in directories, by their names |
//! | `file_stamp` | the identity, size and times of a file |
//! | `objects` | the search in object storage |
//! | `shape` | distinguishing logs from documents |
//! | `shard` | a part of the inputs, for one of several runs that divide the inputs |
//! | `open` | opening an input |
//! | `start` | the first bytes, in which files that are not logs are recognized |
//! | `foreign` | files that are not logs: other compressions, archives, encryption, encodings |
//! | `look_ahead` | whether the events of an input have the marker `[tracking]` |
//! | `members` | decompression of the members of a file |
//! | `decoder` | the decoder of a member |
//! | `zstd_frame` | the decoder of a member of a zstd file |
//! | `read_ahead` | objects that are requested before they are opened |
//! | `unchanged_start` | the check that a file still has its first bytes while it is read |
//! | `moved` | files that were renamed or packed before they were opened |
//! | `held_back` | inputs that are still being written |
//! | `bytes_read` | counting the bytes read |
//! | `batch_reader` | cutting an input into batches of lines |
//! | `read_end` | how the reading of an input has ended |
//! | `line_batch` | a batch, and its lines |
//! | `joiner` | joining lines that log drivers have cut into pieces |
//! | `joins` | the joined lines of a batch |
//! | `first_record` | recognizing a stream of JSON values by its first record |
//! | `record_scanner` | the ends of records in a stream of JSON values |
//! | `removed` | files that were removed while the inputs were listed |
//! | `position` | a position between two lines |

mod batch_reader;
mod bytes_read;
mod decoder;
mod discover;
mod discovery;
mod file_stamp;
mod first_record;
mod foreign;
mod held_back;
mod joiner;
mod joins;
mod line_batch;
mod look_ahead;
mod members;
mod moved;
mod name_filter;
mod not_a_log;
mod objects;
mod open;
mod position;
mod read_ahead;
mod read_end;
mod record_scanner;
mod removed;
mod shape;
mod shard;
mod source;
mod start;
mod unchanged_start;
#[cfg(feature = "zstd")]
mod zstd_frame;

pub use batch_reader::{BATCH_BYTES, BatchReader};
pub use bytes_read::BytesRead;
pub use discover::discover;
pub use discovery::{Discovery, NotFound};
pub use file_stamp::{FileStamp, StampedFile};
pub use foreign::{Container, ForeignData};
pub use held_back::{HeldBack, WatchedFile, is_cut_off};
pub use line_batch::{Line, LineBatch, LineContent};
pub use moved::{MovedTo, SourceIndex, moved_files, moved_to};
pub use name_filter::NameFilter;
pub use not_a_log::{not_opened, with_name};
pub use objects::find_shapes;
pub use open::{FailingReader, Opened, open, open_table};
pub use position::{Position, PositionTracker, hex};
pub use read_ahead::ReadAhead;
pub use read_end::ReadEnd;
pub use shard::Shard;
pub use source::{Framing, Origin, Shape, Source};

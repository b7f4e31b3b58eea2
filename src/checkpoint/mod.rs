//! The record of the lines that are delivered, so that a repeated run resumes after them.
//!
//! An input is identified by its decompressed content, not by its name: by a hash of its first bytes, and by a hash of
//! all bytes up to the recorded position. So a log is recognized after it was rotated, renamed and compressed, and a
//! log that has grown resumes after the delivered lines. Only durable deliveries are recorded: complete output files
//! that have their final names, and records that a server acknowledged or that are saved in a dead letter.
//!
//! | file | contents |
//! |---|---|
//! | `opener` | decides at which position an input resumes, and opens the input there |
//! | `reading_input` | an input that was opened, and what is remembered of it while it is read |
//! | `destinations` | the destinations of a run |
//! | `fingerprint` | finds recorded positions in an input, by its bytes |
//! | `first_bytes` | reads the first bytes of an input, and goes to the position where it resumes |
//! | `tracked` | the recorded positions that an input has, and whether it is a shorter copy |
//! | `candidate` | the inputs in the journal that an opened input may be, or may be a copy of |
//! | `copied_lines` | finds more delivered lines in an input, by the hashes of its lines |
//! | `known_log` | the delivered lines of a known log, with which an input is compared |
//! | `line_hashes` | the hashes of the lines that runs have read, a file in the state directory |
//! | `known_lines` | the rows of this file |
//! | `appended_lines` | a file to which lines are appended |
//! | `same_inputs` | lines that several inputs of a run have |
//! | `sequencer` | the order in which inputs with the same content are opened |
//! | `state_directory` | the state directory: one run at a time locks it and records the delivered lines in it |
//! | `memory` | the lines that earlier runs have delivered, and those that this run has read or delivered |
//! | `lock` | the lock of the state directory |
//! | `journal` | the journal, a file in the state directory: reading, appending, compaction |
//! | `entry` | the entries of the journal |
//! | `entry_text` | reads frequent entries of the journal fast |
//! | `contents` | what all entries together say about the inputs |
//! | `known` | the inputs and files that the journal knows |
//! | `known_contents` | the input that a file has, by the identity of the file |
//! | `read_files` | the files that a run has read to their end, which later runs need not open |
//! | `heads` | the inputs in the journal by their first bytes |
//! | `head_lines` | the hashes of the first lines of an input |
//! | `history` | earlier positions of an input, by which shorter copies of the input are recognized |
//! | `history_text` | the form of a history in the journal |

mod appended_lines;
mod candidate;
mod contents;
mod copied_lines;
mod destinations;
mod entry;
mod entry_text;
mod fingerprint;
mod first_bytes;
mod head_lines;
mod heads;
mod history;
mod history_text;
mod journal;
mod known;
mod known_contents;
mod known_lines;
mod known_log;
mod line_hashes;
mod lock;
mod memory;
mod opener;
mod read_files;
mod reading_input;
mod same_inputs;
mod sequencer;
mod settle;
mod state_directory;
mod tracked;

pub use destinations::Destinations;
pub use entry::{DeliveryProgress, InputId};
pub use history::seconds_now;
pub use opener::{Resumed, ResumingOpener};
pub use same_inputs::SameLines;
pub use state_directory::StateDirectory;

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
//! | `fingerprint` | finds recorded positions in an input, by its bytes |
//! | `tracked` | the recorded positions that an input has, and whether it is a shorter copy |
//! | `same_inputs` | lines that several inputs of a run have |
//! | `sequencer` | the order in which inputs with the same content are opened |
//! | `state_directory` | the state directory: one run at a time locks it and records the delivered lines in it |
//! | `journal` | the journal, a file in the state directory: reading, appending, compaction |
//! | `entry` | the entries of the journal, and the contents that result from them |
//! | `history` | earlier positions of an input, by which shorter copies of the input are recognized |

mod entry;
mod fingerprint;
mod history;
mod journal;
mod opener;
mod same_inputs;
mod sequencer;
mod state_directory;
mod tracked;

pub use entry::{DeliveryProgress, InputId};
pub use history::seconds_now;
pub use opener::{Destinations, Resumed, ResumingOpener};
pub use same_inputs::SameLines;
pub use state_directory::StateDirectory;

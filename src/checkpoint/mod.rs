//! The record of the lines that are delivered, so that a repeated run resumes after them.
//!
//! An input is identified by its content, not by its name: by a hash of its first bytes, decompressed, and by the hash
//! of all bytes up to the recorded position. So a log that was rotated, renamed and compressed is the same input, and a
//! log that has grown is continued. Only durable deliveries are recorded: renamed output files, and records
//! acknowledged by a server or kept in a dead letter.
//!
//! | file | contents |
//! |---|---|
//! | `opener` | decides at which position an input resumes, and opens the input there |
//! | `fingerprint` | finds recorded positions in an input, by its bytes |
//! | `sequencer` | the order in which inputs with the same content are opened |
//! | `state_directory` | the state directory: one run at a time locks it and records the delivered lines in it |
//! | `journal` | the journal in the directory: reading, appending, compaction |
//! | `entry` | the entries of the journal, and the contents that result from them |
//! | `history` | earlier positions of an input |

mod entry;
mod fingerprint;
mod history;
mod journal;
mod opener;
mod sequencer;
mod state_directory;

pub use entry::{DeliveryProgress, InputId};
pub use opener::{Destinations, Resumed, ResumingOpener};
pub use state_directory::StateDirectory;

//! What has been delivered already, so that a repeated run goes on from there.
//!
//! An input is known by what it holds and not by its name: by a hash of its first bytes, unpacked, and by the hash of all
//! bytes up to the place that was reached. So a log that was rotated, renamed and packed is the same input, and one that
//! has grown is continued. What is recorded is durable: output renamed into place, or acknowledged by a server.
//!
//! | file | what it knows |
//! |---|---|
//! | `state_directory` | the directory: what is remembered in it |
//! | `resume` | where to go on with an input |
//! | `opener` | the opener of the pipeline's inputs |
//! | `sequencer` | the order of the inputs that are opened at a time |
//! | `lock` | one run at a time |
//! | `journal` | the file in it: reading, appending, compaction |
//! | `entry` | what its lines say |
//! | `history` | places that were passed on the way |
//! | `fingerprint` | finding the place that was reached in an input, by its bytes |

mod entry;
mod fingerprint;
mod history;
mod journal;
mod lock;
mod opener;
mod resume;
mod sequencer;
mod state_directory;

pub use entry::{InputId, Progress};
pub use lock::OpenError;
pub use opener::ResumingOpener;
pub use resume::{Destinations, Resumed};
pub use state_directory::StateDirectory;

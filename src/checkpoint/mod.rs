//! What has been delivered already, so that a repeated run goes on from there.
//!
//! An input is known by what it holds and not by its name: by a hash of its first bytes, unpacked, and by the hash of all
//! bytes up to the place that was reached. So a log that was rotated, renamed and packed is the same input, and one that
//! has grown is continued. What is recorded is durable: output renamed into place, or acknowledged by a server.
//!
//! | file | what it knows |
//! |---|---|
//! | `state_directory` | the directory: its lock, its journal, where to go on with an input |
//! | `journal` | the file in it: entries, reading, appending, compaction |
//! | `fingerprint` | finding the place that was reached in an input, by its bytes |

mod fingerprint;
mod journal;
mod state_directory;

pub use journal::{InputId, Progress};
pub use state_directory::{OpenError, Resumed, StateDirectory};

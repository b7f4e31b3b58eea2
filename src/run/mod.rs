//! One run of a command: prepare, drive, summarize.

pub mod delivery;
pub mod job;
pub mod state;

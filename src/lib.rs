//! Convert Open edX tracking logs to xAPI statements or Caliper events, in bulk, without an LMS.
//!
//! The program is `event-router`; its README is for those who run it, this page for those who change it.
//!
//! # The flow
//!
//! ```text
//! input ──lines──▶ tracking ──TrackingEvent──▶ xapi | caliper ──statements──▶ output
//! (files, gzip,    (one log line)    │         (pure functions)   or events   (files, stdout, servers, a comparison)
//!  stdin)                            │
//!                                   lms (users, courses: what the LMS database would have supplied)
//! ```
//!
//! [`pipeline`] drives it. Several threads read batches of whole lines, an input each; a pool of threads converts them, and
//! the calling thread takes the results, those of an input **in order**, with a bounded number of batches and of their
//! bytes in flight; of a batch that much comes of, the first part is delivered before the rest is converted. Where the
//! outputs of inputs are apart, inputs are delivered side by side, else one after the other.
//!
//! # Where things are
//!
//! | module | what it knows |
//! |---|---|
//! | [`cli`] | the command line, a file for each command and for each group of options; the only one that names clap |
//! | [`input`] | what is read: paths, directories, standard input, shares of them; gzip by magic bytes; batches of lines |
//! | [`tracking`] | one log line → [`tracking::TrackingEvent`]: wrapping, prefix, JSON, field access, Python's way with values |
//! | [`selection`] | which event names are taken |
//! | [`filter`] | which of them are left out, by their time and their course |
//! | [`routing`] | routers.json, which router accepts which event, where it sends, credentials |
//! | [`lms`] | users, courses, course keys and block keys, derived identities |
//! | [`xapi`] | event name → statements: the table in `mod.rs`, a file for each family of events, the wire types, every IRI |
//! | [`caliper`] | the same for Caliper |
//! | [`json`] | JSON as text: where its strings have escapes, and writing it faster than serde_json |
//! | [`uuid5`] | the hash that ids are |
//! | [`convert`] | a line, the options and the tables → an outcome and some output; batches of lines |
//! | [`outcome`] | the outcomes and their reason codes |
//! | [`checkpoint`] | what earlier runs have delivered, and where to go on |
//! | [`interrupt`] | signals |
//! | [`pipeline`] | read, convert in parallel, deliver in order; the only one that names rayon |
//! | [`dedupe`] | which events were emitted already in this run |
//! | [`output`] | standard output, a directory, a comparison with a directory, the rejects |
//! | [`send`] | learning record stores and Caliper endpoints, dead letters |
//! | [`run`] | the delivering side of a run, and what a failure costs |
//! | [`files`] | temporary names, modes, and what a crash leaves |
//! | [`buffers`] | memory that is used again |
//! | [`exit_code`] | what the shell is told |
//! | [`report`] | the tally, the summary, the report |
//! | [`console`], [`progress`] | the one door to standard error, and the progress bar in it |
//!
//! # What always holds
//!
//! - Conversion is a function of the line, the options and the lookup tables: the same output, byte for byte, with any
//!   number of threads, on any day. There is no clock and no randomness in it.
//! - Every line that is not blank has exactly one outcome. The tally balances.
//! - An event that nobody wants is passed over without a tree, where its name can be told for certain. Any other line is
//!   parsed into one tree, and so is a line that it wraps; it borrows from the line and from an arena
//!   that is emptied after it. Statements and events are plain views into both, written straight into a buffer.
//! - Memory does not grow with the input, only with the lookup tables and, where duplicates are dropped, with the events.
//! - Statement ids equal the reference's to the bit, and a Caliper event's id is made of its source. They are what makes a
//!   replay safe.
//! - Nothing of an event reaches the output unless a transformer names that field. That is how personal data stays in.
//! - A bad line costs that line, a bad file that file, a bad answer that batch, never the run, and none is silent.
//! - What is sent is delivered, is a duplicate, or is in a dead letter that is synced before the run goes on; what a stopped
//!   run leaves is told. Nothing is concluded from the order of an answer.
//! - What is remembered in a state is durable before it is recorded: an output that has its name, a statement that the
//!   server acknowledged, a dead letter. A run that is killed at any moment loses nothing.
//! - Standard output is data; standard error is for people. Secrets come from the environment or a file.
//!
//! # The reference
//!
//! "The reference" in these pages is release 9.3.8 of the Python package edx-event-routing-backends, and file names in
//! parentheses are its. What it emits is emitted here, equal as JSON; `tests/differential` compares the two on mutated
//! logs, and `fixtures/` holds its output for every event. Where it is not followed, the README says so.
#![forbid(unsafe_code)]
// This page is for those who change the code; what only the program uses is private all the same.
#![allow(rustdoc::private_intra_doc_links)]

mod buffers;
pub mod caliper;
mod checkpoint;
pub mod cli;
mod console;
pub mod convert;
mod dedupe;
mod destination;
pub mod exit_code;
mod files;
pub mod filter;
pub mod format;
pub mod guide;
pub mod input;
mod interrupt;
pub mod json;
pub mod lms;
pub mod outcome;
mod output;
mod output_names;
mod pipeline;
mod progress;
pub mod report;
pub mod routing;
mod run;
pub mod selection;
mod send;
mod time;
pub mod tracking;
pub mod url;
mod uuid5;
pub mod xapi;

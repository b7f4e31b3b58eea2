//! Converts Open edX tracking logs to xAPI statements or Caliper events, without an LMS.
//!
//! The program `event-router` does this in bulk: its README and the pages of the [`guide`] are for the people who run
//! it. The library converts single lines:
//!
//! ```
//! use event_routing_backends::Converter;
//!
//! let converter = Converter::xapi("https://courses.example.org").build()?;
//! let line = br#"{"name": "play_video", "event_source": "browser", "username": "ada", "event":
//!     "{\"id\": \"v\", \"currentTime\": 3.5, \"duration\": 60}", "context": {"course_id": "course-v1:a+b+c", "user_id": 5},
//!     "time": "2024-03-05T09:14:07.123456+00:00"}"#;
//! let conversion = converter.convert(line).expect("the line is not blank");
//! println!("{:?}: {}", conversion.name, conversion.outcome.word());
//! conversion.records.iter().for_each(|record| println!("{}", record.json));
//! # assert_eq!(conversion.records.len(), 1);
//! # Ok::<(), event_routing_backends::BuildError>(())
//! ```
//!
//! The rest of this page is a map for people who change the code.
//!
//! # The flow
//!
//! ```text
//! input ──lines──▶ tracking ──TrackingEvent──▶ xapi | caliper ──records──▶ output | send
//! (files, stdin)   (parse one                  (pure functions)            (files, stdout, LRS, Caliper
//!                   log line)                        ▲                      endpoint, ClickHouse)
//!                                                    │
//!                                             lms (users, courses)
//! ```
//!
//! `pipeline` drives this flow: reader threads cut inputs into batches of whole lines, the thread pool of rayon
//! converts the batches, and the calling thread delivers the results of each input in order. Because of this order, the
//! output does not depend on the number of threads. The number of batches in memory is bounded, so memory does not grow
//! with the input.
//!
//! # Terms
//!
//! | term | meaning |
//! |---|---|
//! | event | a tracking event that the LMS logged |
//! | record | a result of the conversion of an event: a statement, a Caliper event, or an envelope |
//! | input record | a part of an input that has one outcome: a line, a part of a line, or an object over several lines |
//! | framing | how an input is cut into input records: by lines, or as a stream of JSON values (`--framing`) |
//! | flaw | a known cause that makes many lines unreadable, such as a lost backslash |
//! | suspect | a line that is no event but may explain why an input has no event or loses events; warnings name it |
//! | repair | a change that turns an old event into the form of today (`--repair`) |
//! | log | an input file of events, usually one on each line |
//! | document | an input file that is a single JSON event; it counts as one line |
//! | destination | the place where converted batches go: a directory, one file, standard output, servers, or with `--check` a comparison with existing files |
//! | router | an entry of routers.json: the events that it accepts, and the server that receives them |
//! | target | a router or server to which `send` posts records |
//! | position | a byte offset between two input records, with the hash of all bytes before it |
//! | checkpoint | the position in an input up to which the state directory records everything as delivered |
//! | head | the first bytes of an input (4 KiB at most); `--state` recognizes a renamed input by their hash |
//! | held back | left to the next run with `--state`, because it may not be complete yet |
//! | piece | a part of a long line of a container, which a log driver cut; `--unwrap` joins the pieces of a line |
//! | row | a line of a rejects file: a JSON object with a rejected or unparsable line of a log |
//! | collision | an event whose id equals the id of an earlier event, although their contents differ |
//! | dead letter | a file with records that could not be delivered; `recover` sends them again |
//! | proven | of a server: it has accepted a record in this run; before that, no dead letter is written |
//! | kept back | of a batch: it waits in memory until the server has accepted a record, or for the next run |
//!
//! The code mostly says line for an input record, and record only for parts of lines and streams of JSON values. A blank
//! line is no input record.
//!
//! Held back are a file that is still being written; the last line of a plain log if it has no newline; the lines from
//! the first piece of a line on, if its last piece may not be written yet; and a last input record that more bytes may
//! continue.
//!
//! # Commands
//!
//! | command | flow | file in `run/` |
//! |---|---|---|
//! | `transform` | logs → files or standard output | `transform` |
//! | `send` | logs → servers; with `--probe`, only checks the servers | `send`, `probe` |
//! | `verify` | logs → lookups, which show whether servers hold the statements | `verify` |
//! | `recover` | dead letters → servers; with `--discard`, to a file | `recover`, `discard` |
//! | `dead-letters` | dead letters → groups by router, reason and answer | `dead_letters` |
//! | `explain` | logs → the outcome of each line | `explain` |
//! | `inspect` | logs → counts of their contents, and the command that converts them | `inspect` |
//! | `events` | the tables of events → what each event becomes | `events` |
//! | `completions`, `man` | the command line's definition → completions, man pages | none: `cli/manual` |
//! | `lms external-ids` | users without an external id → ids for the LMS | `lms_external_ids` |
//!
//! # Modules
//!
//! A module imports only from modules below its own in this table, and the files of a module do not import each other
//! in circles. `tests/imports/run` checks this; `tests/imports/rules.py` lists what each module may import.
//!
//! | module | contents |
//! |---|---|
//! | `cli` | options → settings, one file for each command and each group of options; the only module that uses clap |
//! | `run` | one run of a command: prepare, drive, summarize; the exit code |
//! | `report` | the summary for people, the JSON report for programs; the text, JSON and page of `inspect`; the table of `events` |
//! | `output` | the destinations other than servers: files in a directory, one file, standard output, the comparison for `--check`; also the rejects file |
//! | `send` | servers: batching, workers, retries, the breaker, acknowledgements, dead letters, verification; one folder for each kind of server; a table of its files in `mod.rs` |
//! | `destination` | the trait of everything that takes converted batches |
//! | `dedupe` | recognizes events that this run has already emitted |
//! | `checkpoint` | the state directory: the positions up to which inputs are durably delivered |
//! | `output_names` | the names of output files |
//! | `convert` | a line → its outcome and records; batches of them; the library |
//! | `contents` | the contents of logs by count: events by name and day, courses, users, for `inspect` |
//! | `xapi`, `caliper` | event name → records: the table of events in `mod.rs`, one file for each event family, wire types, vocabulary |
//! | `repair` | old events → the form of today, if the user asks for it |
//! | `filter`, `selection`, `routing` | the events that are wanted: by time and course, by name, by routers.json |
//! | `lms` | users and courses as in the LMS's database: read from lookup tables, or computed from the event |
//! | `pipeline` | read, convert in parallel, deliver in order; the only module that uses rayon |
//! | `input` | discovery of files, shards, decompression, batches of lines |
//! | `cloud` | object storage: lists of objects and blocking readers; the only module that uses an asynchronous runtime |
//! | `tracking` | one log line → `TrackingEvent`: prefix, wrapper, field access, Python's semantics of values |
//! | `time`, `json` | all reading and printing of times and durations; one JSON reader, one writer |
//! | `outcome` | outcomes, reason codes, the tally |
//! | `format` | the output formats and their names; the rules that records follow |
//! | `family` | the families of events, such as video, for which `xapi` and `caliper` have a file each |
//! | `compression` | gzip and zstd: their marks, names and encoders |
//! | `iri`, `url`, `uuid5`, `console`, `interrupt`, `buffers`, `files` | small helpers that do not deal with events |
//! | `progress`, `style`, `exit_code` | the progress bar; colours; the exit codes |
//! | `text`, `terminal` | numbers, sizes and shell words as texts for people; the width of the terminal |
//!
//! # What a change touches
//!
//! | change | files |
//! |---|---|
//! | an event of a known family | in `xapi/` or `caliper/`: the family file, and the table in `mod.rs` (`mapping`, and the list of names above it); `fixtures/`, whose README says how |
//! | a kind of server | a folder in `send/` with a type that implements `send::server::Server`; the choice in `send/settings.rs`; an option in `cli/delivery_args.rs` |
//! | a compression | the enum in `compression.rs`, and its encoder beside; its decoder in `input/`, like `zstd_frame.rs`; a value of `--compress` in `cli/transform.rs`; the default globs in `input/name_filter.rs` |
//! | a kind of file that is not a log | `input/foreign/marks.rs` |
//! | a likely cause why an input has no event | `tracking/line_kind.rs`, `run/input_warnings/causes.rs` |
//! | a repair of old events | a file in `repair/`, the list in its `mod.rs`; `outcome/repair.rs`; `fixtures/repairs/`; the page *Old logs* of the guide |
//! | a reason code | `outcome/reason.rs`, the code that returns it, the table in the README |
//! | an option | `cli/`, the settings that it fills (`run/settings.rs`, `send/settings.rs`), a page of the guide |
//!
//! To follow one line: `convert/line_converter.rs` gives each line its outcome. A line that cannot be parsed is
//! `Outcome::Unparsable`, for a reason that `tracking/` finds, or `input/` if the line is too long or cut off;
//! `convert/batch_converter.rs` counts it and, with `--rejects`, writes its row.
//!
//! To follow one statement with `--state`: each statement has a number. `send/acknowledgements.rs` notes the numbers of
//! statements that the server acknowledged or that a dead letter holds. It finds the last position in the input before
//! which all statements are noted. `send/target.rs` passes this position to `checkpoint/state_directory.rs`, which
//! writes it to disk.
//!
//! To follow one delivery: `send/retry.rs` makes the requests. `send/lrs/`, `send/caliper_endpoint/` or
//! `send/clickhouse/` turns each answer into a verdict. `send/once_only.rs` asks ClickHouse first which rows it has.
//! `send/delivery_worker.rs` halves, settles or gives up the records. `send/breaker.rs` decides whether records that
//! are given up become dead letters or stop the run.
//!
//! # Invariants
//!
//! - Conversion is a function of the line, the options and the lookup tables: same input, same output, byte for byte,
//!   at any number of threads, on any day. Only the `sendTime` of Caliper envelopes is taken from the clock, once a
//!   run.
//! - Every record has exactly one outcome, so the counts of the outcomes add up to the number of records. A record is
//!   a line that is not blank, or a part of a line, or an object over several lines.
//! - A line is parsed once, into one tree that borrows from the line and from an arena. With `--unwrap`, the object
//!   around the line is parsed once too. A line whose event is not selected is skipped before a tree is built.
//! - Memory does not grow with the input, only with the lookup tables and, with `--dedupe`, with the events.
//! - Statement ids equal the reference's, to the bit. So a statement that is sent again makes no duplicate in an LRS.
//! - No field of an event reaches the output unless a transformer names that field. So personal data stays out.
//! - An input without an event has a warning, even with `--quiet`. So has a run that emits nothing, and a run in which a
//!   hundred events of converted kinds, or more than a hundredth, have no name.
//! - A bad line, file or response costs only that line, file or batch, and is always reported. A run ends early only if
//!   a server would answer every request with the same error, or if a delivery fails without `--dead-letters`.
//! - A record counts as delivered only when it is durable: in a file that has its final name, or acknowledged by the
//!   server. The state directory records the delivery only afterwards. It also records a dead letter only after the
//!   dead letter is durable. So a run that is killed loses nothing.
//! - A line leaves the rejects file only after its records are durable, and only because the file itself was read.
//! - Standard output is for data, standard error for people. Secrets come from the environment or a file, never from
//!   the command line, and are never shown in messages.
//!
//! # Checks
//!
//! `.ci/run` runs all of them: formatting, clippy, these docs, `tests/imports/run`, `cargo test`, a test of how much
//! memory deduplication uses, `tests/differential/run`, `tests/ralph/run`, `tests/clickhouse/run`, `tests/servers/run`,
//! `tests/conformance/run`, `tests/mariadb/run`, `tests/cloud/run`, `tests/rotation/run`, `tests/spark/run`,
//! `tests/engines/run` and `tests/inspect_page/run`.
//! `tests/differential/run` compares the output for mutated logs and for the fixtures with the output of the reference.
//! `tests/conformance/run` has the statements of `--conformance spec` judged by a validator and stored by two LRSs.
//! `tests/ralph/run` sends to a real LRS, `tests/clickhouse/run` inserts into ClickHouse itself, and `tests/mariadb/run` reads
//! the tables of an LMS from MariaDB. `tests/servers/run` sends through nginx, HAProxy and Squid.
//! `tests/cloud/run` reads logs from a real server of S3.
//! `tests/rotation/run` reads a log that logrotate rotates and packs meanwhile. `tests/spark/run` and `tests/engines/run` run
//! the jobs of the guide that divide an archive, and compare them with one run. `tests/inspect_page/run` opens the pages of
//! `inspect --html` in Chromium.
//! By hand, `tests/package/run` makes the Debian package, installs it into an empty root, and removes it. `cargo bench`
//! and `tests/bench/compare` measure speed.
//!
//! # The reference
//!
//! "The reference" is release 9.3.8 of the Python package edx-event-routing-backends. Names in parentheses in these
//! docs, such as `(video_events.py)`, are files, classes and functions of that package. As JSON, the records of this
//! crate equal the reference's; [`guide::differences`] names each exception.
// These docs link to private modules. The links work when contributors build the docs with `--document-private-items`.
#![allow(rustdoc::private_intra_doc_links)]

pub mod guide;

pub use convert::{BuildError, Conversion, Converter, ConverterBuilder, Record};
pub use format::Conformance;
pub use lms::Unknown;
pub use outcome::{Fault, FilteredBy, Outcome, Reason, Repair, Unsupported};
pub use xapi::ActorKind;

mod buffers;
#[doc(hidden)]
pub mod caliper;
mod checkpoint;
#[doc(hidden)]
pub mod cli;
#[doc(hidden)]
pub mod cloud;
mod compression;
mod console;
mod contents;
#[doc(hidden)]
pub mod convert;
mod dedupe;
mod destination;
mod exit_code;
#[doc(hidden)]
pub mod family;
mod files;
#[doc(hidden)]
pub mod filter;
#[doc(hidden)]
pub mod format;
#[doc(hidden)]
pub mod input;
mod interrupt;
mod iri;
mod json;
#[doc(hidden)]
pub mod lms;
#[doc(hidden)]
pub mod outcome;
mod output;
mod output_names;
mod pipeline;
mod progress;
mod repair;
mod report;
mod routing;
mod run;
#[doc(hidden)]
pub mod selection;
mod send;
mod style;
mod terminal;
mod text;
mod time;
#[doc(hidden)]
pub mod tracking;
mod url;
mod uuid5;
#[doc(hidden)]
pub mod xapi;

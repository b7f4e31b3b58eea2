//! One run of a command: prepare, drive, summarize. This module opens the files that the settings name.
//!
//! | file | contents |
//! |---|---|
//! | `settings` | the options of a command after parsing |
//! | `transform`, `send`, `verify`, `recover`, `dead_letters`, `explain`, `events` | the commands |
//! | `inspect` | counts the contents of logs; `inspect/command` is the command that it recommends |
//! | `lms_export` | writes the tables of the LMS database to files |
//! | `lms_external_ids` | writes ids for users who have none |
//! | `unfinished` | the files of both, which are removed at a signal |
//! | `probe` | `send --probe` |
//! | `job` | the part that `transform`, `send` and `verify` share; `job/drive` is its main part, `job/summarize` its end |
//! | `fail_on` | the results that make a run fail |
//! | `inputs`, `converter` | find the inputs, load the tables |
//! | `deliverer` | writes batches to the destination, and decides whether a failure ends one input or the run |
//! | `error_lines` | shows errors, and of many errors of one kind only the first |
//! | `open_input` | an input between its start and its end |
//! | `ordered_sum` | adds up the counts of inputs, in their order |
//! | `discard` | the part of `recover` that moves dead letters and sends nothing |
//! | `input_warnings` | warns of inputs without an event and of lost lines |
//! | `event_notes` | notes events without a time, or with two times |
//! | `check_stdout` | the check that standard output is no other file of the run |
//! | `rejects_input` | whether the lines of the rejects file are delivered, if the file is an input |
//! | `duplicates` | drops duplicates and reports collisions |

mod check_stdout;
mod converter;
mod dead_letters;
mod deliverer;
mod discard;
mod duplicates;
mod error_lines;
mod event_notes;
mod events;
mod explain;
mod fail_on;
mod input_warnings;
mod inputs;
mod inspect;
mod job;
mod lms_export;
mod lms_external_ids;
mod open_input;
mod ordered_sum;
mod probe;
mod recover;
mod rejects_input;
mod send;
mod settings;
mod transform;
mod unfinished;
mod verify;

pub use converter::ACTOR_KEY;
pub use dead_letters::dead_letters;
pub use events::events;
pub use explain::{Chosen, ExplainSettings, OUTCOMES, explain};
pub use fail_on::FailOn;
pub use inspect::{InspectSettings, Shown, inspect};
pub use job::Command;
pub use lms_export::{ExportSettings, lms_export};
pub use lms_external_ids::{ExternalIdsSettings, ImportPath, lms_external_ids};
pub use probe::{ProbeSettings, probe};
pub use recover::{RecoverSettings, recover};
pub use send::send;
pub use settings::{ConversionSettings, InputSettings, JobSettings, RecordSettings};
pub use transform::{OutputSettings, transform};
pub use verify::verify;

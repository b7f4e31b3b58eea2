//! Tests of the program as a process, and of the conversion as a whole.
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod advice;
mod advice_with_state;
mod away;
mod bad_rows;
mod binary_data;
mod breaker;
mod caliper;
mod check;
mod clickhouse_rows;
mod confirmations;
mod conflicts;
mod connections;
mod dedupe;
mod depth;
#[cfg(target_os = "linux")]
mod disk_full;
mod documents;
mod earlier_files;
mod early_answers;
mod empty_runs;
mod events;
mod exit_codes;
mod explain;
mod external_ids;
mod external_ids_file;
mod fail_on;
mod filters;
mod foreign;
mod framing;
mod gateway;
mod goldens;
mod harness;
mod inputs;
#[cfg(unix)]
mod joined;
mod kills;
mod kinds;
mod known_files;
mod large_events;
mod letter_groups;
mod letters;
mod lms_db;
mod lost_events;
mod lost_inputs;
mod lrs;
mod minute_timer;
mod moved;
mod other_programs;
mod outages;
mod outputs;
mod probe;
#[cfg(target_os = "linux")]
mod progress;
mod properties;
mod quiet_minutes;
mod readme;
mod reasons;
mod recover;
mod rejects;
#[cfg(unix)]
mod rejects_files;
mod rejects_names;
mod repairs;
mod replaced_files;
mod report;
mod resume;
#[cfg(unix)]
mod retried_rejects;
mod routers;
mod schedules;
mod send;
mod shards;
mod side_by_side;
mod signals;
mod state;
mod state_of_routers;
mod tables;
#[cfg(target_os = "linux")]
mod unfinished;
mod unpacking;
mod vanishing_files;
mod verdicts;
mod verify;
mod wrapped;

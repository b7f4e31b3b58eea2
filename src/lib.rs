//! Convert Open edX tracking logs to xAPI statements, in bulk, without an LMS.
#![forbid(unsafe_code)]

pub mod cli;
pub mod console;
pub mod conversion;
pub mod input;
pub mod lms;
pub mod outcome;
pub mod output;
pub mod pipeline;
pub mod progress;
pub mod report;
pub mod selection;
pub mod tracking;
pub mod xapi;

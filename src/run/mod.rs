//! One run of a command: prepare, drive, summarize. Opens and loads what the settings name.
//!
//! | file | contents |
//! |---|---|
//! | `settings` | the options of a command after parsing |
//! | `transform`, `send`, `recover`, `explain` | the commands |
//! | `job` | the part that `transform` and `send` share |
//! | `inputs`, `converter`, `state` | find the inputs, load the tables, open the state directory |
//! | `deliverer` | writes batches to the destination, and decides what a failure costs |
//! | `duplicates` | drops duplicates and reports collisions |
//! | `open_input` | an input that has started and has not ended |
//! | `fail_on` | outcomes that make a run fail |

mod converter;
mod deliverer;
mod duplicates;
mod explain;
mod fail_on;
mod inputs;
mod job;
mod open_input;
mod recover;
mod send;
mod settings;
mod state;
mod transform;

pub use converter::ACTOR_KEY;
pub use explain::{ExplainSettings, explain};
pub use job::Command;
pub use recover::{RecoverSettings, recover};
pub use send::{SendSettings, send};
pub use settings::{ConversionSettings, FailOn, InputSettings, RecordSettings};
pub use transform::{OutputSettings, TransformSettings, transform};

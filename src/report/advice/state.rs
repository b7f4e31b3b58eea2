//! Advice in a run with a state directory.

/// The end of advice to change options or tables, in a run with a state directory.
pub const AFTER_A_CHANGE: &str =
    "; after a change, give `--state` a new directory, since these lines are not read again";

//! Learning record stores (xAPI 1.0.3, part 3).

mod look_up;
mod same_statement;

pub use look_up::{Found, look_up};

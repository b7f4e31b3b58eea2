//! Tests through the binary, and of the conversion as a whole.

mod caliper;
mod check;
mod events;
mod explain;
mod goldens;
mod harness;
mod inputs;
mod outputs;
mod properties;
mod readme;
mod tables;

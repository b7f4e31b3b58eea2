//! Reads inputs, converts their lines in parallel and delivers the results in order. No other module uses rayon.
//!
//! Several threads read, because decompressing one input takes one thread. A reader cuts its input into batches of
//! whole lines, starts the conversion of each batch on the thread pool, and sends a slot for the result through a
//! queue. The calling thread takes the slots from the queues in order, waits for each result and delivers it. If inputs
//! may be delivered side by side, they share one queue. Otherwise each input has its own queue, and the results of an
//! input that is read ahead wait there until the earlier inputs are delivered.
//!
//! The batches in flight are bounded by number and by bytes, so slow delivery slows reading down, and memory does not
//! grow with the input. An interrupted run does not wait for readers, which may be blocked on a pipe or a disk.
//!
//! | file | contents |
//! |---|---|
//! | `interface` | the settings of a run, how inputs are opened, and the steps of an input: its start, its batches, its end |
//! | `run` | starts the threads, and delivers the steps of each input |
//! | `reader` | the reading threads |
//! | `queues` | the queues from the readers to the delivery |
//! | `budget` | the limit on bytes in flight |

mod budget;
mod interface;
mod queues;
mod reader;
mod run;

#[cfg(test)]
mod tests;

pub use interface::{ControlFlow, Delivery, InputEvent, InputGuard, InputOpener, PipelineOptions};
pub use run::run;

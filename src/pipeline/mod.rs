//! Reads inputs, converts their lines in parallel and delivers the results in order. No other module uses rayon.
//!
//! Several threads read, because one input can only be decompressed by one thread. A reading thread cuts its input into
//! batches of whole lines, starts the conversion of each batch on the thread pool, and sends a slot for the result
//! through a queue. The calling thread takes the slots from the queues in order, waits for each result and delivers it.
//! If several inputs may be delivered at a time, they share one queue. Otherwise each input has its own queue, and the
//! results of an input that is read ahead wait there until the earlier inputs are delivered.
//!
//! Batches that are read and wait for conversion or delivery are in flight. Their number and bytes are limited. So slow
//! delivery slows reading down, and memory does not grow with the input. An interrupted run does not wait for the
//! reading threads, because a thread that reads a pipe or a disk may be blocked.
//!
//! | file | contents |
//! |---|---|
//! | `interface` | the settings of a run, how inputs are opened, and the events of an input: start, batches, end |
//! | `run` | starts the threads, and delivers the events of each input |
//! | `reader` | the reading threads |
//! | `queues` | the queues from the readers to the delivery |
//! | `budget` | the limit on the bytes of batches in flight |

mod budget;
mod interface;
mod queues;
mod reader;
mod run;

#[cfg(test)]
mod tests;

pub use interface::{
    ControlFlow, Delivery, InputEvent, InputGuard, InputOpener, Opening, PipelineOptions,
};
pub use run::run;

//! Objects that are requested before they are opened, so that many small objects do not take the time of a request each, one
//! after another.

use std::sync::{Mutex, PoisonError};

use super::source::{Origin, Source};

/// The most objects that are requested before they are opened. Requests take some ten milliseconds, and the conversion of a
/// small object takes a fraction of one.
const MOST_OBJECTS: usize = 64;

/// The limit on the sizes of these objects, but for the first one.
const MOST_BYTES: u64 = 32 << 20;

/// Requests the objects among the inputs of a run, in their order.
#[derive(Default)]
pub struct ReadAhead {
    /// The number of the first input that is not requested yet.
    next: Mutex<usize>,
}

impl ReadAhead {
    /// Requests an input that is about to be opened, and some of the inputs after it. Each input is requested once.
    pub fn before_opening(&self, sources: &[Source], input: usize) {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let mut bytes = 0;
        for (number, source) in sources.iter().enumerate().skip(input).take(MOST_OBJECTS) {
            let Origin::Object(object) = &source.origin else {
                continue;
            };
            if number > input + 1 {
                bytes += object.size();
            }
            if bytes > MOST_BYTES {
                break;
            }
            if number >= *next {
                object.read_ahead();
                *next = number + 1;
            }
        }
    }
}

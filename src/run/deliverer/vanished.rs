//! Inputs that vanished between their listing and their opening. They are failures unless their content turns up under
//! another name.

use super::Deliverer;
use crate::input::{Source, moved_to};
use crate::report::ReadTo;
use crate::run::open_input::OpenInput;

impl Deliverer<'_> {
    /// Returns the inputs that vanished between their listing and their opening.
    pub fn vanished(&self) -> Vec<&Source> {
        self.vanished.iter().map(|(_, source, _)| source).collect()
    }

    /// Reports the inputs that vanished. `listed` are the inputs that were found first, `later` those that were found
    /// during the run.
    pub fn settle_vanished(&mut self, listed: &[Source], later: &[Source]) {
        for (input, source, error) in std::mem::take(&mut self.vanished) {
            let Some(moved) = moved_to(&source, listed, later) else {
                self.fail_to_open(input, &source, &error);
                continue;
            };
            let (from, to) = (&source.name, &moved.name);
            self.console.note(&format!(
                "note: `{from}` was moved to `{to}` during the run"
            ));
            let mut open = OpenInput::start(&source);
            open.is_moved = true;
            self.end(input, open, Some(ReadTo::default()), None);
        }
    }
}

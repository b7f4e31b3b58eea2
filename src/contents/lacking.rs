//! The users or courses that a table lacks.

use super::distinct::Distinct;

/// The number of users or courses that are named.
const NAMED: usize = 5;

/// The most characters of a name that are kept.
const NAME_LENGTH: usize = 100;

/// The users or courses that a table lacks.
#[derive(Clone, Debug, Default)]
pub struct Lacking {
    pub events: u64,
    pub distinct: Distinct,
    /// The first of them, in the order of the input.
    pub first: Vec<String>,
}

impl Lacking {
    /// Counts an event whose user or course the table lacks.
    pub fn count(&mut self, name: &str) {
        self.events += 1;
        self.distinct.insert(name);
        self.name(name);
    }

    /// Adds the events of later lines.
    pub fn add(&mut self, later: &Self) {
        self.events += later.events;
        self.distinct.add(&later.distinct);
        later.first.iter().for_each(|name| self.name(name));
    }

    fn name(&mut self, name: &str) {
        if self.first.len() < NAMED {
            let name: String = name.chars().take(NAME_LENGTH).collect();
            if !self.first.contains(&name) {
                self.first.push(name);
            }
        }
    }
}

//! The types of the table of events: what the events of a name become, and the function that makes it.

use std::slice;

use super::model::{Statement, Verb};
use super::transformer::Transformer;
use crate::family::Family;
use crate::outcome::Fault;

/// The verb of a statement, and the type of the activity that is its object.
#[derive(Clone, Copy, Debug)]
pub struct StatementKind {
    pub(super) verb: &'static Verb,
    pub(super) object_type: &'static str,
}

impl StatementKind {
    /// The IRI of the verb.
    pub fn verb(self) -> &'static str {
        self.verb.id
    }

    /// The IRI of the type of the object.
    pub fn object_type(self) -> &'static str {
        self.object_type
    }
}

/// The mapping of the events of a name to statements.
#[derive(Clone, Copy)]
pub struct Mapping {
    pub family: Family,
    /// Whether the default list has the name. Other events are converted only if `--events` selects them.
    pub is_default: bool,
    pub(super) conversion: Conversion,
}

/// The function that makes the statements of an event, with the kinds of statements that it makes.
#[derive(Clone, Copy)]
pub(super) enum Conversion {
    /// One statement for each event, of the kind that the function is called with.
    One(
        StatementKind,
        for<'a> fn(&Transformer<'a>, StatementKind) -> Result<Statement<'a>, Fault>,
    ),
    /// Statements whose number and kinds depend on the event.
    Several(
        &'static [StatementKind],
        for<'a> fn(&Transformer<'a>) -> Result<&'a [Statement<'a>], Fault>,
    ),
}

impl Mapping {
    /// Returns the mapping of events that the default list has.
    pub(super) fn new(family: Family, conversion: Conversion) -> Self {
        Self {
            family,
            is_default: true,
            conversion,
        }
    }

    /// Returns the mapping of events that the default list does not have.
    pub(super) fn on_request(self) -> Self {
        Self {
            is_default: false,
            ..self
        }
    }

    /// The kinds of statements that the events may become.
    pub fn kinds(&self) -> &[StatementKind] {
        match &self.conversion {
            Conversion::One(kind, _) => slice::from_ref(kind),
            Conversion::Several(kinds, _) => kinds,
        }
    }
}

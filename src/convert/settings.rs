//! The format of the records, with the settings that belong to the format.

use super::known_events::default_and_other_events;
use crate::caliper::CaliperSettings;
use crate::format::{Conformance, Format};
use crate::lms::IdentityColumn;
use crate::selection::{EventSelection, UnknownPattern};
use crate::xapi::{ActorKind, XapiSettings};

/// A format with its settings.
#[derive(Clone, Debug)]
pub enum FormatSettings {
    /// xAPI statements.
    Xapi(XapiSettings, StatementForm),
    /// Caliper events, each in an envelope of its own if there are envelope settings.
    Caliper(CaliperSettings, Option<EnvelopeSettings>),
}

/// The form of xAPI statements in the output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StatementForm {
    /// The statement itself.
    #[default]
    Statement,
    /// The statement itself, which must have a time that a row of ClickHouse can hold.
    Timed,
    /// A row of ClickHouse, with the statement as text.
    Row,
}

/// The fields that have the same value in all Caliper envelopes of a run.
#[derive(Clone, Debug)]
pub struct EnvelopeSettings {
    /// The `sensor` field: an IRI that names the sender.
    pub sensor: String,
    /// The `sendTime` field: UTC, with milliseconds. All envelopes of a run have the same time, so that the output does
    /// not depend on how fast the run is.
    pub send_time: String,
}

impl FormatSettings {
    /// Returns the format without its settings.
    pub fn format(&self) -> Format {
        match self {
            Self::Xapi(..) => Format::Xapi,
            Self::Caliper(..) => Format::Caliper,
        }
    }

    /// Returns the rules that the records follow.
    pub fn conformance(&self) -> Conformance {
        match self {
            Self::Xapi(settings, _) => settings.conformance,
            Self::Caliper(settings, _) => settings.conformance,
        }
    }

    /// Returns the column of the users table that identifies actors.
    pub fn identity_column(&self) -> IdentityColumn {
        match self {
            Self::Xapi(
                XapiSettings {
                    actor: ActorKind::Mbox | ActorKind::MboxSha1Sum,
                    ..
                },
                _,
            ) => IdentityColumn::Email,
            Self::Xapi(..) | Self::Caliper(..) => IdentityColumn::ExternalId(self.format()),
        }
    }
}

/// Selects the events of a format by patterns: `default`, `all`, a name, or a glob with `*`.
///
/// # Errors
/// Returns the first pattern that matches no event of the format.
pub fn select_events(
    format: Format,
    patterns: &[String],
) -> Result<EventSelection, UnknownPattern> {
    let (default, others) = default_and_other_events(format);
    EventSelection::new(patterns, default, others)
}

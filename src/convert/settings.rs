//! The format of the records, with the settings that belong to the format.

use crate::caliper::CaliperSettings;
use crate::format::Format;
use crate::xapi::XapiSettings;

/// A format with its settings.
pub enum FormatSettings {
    /// xAPI statements.
    Xapi(XapiSettings),
    /// Caliper events, each in an envelope of its own if there are envelope settings.
    Caliper(CaliperSettings, Option<EnvelopeSettings>),
}

/// The fields that are equal on all Caliper envelopes of a run.
#[derive(Clone, Debug)]
pub struct EnvelopeSettings {
    /// The `sensor` field: an IRI that names the sender.
    pub sensor: String,
    /// The `sendTime` field: UTC, with milliseconds. All envelopes of a run share one time, so that the output depends
    /// on the options alone.
    pub send_time: String,
}

impl FormatSettings {
    /// Returns the format itself.
    pub fn format(&self) -> Format {
        match self {
            Self::Xapi(_) => Format::Xapi,
            Self::Caliper(..) => Format::Caliper,
        }
    }
}

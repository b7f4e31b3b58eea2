//! The settings of a conversion to Caliper, which the reference has in its Django settings.

/// The settings of a conversion.
#[derive(Clone, Debug)]
pub struct CaliperSettings {
    /// The value of the extension transformerVersion.
    pub transformer_version: String,
}

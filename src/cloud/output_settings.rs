//! The settings for writing an object.

/// The settings for writing an object.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OutputSettings {
    /// Whether writing fails if it would replace an object with records.
    pub keeps_existing: bool,
    /// The size of an object without records, besides 0.
    pub empty_bytes: u64,
}

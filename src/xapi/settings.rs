//! The settings of a conversion to xAPI, which the reference has in its Django settings.

/// The settings of a conversion.
#[derive(Clone, Debug)]
pub struct XapiSettings {
    pub actor: ActorKind,
    /// The value of the extension transformer-version.
    pub transformer_version: String,
}

/// The inverse functional identifier of an actor (the reference's `XAPI_AGENT_IFI_TYPE`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ActorKind {
    ExternalId,
    Mbox,
    MboxSha1Sum,
}

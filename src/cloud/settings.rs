//! The options for object storage. Credentials are no options: the clients find them as the tools of each cloud do.

/// How requests to an S3 server name the bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressingStyle {
    /// In the path, as in `https://host/bucket/key`.
    Path,
    /// In the host, as in `https://bucket.host/key`.
    Virtual,
}

/// The options.
#[derive(Clone, Debug, Default)]
pub struct CloudSettings {
    /// The URL of an S3 server other than Amazon's.
    pub s3_endpoint: Option<String>,
    pub s3_region: Option<String>,
    /// If `None`, the bucket is in the path of requests to another server, and in the host of requests to Amazon's.
    pub s3_addressing_style: Option<AddressingStyle>,
}

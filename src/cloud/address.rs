//! Addresses of buckets, prefixes and objects.

use std::fmt;
use std::path::Path;

/// The kind of an object storage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Provider {
    /// Amazon S3, or a server that speaks its protocol.
    S3,
    /// Google Cloud Storage.
    Gcs,
    /// Azure Blob Storage, which calls a bucket a container.
    Azure,
}

impl Provider {
    const ALL: [Self; 3] = [Self::S3, Self::Gcs, Self::Azure];

    /// Returns the start of the addresses, such as `s3://`.
    pub fn scheme(self) -> &'static str {
        match self {
            Self::S3 => "s3://",
            Self::Gcs => "gs://",
            Self::Azure => "az://",
        }
    }
}

/// The address of an object, or of the objects below a prefix. The key is written as it is, without percent-encoding.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Address {
    pub provider: Provider,
    pub bucket: String,
    /// The key of the object, or the prefix. Empty for a whole bucket.
    pub key: String,
}

impl Address {
    /// Parses an address. Returns `None` if the argument is a path.
    pub fn parse(argument: &Path) -> Option<Result<Self, String>> {
        let bytes = argument.as_os_str().as_encoded_bytes();
        let is_of = |provider: &Provider| bytes.starts_with(provider.scheme().as_bytes());
        let provider = Provider::ALL.into_iter().find(is_of)?;
        Some(Self::of(provider, argument))
    }

    fn of(provider: Provider, argument: &Path) -> Result<Self, String> {
        let scheme = provider.scheme();
        let text = argument.to_str().ok_or("the address is not UTF-8")?;
        let rest = text.strip_prefix(scheme).unwrap_or_default();
        let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
        if bucket.is_empty() {
            return Err(format!(
                "the address names no bucket: write `{scheme}BUCKET/PREFIX/`"
            ));
        }
        let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-._$".contains(letter);
        if !bucket.chars().all(is_plain) {
            return Err(format!(
                "`{bucket}` is no name of a bucket, which has letters, digits, `-`, `.`, `_` and `$` only"
            ));
        }
        Ok(Self {
            provider,
            bucket: bucket.to_owned(),
            key: key.to_owned(),
        })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, bucket, key) = (self.provider.scheme(), &self.bucket, &self.key);
        write!(formatter, "{scheme}{bucket}/{key}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_printed_as_they_are_parsed() {
        for (text, bucket, key) in [
            ("s3://logs/", "logs", ""),
            ("s3://logs/2024/", "logs", "2024/"),
            ("gs://logs//a b+%20ü.log", "logs", "/a b+%20ü.log"),
            ("az://c/a", "c", "a"),
        ] {
            let address = Address::parse(Path::new(text)).unwrap().unwrap();
            assert_eq!(
                (address.bucket.as_str(), address.key.as_str()),
                (bucket, key)
            );
            assert_eq!(address.to_string(), text);
        }
        let bucket = Address::parse(Path::new("s3://logs")).unwrap().unwrap();
        assert_eq!(bucket.to_string(), "s3://logs/");
    }

    #[test]
    fn paths_are_no_addresses_and_addresses_need_a_bucket() {
        for path in ["logs/s3:/x", "s3:/bucket/x", "-", "https://x/y"] {
            assert!(Address::parse(Path::new(path)).is_none(), "{path}");
        }
        for address in ["s3://", "gs:///x", "s3://user:password@host/x"] {
            assert!(Address::parse(Path::new(address)).unwrap().is_err());
        }
    }
}

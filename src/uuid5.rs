//! Computes version 5 UUIDs. The name can be added piece by piece.

use sha1::{Digest, Sha1};
use uuid::{Builder, Uuid};

/// The hash state of a version 5 UUID that is being computed. The uuid crate's own function needs the whole name at
/// once. It is also slower than the sha1 crate, which uses the processor's SHA instructions.
pub(crate) struct Uuid5(Sha1);

impl Uuid5 {
    pub(crate) fn new(namespace: Uuid) -> Self {
        Self(Sha1::new_with_prefix(namespace.as_bytes()))
    }

    /// Makes the UUID of a whole name.
    pub(crate) fn of(namespace: Uuid, name: impl AsRef<[u8]>) -> Uuid {
        let mut id = Self::new(namespace);
        id.0.update(name);
        id.finish()
    }

    pub(crate) fn push(&mut self, text: &str) {
        self.0.update(text.as_bytes());
    }

    pub(crate) fn finish(self) -> Uuid {
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&self.0.finalize()[..16]);
        Builder::from_sha1_bytes(bytes).into_uuid()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of RFC 9562, appendix A.4.
    #[test]
    fn the_uuid_of_pieces_is_that_of_the_whole_name() {
        let expected = "2ed6657d-e927-568b-95e1-2665a8aea6a2";
        let whole = Uuid5::of(Uuid::NAMESPACE_DNS, "www.example.com");
        assert_eq!(whole.to_string(), expected);
        let mut id = Uuid5::new(Uuid::NAMESPACE_DNS);
        id.push("www.");
        id.push("");
        id.push("example.com");
        assert_eq!(id.finish(), whole);
    }
}

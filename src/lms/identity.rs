//! External ids that are computed without the users table. A user gets the same id in every run, but not the id that
//! the LMS has stored.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use uuid::{Builder, Uuid};

use crate::uuid5::Uuid5;

/// Derives a user's external id from the LMS root URL and the user's id or name.
///
/// Without a key the id is a version 5 UUID, which anyone who guesses a username can compute. With a key the id is a
/// version 8 UUID made with HMAC-SHA256, which nobody can compute without the key.
pub struct IdentityDerivation {
    lms_root_url: String,
    keyed: Option<Hmac<Sha256>>,
}

impl IdentityDerivation {
    /// Prepares the derivation, with a secret key or without.
    pub fn new(lms_root_url: &str, key: Option<&[u8]>) -> Self {
        // HMAC takes keys of any length, so this cannot fail.
        let keyed = key.and_then(|key| Hmac::new_from_slice(key).ok());
        Self {
            lms_root_url: lms_root_url.to_owned(),
            keyed,
        }
    }

    /// Returns the external id of the user with this numeric id or, without a numeric id, with this username.
    pub(super) fn external_id(&self, id: Option<i64>, username: &str) -> Uuid {
        let user = match id {
            Some(id) => format!("{} user-id {id}", self.lms_root_url),
            None => format!("{} username {username}", self.lms_root_url),
        };
        match self.keyed.clone() {
            None => Uuid5::of(Uuid::NAMESPACE_URL, &user),
            Some(keyed) => {
                let mut bytes = [0; 16];
                bytes.copy_from_slice(&keyed.chain_update(user).finalize().into_bytes()[..16]);
                Builder::from_custom_bytes(bytes).into_uuid()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The expected ids were made with Python's uuid and hmac modules. They must not change, because they are in stored
    /// statements.
    #[test]
    fn derived_ids_never_change() {
        let plain = IdentityDerivation::new("https://courses.example.org", None);
        let keyed = IdentityDerivation::new("https://courses.example.org", Some(b"secret"));
        assert_eq!(
            plain.external_id(Some(6), "6").to_string(),
            "79f2aacc-5873-533a-9bb4-23fc988bd9e0"
        );
        assert_eq!(
            plain.external_id(None, "alice").to_string(),
            "7cb7d293-cc63-5c86-bb4e-297dce410ba7"
        );
        assert_eq!(
            keyed.external_id(Some(6), "6").to_string(),
            "8970943e-a0d6-8947-bf0b-980930589910"
        );
        assert_eq!(
            keyed.external_id(None, "alice").to_string(),
            "0e7752f7-cb9c-8536-861d-31c990db2914"
        );
    }
}

//! External ids that are computed, since the users table has none. A user gets the same id in every run, but not an id
//! that the LMS has created itself.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use uuid::{Builder, Uuid};

use crate::format::Format;
use crate::uuid5::Uuid5;

/// Derives a user's external id from the LMS root URL and the user's id or name.
///
/// Without a key the id is a version 5 UUID, which anyone who guesses a username can compute. With a key the id is a
/// version 8 UUID made with HMAC-SHA256, which nobody can compute without the key.
pub struct IdentityDerivation {
    lms_root_url: String,
    keyed: Option<Hmac<Sha256>>,
    /// Whether ids are computed, those of statements included. An inspection writes no records, so nil ids do.
    pub computes_ids: bool,
}

impl IdentityDerivation {
    /// Prepares the derivation, with a secret key or without.
    pub fn new(lms_root_url: &str, key: Option<&[u8]>) -> Self {
        // HMAC takes keys of any length, so this cannot fail.
        let keyed = key.and_then(|key| Hmac::new_from_slice(key).ok());
        Self {
            lms_root_url: lms_root_url.to_owned(),
            keyed,
            computes_ids: true,
        }
    }

    /// Returns the derivation for another root URL, with the same key.
    pub fn with_root_url(&self, lms_root_url: &str) -> Self {
        Self {
            lms_root_url: lms_root_url.to_owned(),
            keyed: self.keyed.clone(),
            computes_ids: self.computes_ids,
        }
    }

    /// Returns the derivation with another key. Returns `None` if there is no key.
    pub fn with_other_key(&self) -> Option<Self> {
        let other = Self::new(&self.lms_root_url, Some(b"another key"));
        self.keyed.is_some().then_some(other)
    }

    /// Returns the external id of a user who is not in a users table: the user with this numeric id or, without a
    /// numeric id, with this username. The id is the same for every format.
    pub(super) fn of_unknown(&self, id: Option<i64>, username: &str) -> Uuid {
        self.uuid("", id, username)
    }

    /// Returns the external id of a user whose row in the users table has no external id for this format.
    ///
    /// Each format has its own id, because the LMS stores the ids of all formats in one column, in which no two may be
    /// equal. The id for xAPI is that of [`of_unknown`](Self::of_unknown), so a user keeps it who was not in the table
    /// of an earlier run.
    pub(super) fn of_listed(&self, id: Option<i64>, username: &str, format: Format) -> Uuid {
        match format {
            Format::Xapi => self.of_unknown(id, username),
            Format::Caliper => self.uuid("caliper ", id, username),
        }
    }

    fn uuid(&self, prefix: &str, id: Option<i64>, username: &str) -> Uuid {
        if !self.computes_ids {
            return Uuid::nil();
        }
        let root_url = &self.lms_root_url;
        let user = match id {
            Some(id) => format!("{root_url} {prefix}user-id {id}"),
            None => format!("{root_url} {prefix}username {username}"),
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
    /// statements, and in the databases of LMSs.
    #[test]
    fn derived_ids_never_change() {
        let plain = IdentityDerivation::new("https://courses.example.org", None);
        let keyed = IdentityDerivation::new("https://courses.example.org", Some(b"secret"));
        for (derived, expected) in [
            (
                plain.of_unknown(Some(6), "6"),
                "79f2aacc-5873-533a-9bb4-23fc988bd9e0",
            ),
            (
                plain.of_unknown(None, "alice"),
                "7cb7d293-cc63-5c86-bb4e-297dce410ba7",
            ),
            (
                keyed.of_unknown(Some(6), "6"),
                "8970943e-a0d6-8947-bf0b-980930589910",
            ),
            (
                keyed.of_unknown(None, "alice"),
                "0e7752f7-cb9c-8536-861d-31c990db2914",
            ),
            (
                plain.of_listed(Some(6), "alice", Format::Caliper),
                "0f10ba92-b8c3-58d0-9c09-7d26568ed0b5",
            ),
            (
                plain.of_listed(None, "alice", Format::Caliper),
                "000f0e09-fe90-550e-9605-7dc9ee247a2f",
            ),
            (
                keyed.of_listed(Some(6), "alice", Format::Caliper),
                "7f096176-9c10-8ac9-a422-cce3b3d99133",
            ),
        ] {
            assert_eq!(derived.to_string(), expected);
        }
        for derivation in [plain, keyed] {
            for id in [Some(6), None] {
                assert_eq!(
                    derivation.of_listed(id, "alice", Format::Xapi),
                    derivation.of_unknown(id, "alice")
                );
            }
        }
    }
}

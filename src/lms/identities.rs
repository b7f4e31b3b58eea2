//! The identities of users, each at the number of the user's row.

use anyhow::Result;
use uuid::Uuid;

/// The identities of all users. A UUID takes 16 bytes; the table of users stores the texts.
#[derive(Default)]
pub(super) struct Identities {
    of_rows: Vec<StoredIdentity>,
    uuids: Vec<Uuid>,
}

#[derive(Clone, Copy)]
pub(super) enum StoredIdentity {
    Absent,
    /// A UUID, stored at this index.
    Uuid(u32),
    Text {
        bytes: u32,
    },
}

impl Identities {
    /// Adds the identity of the next row.
    pub(super) fn push(&mut self, identity: StoredIdentity) {
        self.of_rows.push(identity);
    }

    /// Stores a UUID, and returns the identity of its user.
    ///
    /// # Errors
    /// Returns an error if there are more than 4,294,967,296 UUIDs.
    pub(super) fn stored(&mut self, uuid: Uuid) -> Result<StoredIdentity> {
        let index = u32::try_from(self.uuids.len())?;
        self.uuids.push(uuid);
        Ok(StoredIdentity::Uuid(index))
    }

    /// Gives a user without an identity a UUID. Returns whether the user had none.
    ///
    /// # Errors
    /// Returns an error if there are more than 4,294,967,296 UUIDs.
    #[cfg(feature = "lms-db")]
    pub(super) fn set(&mut self, row: u32, uuid: Uuid) -> Result<bool> {
        if !self.is_absent(row) {
            return Ok(false);
        }
        self.of_rows[row as usize] = self.stored(uuid)?;
        Ok(true)
    }

    pub(super) fn of_row(&self, row: u32) -> StoredIdentity {
        self.of_rows[row as usize]
    }

    pub(super) fn is_absent(&self, row: u32) -> bool {
        matches!(self.of_row(row), StoredIdentity::Absent)
    }

    pub(super) fn uuid(&self, index: u32) -> Uuid {
        self.uuids[index as usize]
    }

    pub(super) fn shrink_to_fit(&mut self) {
        self.of_rows.shrink_to_fit();
        self.uuids.shrink_to_fit();
    }
}

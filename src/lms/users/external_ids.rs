//! External ids that are read after the users, as from the LMS database.

use std::panic::resume_unwind;
use std::thread;

use anyhow::{Result, bail};
use uuid::Uuid;

use super::{IdIndex, Identities, Users};

impl Users {
    /// Builds the indexes of users who are in the order of their ids, while `read` reads external ids. `read` passes pages
    /// of them to its argument. Each item of a page has the numeric id of a user and the external id; items of other users
    /// are skipped.
    ///
    /// # Errors
    /// Returns an error if an id or username is repeated, a user has two external ids, or `read` fails.
    pub(in crate::lms) fn finish_with_ids(
        &mut self,
        read: impl FnOnce(&mut dyn FnMut(&[(i64, Uuid)]) -> Result<()>) -> Result<()>,
    ) -> Result<()> {
        self.shrink_to_fit();
        let by_id = IdIndex::ordered(self.count()?, |row| self.id_of(row));
        self.by_id = by_id.map_err(|repeated| self.same_id(&repeated))?;
        let mut identities = std::mem::take(&mut self.identities);
        let users = &*self;
        let (by_username, done) = thread::scope(|scope| {
            let by_username = scope.spawn(|| users.index_of_usernames());
            let done = read(&mut |page| users.set_external_ids(page, &mut identities));
            let by_username = by_username.join();
            (
                by_username.unwrap_or_else(|panic| resume_unwind(panic)),
                done,
            )
        });
        self.by_username = by_username?;
        self.identities = identities;
        done
    }

    /// Gives users external ids.
    fn set_external_ids(&self, page: &[(i64, Uuid)], identities: &mut Identities) -> Result<()> {
        // The users are in no order, so each search waits for memory. In a loop that does nothing else, the searches
        // wait at the same time.
        let find = |(id, _): &(i64, Uuid)| self.by_id.find(*id, |row| self.id_of(row));
        let found: Vec<Option<u32>> = page.iter().map(find).collect();
        for (row, (id, uuid)) in found.into_iter().zip(page) {
            let Some(row) = row else { continue };
            if !identities.set(row, *uuid)? {
                bail!("the user {id} has two external ids of the same type");
            }
        }
        Ok(())
    }
}

//! The users in the LMS database.

use anyhow::{Context, Result, bail};
use uuid::Uuid;

use super::rows::DatabaseUser;
use super::session::{PAGE, Session, integer, text};
use crate::format::Format;
use crate::lms::{IdentityColumn, Users};

const USERS: &str = "auth_user";
const IDS: &str = "external_user_ids_externalid";
const TYPES: &str = "external_user_ids_externalidtype";

impl Session {
    /// Loads all users, each with one identity.
    ///
    /// # Errors
    /// Returns an error if a table cannot be read.
    pub fn load_users(&mut self, identity: IdentityColumn) -> Result<Users> {
        let mut users = Users::new(self.name.clone());
        let columns = match identity {
            IdentityColumn::Email => "id, username, email",
            IdentityColumn::ExternalId(_) => "id, username",
        };
        self.each_account(columns, |id, username, row| {
            let text = match identity {
                IdentityColumn::Email => text(row, 2)?.unwrap_or_default(),
                IdentityColumn::ExternalId(_) => "",
            };
            users.push(Some(id), username, text, identity)
        })?;
        match identity {
            IdentityColumn::Email => users.finish_with_ids(|_| Ok(()))?,
            // A join in the database takes several times as long.
            IdentityColumn::ExternalId(format) => {
                users.finish_with_ids(|take| self.each_page_of_ids(format, take))?;
            }
        }
        Ok(users)
    }

    /// Returns the next users with both external ids, in the order of their ids: those with larger ids than `last`. After the
    /// last user, returns none.
    ///
    /// # Errors
    /// Returns an error if a table cannot be read.
    pub fn users_after(&mut self, last: Option<i64>) -> Result<Vec<DatabaseUser>> {
        let mut page = Vec::with_capacity(PAGE);
        self.page_of_accounts("id, username, email", last, |id, username, row| {
            page.push(DatabaseUser {
                id,
                username: username.to_owned(),
                email: text(row, 2)?.unwrap_or_default().to_owned(),
                xapi_id: None,
                caliper_id: None,
            });
            Ok(())
        })?;
        let [xapi, caliper] = [self.type_of(Format::Xapi)?, self.type_of(Format::Caliper)?];
        self.add_external_ids(&mut page, xapi, caliper)?;
        Ok(page)
    }

    /// Passes the id, the username and the row of each user to `take`, in the order of the ids.
    fn each_account(
        &mut self,
        columns: &str,
        mut take: impl FnMut(i64, &str, &mysql::Row) -> Result<()>,
    ) -> Result<()> {
        let mut last = None;
        loop {
            last = self.page_of_accounts(columns, last, &mut take)?;
            if last.is_none() {
                return Ok(());
            }
        }
    }

    /// Passes the users of a page to `take`: those with larger ids than `after`. Returns the last id, or `None` if this
    /// is the last page.
    fn page_of_accounts(
        &mut self,
        columns: &str,
        after: Option<i64>,
        mut take: impl FnMut(i64, &str, &mysql::Row) -> Result<()>,
    ) -> Result<Option<i64>> {
        let after = after.unwrap_or(i64::MIN);
        let query = format!("SELECT {columns} FROM {USERS} WHERE id > ? ORDER BY id LIMIT {PAGE}");
        let mut last = after;
        let count = self.each_row(USERS, &query, (after,), |row| {
            last = integer(row, 0)?;
            take(last, text(row, 1)?.unwrap_or_default(), row)
        })?;
        Ok((count == PAGE).then_some(last))
    }

    /// Returns the id of the type of external ids that this format uses, or `None` if the LMS has no such type, and so
    /// no such ids.
    fn type_of(&mut self, format: Format) -> Result<Option<i64>> {
        let mut found = None;
        self.each_row(TYPES, &format!("SELECT id, name FROM {TYPES}"), (), |row| {
            if text(row, 1)? == Some(format.name()) {
                found = Some(integer(row, 0)?);
            }
            Ok(())
        })?;
        Ok(found)
    }

    /// Passes the external ids of this format to `take`, in pages. Each item has the numeric id of the user and the external
    /// id.
    fn each_page_of_ids(
        &mut self,
        format: Format,
        mut take: impl FnMut(&[(i64, Uuid)]) -> Result<()>,
    ) -> Result<()> {
        let Some(kind) = self.type_of(format)? else {
            return Ok(());
        };
        // Along the index of the types, the server would look up each row once more.
        let query = format!(
            "SELECT id, user_id, external_user_id FROM {IDS} FORCE INDEX (PRIMARY) WHERE id > ? AND external_id_type_id = ? ORDER BY id LIMIT {PAGE}"
        );
        let mut last = i64::MIN;
        let mut page = Vec::with_capacity(PAGE);
        loop {
            page.clear();
            let count = self.each_row(IDS, &query, (last, kind), |row| {
                last = integer(row, 0)?;
                page.push((integer(row, 1)?, external_id(row, 2)?));
                Ok(())
            })?;
            take(&page)?;
            if count < PAGE {
                return Ok(());
            }
        }
    }

    /// Adds the external ids to a page of users, which is in the order of their ids.
    fn add_external_ids(
        &mut self,
        page: &mut [DatabaseUser],
        xapi: Option<i64>,
        caliper: Option<i64>,
    ) -> Result<()> {
        let [Some(first), Some(last)] =
            [page.first(), page.last()].map(|user| user.map(|user| user.id))
        else {
            return Ok(());
        };
        let query = format!(
            "SELECT user_id, external_id_type_id, external_user_id FROM {IDS} WHERE user_id BETWEEN ? AND ?"
        );
        self.each_row(IDS, &query, (first, last), |row| {
            let (id, kind) = (integer(row, 0)?, Some(integer(row, 1)?));
            let Ok(index) = page.binary_search_by_key(&id, |user| user.id) else {
                return Ok(());
            };
            let user = &mut page[index];
            let slot = if kind == xapi {
                &mut user.xapi_id
            } else if kind == caliper {
                &mut user.caliper_id
            } else {
                return Ok(());
            };
            if slot.replace(external_id(row, 2)?).is_some() {
                bail!("the user {id} has two external ids of the same type");
            }
            Ok(())
        })?;
        Ok(())
    }
}

/// Returns the UUID in a column of the type `char(32)` or `uuid`.
fn external_id(row: &mysql::Row, column: usize) -> Result<Uuid> {
    let digits = text(row, column)?.unwrap_or_default();
    Uuid::try_parse(digits).with_context(|| format!("the external id `{digits}` is not a UUID"))
}

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
        self.each_user(columns, |id, username, row| {
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
        let last = last.unwrap_or(i64::MIN);
        self.page_of_users("id, username, email", last, |id, username, row| {
            page.push(DatabaseUser {
                id,
                username: username.to_owned(),
                email: text(row, 2)?.unwrap_or_default().to_owned(),
                xapi_id: None,
                caliper_id: None,
            });
            Ok(())
        })?;
        self.add_external_ids(&mut page)?;
        Ok(page)
    }

    /// Passes the id, the username and the row of each user to `take`, in the order of the ids.
    fn each_user(
        &mut self,
        columns: &str,
        mut take: impl FnMut(i64, &str, &mysql::Row) -> Result<()>,
    ) -> Result<()> {
        let mut last = i64::MIN;
        loop {
            let count = self.page_of_users(columns, last, |id, username, row| {
                last = id;
                take(id, username, row)
            })?;
            if count < PAGE {
                return Ok(());
            }
        }
    }

    /// Passes the users of a page to `take`: those with larger ids than `after`. Returns their number.
    fn page_of_users(
        &mut self,
        columns: &str,
        after: i64,
        mut take: impl FnMut(i64, &str, &mysql::Row) -> Result<()>,
    ) -> Result<usize> {
        let query = format!("SELECT {columns} FROM {USERS} WHERE id > ? ORDER BY id LIMIT {PAGE}");
        self.each_row(USERS, &query, (after,), |row| {
            let id = integer(row, 0)?;
            let username = text(row, 1)?;
            let username = username.with_context(|| format!("the user {id} has no username"))?;
            take(id, username, row)
        })
    }

    /// Returns the ids of the types of external ids: the type for xAPI and the type for Caliper. If the LMS lacks a type, no
    /// user has an external id of this type.
    fn types(&mut self) -> Result<[Option<i64>; 2]> {
        if let Some(types) = self.types {
            return Ok(types);
        }
        let mut types = [None; 2];
        self.each_row(TYPES, &format!("SELECT id, name FROM {TYPES}"), (), |row| {
            let name = text(row, 1)?;
            for (format, id) in Format::ALL.into_iter().zip(&mut types) {
                if name == Some(format.name()) {
                    *id = Some(integer(row, 0)?);
                }
            }
            Ok(())
        })?;
        self.types = Some(types);
        Ok(types)
    }

    /// Passes the external ids of this format to `take`, in pages. Each item has the numeric id of the user and the external
    /// id.
    fn each_page_of_ids(
        &mut self,
        format: Format,
        mut take: impl FnMut(&[(i64, Uuid)]) -> Result<()>,
    ) -> Result<()> {
        let [xapi, caliper] = self.types()?;
        let kind = match format {
            Format::Xapi => xapi,
            Format::Caliper => caliper,
        };
        let Some(kind) = kind else {
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
                let user = integer(row, 1)?;
                page.push((user, external_id(row, 2, user)?));
                Ok(())
            })?;
            take(&page)?;
            if count < PAGE {
                return Ok(());
            }
        }
    }

    /// Adds the external ids to a page of users, which is in the order of their ids.
    fn add_external_ids(&mut self, page: &mut [DatabaseUser]) -> Result<()> {
        let [Some(first), Some(last)] =
            [page.first(), page.last()].map(|user| user.map(|user| user.id))
        else {
            return Ok(());
        };
        let [xapi, caliper] = self.types()?;
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
            if slot.replace(external_id(row, 2, id)?).is_some() {
                bail!("the user {id} has two external ids of the same type");
            }
            Ok(())
        })?;
        Ok(())
    }
}

/// Returns the UUID in a column of the type `char(32)` or `uuid`, the external id of a user.
fn external_id(row: &mysql::Row, column: usize, user: i64) -> Result<Uuid> {
    let digits = text(row, column)?.unwrap_or_default();
    Uuid::try_parse(digits)
        .with_context(|| format!("the external id `{digits}` of the user {user} is not a UUID"))
}

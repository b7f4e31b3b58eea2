//! The users table: the identity of each user, by numeric id and by username.

use std::path::Path;

#[cfg(feature = "lms-db")]
use anyhow::bail;
use anyhow::{Context, Result, anyhow};
use uuid::Uuid;

use super::row_index::RowIndex;
use super::table;
use crate::format::Format;

/// The column of the users table with the identity that records show: an external id or the e-mail address. Only this
/// identity of each user is kept in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdentityColumn {
    ExternalId(Format),
    Email,
}

impl IdentityColumn {
    fn name(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::ExternalId(format) => format.identity_column(),
        }
    }
}

/// The users of an LMS, each with one identity.
///
/// The layout is compact, since there may be millions of users: one buffer holds the texts of all users, another the
/// UUIDs, and two indexes hold row numbers.
pub struct Users {
    /// The path of the table or the URL of the database, for messages.
    pub file: String,
    rows: Vec<UserRow>,
    text: Vec<u8>,
    uuids: Vec<Uuid>,
    by_id: RowIndex,
    by_username: RowIndex,
}

struct UserRow {
    id: Option<i64>,
    /// The offset of the username in the buffer. An identity that is a text follows the username.
    start: u64,
    username_bytes: u32,
    identity: StoredIdentity,
}

#[derive(Clone, Copy)]
enum StoredIdentity {
    Absent,
    /// A UUID, stored at this index.
    Uuid(u32),
    Text {
        bytes: u32,
    },
}

/// The identity of a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Identity<'a> {
    /// The row of the user has no identity. The numeric id is that of the row.
    Absent {
        id: Option<i64>,
    },
    Uuid(Uuid),
    Text(&'a str),
}

impl Users {
    /// Loads a table with the columns `id,username,email,xapi_id,caliper_id`.
    ///
    /// # Errors
    /// Returns an error if the file cannot be read, a column is missing, an id is not an integer, or an id or username
    /// is repeated.
    pub fn load(path: &Path, identity: IdentityColumn) -> Result<Self> {
        let mut users = Self::new(path.display().to_string());
        // All columns are requested, so a table without one of them is an error, whichever identity is kept.
        let [xapi_id, caliper_id] = Format::ALL.map(Format::identity_column);
        let kept = identity.name();
        let columns = ["id", "username", kept, "email", xapi_id, caliper_id];
        table::read(path, columns, |_, [id, username, text, ..]| {
            let id = id.nullable().unwrap_or_default();
            let username = username.not_null().unwrap_or_default();
            let text = text.nullable().unwrap_or_default();
            users.push(parse_id(&id)?, &username, &text, identity)
        })?;
        users.finish()?;
        Ok(users)
    }

    /// Returns the number of users.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Returns a table without users, to be filled by `push` and completed by `finish`.
    pub(super) fn new(file: String) -> Self {
        Self {
            file,
            rows: Vec::new(),
            text: Vec::new(),
            uuids: Vec::new(),
            by_id: RowIndex::default(),
            by_username: RowIndex::default(),
        }
    }

    /// Adds a user. `text` is the user's identity, of the kind that `identity` names.
    ///
    /// # Errors
    /// Returns an error if a text has more than 4 GB.
    pub(super) fn push(
        &mut self,
        id: Option<i64>,
        username: &str,
        text: &str,
        identity: IdentityColumn,
    ) -> Result<()> {
        let start = self.text.len() as u64;
        self.text.extend_from_slice(username.as_bytes());
        let uuid = match identity {
            IdentityColumn::Email => None,
            IdentityColumn::ExternalId(_) => compact_uuid(text),
        };
        let identity = match uuid {
            _ if is_no_value(text) => StoredIdentity::Absent,
            Some(uuid) => self.stored(uuid)?,
            None => {
                self.text.extend_from_slice(text.as_bytes());
                StoredIdentity::Text {
                    bytes: u32::try_from(text.len())?,
                }
            }
        };
        self.rows.push(UserRow {
            id,
            start,
            username_bytes: u32::try_from(username.len())?,
            identity,
        });
        Ok(())
    }

    /// Gives users external ids, after [`finish`](Self::finish). Each item has the numeric id of a user and the external
    /// id; items of other users are skipped.
    ///
    /// # Errors
    /// Returns an error if a user already has an external id.
    #[cfg(feature = "lms-db")]
    pub(super) fn set_external_ids(&mut self, page: &[(i64, Uuid)]) -> Result<()> {
        // The users are in no order, so each search waits for memory. In a loop that does nothing else, the searches
        // wait at the same time.
        let find = |(id, _): &(i64, Uuid)| self.by_id.find(id, |row| self.rows[row as usize].id);
        let found: Vec<Option<u32>> = page.iter().map(find).collect();
        for (row, (id, uuid)) in found.into_iter().zip(page) {
            let Some(row) = row else { continue };
            if !matches!(self.rows[row as usize].identity, StoredIdentity::Absent) {
                bail!("the user {id} has two external ids of the same type");
            }
            self.rows[row as usize].identity = self.stored(*uuid)?;
        }
        Ok(())
    }

    fn stored(&mut self, uuid: Uuid) -> Result<StoredIdentity> {
        let index = u32::try_from(self.uuids.len())?;
        self.uuids.push(uuid);
        Ok(StoredIdentity::Uuid(index))
    }

    /// Builds the indexes, after the last user.
    ///
    /// # Errors
    /// Returns an error if an id or username is repeated.
    pub(super) fn finish(&mut self) -> Result<()> {
        self.text.shrink_to_fit();
        self.rows.shrink_to_fit();
        self.uuids.shrink_to_fit();
        self.index()
            .with_context(|| format!("failed to load `{}`", self.file))
    }

    /// Returns whether the table has no rows below its header.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Finds a user by numeric id first, then by username.
    pub fn find(&self, id: Option<i64>, username: &str) -> Option<Identity<'_>> {
        let row = self.row_of(id, username)?;
        Some(self.identity(&self.rows[row as usize]))
    }

    /// Finds the row of a user without an identity, by numeric id first, then by username.
    pub(super) fn row_without_identity(&self, id: Option<i64>, username: &str) -> Option<u32> {
        let row = self.row_of(id, username)?;
        let identity = self.rows[row as usize].identity;
        matches!(identity, StoredIdentity::Absent).then_some(row)
    }

    /// Returns the numeric id and the username of each user without an identity, in the order of the table.
    pub(super) fn without_identity(&self) -> impl Iterator<Item = (Option<i64>, &str)> {
        let rows = (0..).zip(&self.rows);
        let absent = rows.filter(|(_, row)| matches!(row.identity, StoredIdentity::Absent));
        absent.map(|(nth, row)| {
            let username = std::str::from_utf8(self.username(nth));
            (row.id, username.unwrap_or_default())
        })
    }

    fn row_of(&self, id: Option<i64>, username: &str) -> Option<u32> {
        let by_id = |id| self.by_id.find(&id, |row| self.rows[row as usize].id);
        let by_username = || {
            self.by_username
                .find(&username.as_bytes(), |row| Some(self.username(row)))
        };
        id.and_then(by_id).or_else(by_username)
    }

    fn index(&mut self) -> Result<()> {
        let count = u32::try_from(self.rows.len())?;
        self.by_id =
            RowIndex::build(count, |row| self.rows[row as usize].id).map_err(|repeated| {
                let id = self.rows[repeated.0 as usize].id.unwrap_or_default();
                anyhow!("{repeated} have the same id, {id}")
            })?;
        // Usernames are unique, so one user at most is called `NULL`. Several `NULL` cells mean that the table was
        // exported without usernames.
        let nulls = (0..count).filter(|&row| self.username(row) == b"NULL");
        let has_nulls = nulls.count() > 1;
        self.by_username = RowIndex::build(count, |row| match self.username(row) {
            b"" => None,
            b"NULL" if has_nulls => None,
            username => Some(username),
        })
        .map_err(|repeated| {
            let username = String::from_utf8_lossy(self.username(repeated.0));
            anyhow!("{repeated} have the same username, `{username}`")
        })?;
        Ok(())
    }

    fn username(&self, row: u32) -> &[u8] {
        let row = &self.rows[row as usize];
        &self.text[row.start as usize..][..row.username_bytes as usize]
    }

    fn identity(&self, row: &UserRow) -> Identity<'_> {
        let bytes = &self.text[row.start as usize + row.username_bytes as usize..];
        match row.identity {
            StoredIdentity::Absent => Identity::Absent { id: row.id },
            StoredIdentity::Uuid(index) => Identity::Uuid(self.uuids[index as usize]),
            StoredIdentity::Text { bytes: length } => {
                Identity::Text(std::str::from_utf8(&bytes[..length as usize]).unwrap_or_default())
            }
        }
    }
}

/// Parses the numeric id of a user, which is empty if the table has none.
fn parse_id(id: &str) -> Result<Option<i64>> {
    if id.is_empty() {
        return Ok(None);
    }
    let number = id.trim().parse().ok();
    Ok(Some(number.with_context(|| {
        format!("the id `{id}` is not an integer")
    })?))
}

/// Returns whether a text stands for an absent value, as programs that export tables write it.
fn is_no_value(text: &str) -> bool {
    let text = text.trim();
    let is = |name: &str| text.eq_ignore_ascii_case(name);
    text.is_empty() || text == "-" || is("null") || is("none")
}

/// Parses a UUID in canonical form, or as the 32 digits that MySQL stores. Returns `None` for any other text, which the
/// caller keeps as text.
fn compact_uuid(text: &str) -> Option<Uuid> {
    if text.len() != 32 && text.len() != 36 {
        return None;
    }
    let uuid = Uuid::try_parse(text).ok()?;
    let mut buffer = Uuid::encode_buffer();
    (text.len() == 32 || uuid.hyphenated().encode_lower(&mut buffer) == text).then_some(uuid)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(table: &str, identity: IdentityColumn) -> Result<Users> {
        let file = tempfile::NamedTempFile::new()?;
        std::fs::write(file.path(), table)?;
        Users::load(file.path(), identity)
    }

    const TABLE: &str = "caliper_id\tusername\tid\textra\txapi_id\temail\n\
        c\talice\t5\t\t32e08e30-f8ae-4ce2-94a8-c2bfe38a70cb\ta@example.com\n\
        c\tbob\t6\t\t32E08E30F8AE4CE294A8C2BFE38A70CB\tNULL\n\
        c\t7\tNULL\t\tnot-a-uuid\t\n\
        c\t5\t\\N\t\tNULL\tx@example.com\n";

    #[test]
    fn a_user_is_found_by_id_first_then_by_username() {
        let users = load(TABLE, IdentityColumn::ExternalId(Format::Xapi)).unwrap();
        let uuid = Uuid::from_u128(0x32e0_8e30_f8ae_4ce2_94a8_c2bf_e38a_70cb);
        assert_eq!(users.find(Some(5), "5"), Some(Identity::Uuid(uuid)));
        assert_eq!(users.find(None, "bob"), Some(Identity::Uuid(uuid)));
        assert_eq!(users.find(Some(7), "7"), Some(Identity::Text("not-a-uuid")));
        assert_eq!(users.find(None, "5"), Some(Identity::Absent { id: None }));
        assert_eq!(users.find(Some(8), "8"), None);
        assert_eq!(users.find(None, ""), None);
    }

    #[test]
    fn null_and_backslash_n_are_absent() {
        let users = load(TABLE, IdentityColumn::Email).unwrap();
        assert_eq!(
            users.find(Some(6), "6"),
            Some(Identity::Absent { id: Some(6) })
        );
        assert_eq!(
            users.find(None, "alice"),
            Some(Identity::Text("a@example.com"))
        );
    }

    #[test]
    fn texts_that_stand_for_no_value_are_absent_and_no_account_names() {
        for text in ["null", "Null", "None", "-", " ", "NONE "] {
            let table = format!("id,username,email,xapi_id,caliper_id\n1,ada,{text},{text},c\n");
            for column in [
                IdentityColumn::Email,
                IdentityColumn::ExternalId(Format::Xapi),
            ] {
                let users = load(&table, column).unwrap();
                assert_eq!(
                    users.find(Some(1), "ada"),
                    Some(Identity::Absent { id: Some(1) }),
                    "{text:?}"
                );
            }
        }
    }

    #[test]
    fn a_user_may_be_called_null() {
        let header = "id,username,email,xapi_id,caliper_id\n";
        let email = Some(Identity::Text("n@example.com"));
        let user = "1,NULL,n@example.com,,\n";
        let users = load(&format!("{header}{user}"), IdentityColumn::Email).unwrap();
        assert_eq!(users.find(None, "NULL"), email);

        // A table that was exported without usernames.
        let users = load(&format!("{header}{user}2,NULL,,,\n"), IdentityColumn::Email);
        let users = users.unwrap();
        assert_eq!(users.find(Some(1), "1"), email);
        assert_eq!(users.find(None, "NULL"), None);
    }

    #[test]
    fn errors_about_repeated_ids_and_usernames_name_both_rows() {
        let header = "id,username,email,xapi_id,caliper_id\n";
        for (rows, message) in [
            (
                "1,a,,,\n2,b,,,\n1,c,,,\n",
                "rows 2 and 4 have the same id, 1",
            ),
            (
                "1,a,,,\n2,b,,,\n3,b,,,\n",
                "rows 3 and 4 have the same username, `b`",
            ),
            ("x,a,,,\n", "the id `x` is not an integer"),
        ] {
            let error = load(&format!("{header}{rows}"), IdentityColumn::Email)
                .err()
                .unwrap();
            assert!(format!("{error:#}").contains(message), "{error:#}");
        }
        let error = load("id,username,email,xapi_id\n", IdentityColumn::Email)
            .err()
            .unwrap();
        assert!(
            format!("{error:#}").contains("has no column `caliper_id`"),
            "{error:#}"
        );
    }
}

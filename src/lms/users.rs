//! The users table: the identity of each user, by numeric id and by username.

#[cfg(feature = "lms-db")]
mod external_ids;

use std::path::Path;

use anyhow::{Context, Result, anyhow, bail};
use uuid::Uuid;

use super::id_index::IdIndex;
use super::identities::{Identities, StoredIdentity};
use super::row_index::{RepeatedKey, RowIndex};
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
    identities: Identities,
    by_id: IdIndex,
    by_username: RowIndex,
}

struct UserRow {
    id: Option<i64>,
    /// The offset of the username in the buffer. An identity that is a text follows the username.
    start: u64,
    username_bytes: u32,
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
            identities: Identities::default(),
            by_id: IdIndex::default(),
            by_username: RowIndex::default(),
        }
    }

    /// Adds a user. `text` is the user's identity, of the kind that `identity` names.
    ///
    /// # Errors
    /// Returns an error if an external id is no UUID, or a text has more than 4 GB.
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
        let stored = match uuid {
            _ if is_no_value(text) => StoredIdentity::Absent,
            Some(uuid) => self.identities.stored(uuid)?,
            None => {
                check_external_id(text, identity)?;
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
        });
        self.identities.push(stored);
        Ok(())
    }

    /// Builds the indexes, after the last user.
    ///
    /// # Errors
    /// Returns an error if an id or username is repeated.
    pub(super) fn finish(&mut self) -> Result<()> {
        self.shrink_to_fit();
        let by_id = IdIndex::hashed(self.count()?, |row| self.id_of(row));
        self.by_id = by_id.map_err(|repeated| self.same_id(&repeated))?;
        self.by_username = self.index_of_usernames()?;
        Ok(())
    }

    fn shrink_to_fit(&mut self) {
        self.text.shrink_to_fit();
        self.rows.shrink_to_fit();
        self.identities.shrink_to_fit();
    }

    /// Returns whether the table has no rows below its header.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Finds a user by numeric id first, then by username.
    pub fn find(&self, id: Option<i64>, username: &str) -> Option<Identity<'_>> {
        let row = self.row_of(id, username)?;
        Some(self.identity(row))
    }

    /// Finds the row of a user without an identity, by numeric id first, then by username.
    pub(super) fn row_without_identity(&self, id: Option<i64>, username: &str) -> Option<u32> {
        let row = self.row_of(id, username)?;
        self.identities.is_absent(row).then_some(row)
    }

    /// Returns the numeric id and the username of each user without an identity, in the order of the table.
    pub(super) fn without_identity(&self) -> impl Iterator<Item = (Option<i64>, &str)> {
        let rows = (0..).zip(&self.rows);
        let absent = rows.filter(|(nth, _)| self.identities.is_absent(*nth));
        absent.map(|(nth, row)| {
            let username = std::str::from_utf8(self.username(nth));
            (row.id, username.unwrap_or_default())
        })
    }

    fn row_of(&self, id: Option<i64>, username: &str) -> Option<u32> {
        let by_id = |id| self.by_id.find(id, |row| self.id_of(row));
        let by_username = || {
            self.by_username
                .find(&username.as_bytes(), |row| Some(self.username(row)))
        };
        id.and_then(by_id).or_else(by_username)
    }

    /// Returns the numeric id in this row, or `None` if the row has no id.
    fn id_of(&self, row: u32) -> Option<i64> {
        self.rows.get(row as usize)?.id
    }

    fn same_id(&self, repeated: &RepeatedKey) -> anyhow::Error {
        let id = self.id_of(repeated.0).unwrap_or_default();
        self.failed(format!("{repeated} have the same id, {id}"))
    }

    fn index_of_usernames(&self) -> Result<RowIndex> {
        let count = self.count()?;
        // Usernames are unique, so one user at most is called `NULL`. Several `NULL` cells mean that the table was
        // exported without usernames.
        let nulls = (0..count).filter(|&row| self.username(row) == b"NULL");
        let has_nulls = nulls.count() > 1;
        let index = RowIndex::build(count, |row| match self.username(row) {
            b"" => None,
            b"NULL" if has_nulls => None,
            username => Some(username),
        });
        index.map_err(|repeated| {
            let username = String::from_utf8_lossy(self.username(repeated.0));
            self.failed(format!("{repeated} have the same username, `{username}`"))
        })
    }

    fn count(&self) -> Result<u32> {
        Ok(u32::try_from(self.rows.len())?)
    }

    fn failed(&self, problem: String) -> anyhow::Error {
        anyhow!(problem).context(format!("failed to load `{}`", self.file))
    }

    fn username(&self, row: u32) -> &[u8] {
        let row = &self.rows[row as usize];
        &self.text[row.start as usize..][..row.username_bytes as usize]
    }

    fn identity(&self, row: u32) -> Identity<'_> {
        match self.identities.of_row(row) {
            StoredIdentity::Absent => Identity::Absent {
                id: self.rows[row as usize].id,
            },
            StoredIdentity::Uuid(index) => Identity::Uuid(self.identities.uuid(index)),
            StoredIdentity::Text { bytes: length } => {
                let row = &self.rows[row as usize];
                let bytes = &self.text[row.start as usize + row.username_bytes as usize..];
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

/// Checks that an external id is a UUID, in any form.
fn check_external_id(text: &str, identity: IdentityColumn) -> Result<()> {
    if identity != IdentityColumn::Email && Uuid::try_parse(text.trim()).is_err() {
        let column = identity.name();
        bail!(
            "the {column} is no UUID, unlike the external ids of the LMS: export the table again"
        );
    }
    Ok(())
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
        c\t7\tNULL\t\t32E08E30-F8AE-4CE2-94A8-C2BFE38A70CB\t\n\
        c\t5\t\\N\t\tNULL\tx@example.com\n";

    #[test]
    fn a_user_is_found_by_id_first_then_by_username() {
        let users = load(TABLE, IdentityColumn::ExternalId(Format::Xapi)).unwrap();
        let uuid = Uuid::from_u128(0x32e0_8e30_f8ae_4ce2_94a8_c2bf_e38a_70cb);
        assert_eq!(users.find(Some(5), "5"), Some(Identity::Uuid(uuid)));
        assert_eq!(users.find(None, "bob"), Some(Identity::Uuid(uuid)));
        assert_eq!(
            users.find(Some(7), "7"),
            Some(Identity::Text("32E08E30-F8AE-4CE2-94A8-C2BFE38A70CB"))
        );
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

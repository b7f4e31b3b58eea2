//! The users table: who a numeric id or a username is.

use std::hash::BuildHasher;
use std::path::Path;

use anyhow::{Context, Result, bail};
use hashbrown::DefaultHashBuilder;
use hashbrown::hash_table::{Entry, HashTable};
use uuid::Uuid;

use super::table;
use crate::format::Format;

/// Which of a user's identities a run needs. Only that one is kept in memory.
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

const ALL: [IdentityColumn; 3] = [
    IdentityColumn::Email,
    IdentityColumn::ExternalId(Format::Xapi),
    IdentityColumn::ExternalId(Format::Caliper),
];

/// The users of an LMS, each with one identity.
///
/// Compact, since there may be millions: the texts of all users stand in one buffer, and two hash tables hold row
/// numbers. A UUID is kept as its 16 bytes.
pub struct Users {
    rows: Vec<Row>,
    text: Vec<u8>,
    by_id: HashTable<u32>,
    by_username: HashTable<u32>,
    hasher: DefaultHashBuilder,
}

struct Row {
    id: Option<i64>,
    /// Where in the buffer the username starts; the identity follows it.
    start: u64,
    username_bytes: u32,
    identity: Identity,
}

#[derive(Clone, Copy)]
enum Identity {
    Absent,
    Uuid,
    Text { bytes: u32 },
}

/// A user's identity, as found in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FoundIdentity<'a> {
    Absent,
    Uuid(Uuid),
    Text(&'a str),
}

impl Users {
    /// Loads a table with the columns `id,username,email,xapi_id,caliper_id`.
    ///
    /// # Errors
    /// The file cannot be read, a column is missing, an id is no integer, or an id or username is repeated.
    pub fn load(path: &Path, identity: IdentityColumn) -> Result<Self> {
        let mut users = Self {
            rows: Vec::new(),
            text: Vec::new(),
            by_id: HashTable::new(),
            by_username: HashTable::new(),
            hasher: DefaultHashBuilder::default(),
        };
        // All columns must be there, whichever identity is kept.
        let [email, xapi_id, caliper_id] = ALL.map(IdentityColumn::name);
        let columns = [
            "id",
            "username",
            identity.name(),
            email,
            xapi_id,
            caliper_id,
        ];
        table::read(path, columns, |_, [id, username, text, ..]| {
            let text = text.unwrap_or_default();
            let uuid = match identity {
                IdentityColumn::Email => None,
                IdentityColumn::ExternalId(_) => compact_uuid(&text),
            };
            users.push(
                &id.unwrap_or_default(),
                &username.unwrap_or_default(),
                &text,
                uuid,
            )
        })?;
        users
            .index()
            .with_context(|| format!("failed to load `{}`", path.display()))?;
        Ok(users)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Finds a user by numeric id first, then by username.
    pub fn find(&self, id: Option<i64>, username: &str) -> Option<FoundIdentity<'_>> {
        let by_id = id.and_then(|id| self.find_id(id));
        by_id
            .or_else(|| self.find_username(username))
            .map(|index| self.identity(&self.rows[index as usize]))
    }

    fn push(&mut self, id: &str, username: &str, identity: &str, uuid: Option<Uuid>) -> Result<()> {
        let id = match id {
            "" => None,
            _ => match id.trim().parse() {
                Ok(id) => Some(id),
                Err(_) => bail!("the id `{id}` is not an integer"),
            },
        };
        let start = self.text.len() as u64;
        self.text.extend_from_slice(username.as_bytes());
        let identity = match uuid {
            _ if identity.is_empty() => Identity::Absent,
            Some(uuid) => {
                self.text.extend_from_slice(uuid.as_bytes());
                Identity::Uuid
            }
            None => {
                self.text.extend_from_slice(identity.as_bytes());
                Identity::Text {
                    bytes: u32::try_from(identity.len())?,
                }
            }
        };
        self.rows.push(Row {
            id,
            start,
            username_bytes: u32::try_from(username.len())?,
            identity,
        });
        Ok(())
    }

    /// Fills the hash tables. Their size is known by now, so that they need not grow, which would hash every user anew.
    fn index(&mut self) -> Result<()> {
        self.rows.shrink_to_fit();
        self.text.shrink_to_fit();
        let mut by_id = HashTable::with_capacity(self.rows.len());
        let mut by_username = HashTable::with_capacity(self.rows.len());
        let hash_of_id = |&index: &u32| self.hasher.hash_one(self.rows[index as usize].id);
        let hash_of_username = |&index: &u32| self.hasher.hash_one(self.username(index));
        for index in 0..u32::try_from(self.rows.len())? {
            let row = &self.rows[index as usize];
            if let Some(id) = row.id {
                let is_same = |&other: &u32| self.rows[other as usize].id == row.id;
                match by_id.entry(hash_of_id(&index), is_same, hash_of_id) {
                    Entry::Vacant(vacant) => drop(vacant.insert(index)),
                    Entry::Occupied(first) => {
                        bail!("{} have the same id, {id}", rows(*first.get(), index))
                    }
                }
            }
            let username = self.username(index);
            if !username.is_empty() {
                let is_same = |&other: &u32| self.username(other) == username;
                match by_username.entry(hash_of_username(&index), is_same, hash_of_username) {
                    Entry::Vacant(vacant) => drop(vacant.insert(index)),
                    Entry::Occupied(first) => {
                        let username = String::from_utf8_lossy(username);
                        let rows = rows(*first.get(), index);
                        bail!("{rows} have the same username, `{username}`")
                    }
                }
            }
        }
        (self.by_id, self.by_username) = (by_id, by_username);
        Ok(())
    }

    fn find_id(&self, id: i64) -> Option<u32> {
        let is_it = |&index: &u32| self.rows[index as usize].id == Some(id);
        self.by_id
            .find(self.hasher.hash_one(Some(id)), is_it)
            .copied()
    }

    fn find_username(&self, username: &str) -> Option<u32> {
        let is_it = |&index: &u32| self.username(index) == username.as_bytes();
        self.by_username
            .find(self.hasher.hash_one(username.as_bytes()), is_it)
            .copied()
    }

    fn username(&self, index: u32) -> &[u8] {
        let row = &self.rows[index as usize];
        &self.text[row.start as usize..][..row.username_bytes as usize]
    }

    fn identity(&self, row: &Row) -> FoundIdentity<'_> {
        let bytes = &self.text[row.start as usize + row.username_bytes as usize..];
        match row.identity {
            Identity::Absent => FoundIdentity::Absent,
            Identity::Uuid => {
                FoundIdentity::Uuid(Uuid::from_slice(&bytes[..16]).unwrap_or_default())
            }
            Identity::Text { bytes: length } => FoundIdentity::Text(
                std::str::from_utf8(&bytes[..length as usize]).unwrap_or_default(),
            ),
        }
    }
}

/// Two rows as an error names them: the header is row 1.
fn rows(first: u32, second: u32) -> String {
    format!("rows {} and {}", first + 2, second + 2)
}

/// A UUID in canonical form, or in the 32 digits without dashes that MySQL stores. Any other text is an identity as it
/// stands.
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
        assert_eq!(users.find(Some(5), "5"), Some(FoundIdentity::Uuid(uuid)));
        assert_eq!(users.find(None, "bob"), Some(FoundIdentity::Uuid(uuid)));
        assert_eq!(
            users.find(Some(7), "7"),
            Some(FoundIdentity::Text("not-a-uuid"))
        );
        assert_eq!(users.find(None, "5"), Some(FoundIdentity::Absent));
        assert_eq!(users.find(Some(8), "8"), None);
        assert_eq!(users.find(None, ""), None);
    }

    #[test]
    fn null_and_backslash_n_are_absent() {
        let users = load(TABLE, IdentityColumn::Email).unwrap();
        assert_eq!(users.find(Some(6), "6"), Some(FoundIdentity::Absent));
        assert_eq!(
            users.find(None, "alice"),
            Some(FoundIdentity::Text("a@example.com"))
        );
    }

    #[test]
    fn repeated_ids_and_usernames_name_both_rows() {
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

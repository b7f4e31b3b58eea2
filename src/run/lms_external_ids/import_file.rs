//! The files with external ids: SQL that imports the ids into the database of the LMS, or CSV.

use std::fmt::Write as _;
use std::path::PathBuf;

use anyhow::{Result, bail};
use uuid::Uuid;

use crate::format::Format;
use crate::output::AtomicFile;

/// The number of ids that one transaction imports. A transaction of this size takes a fraction of a second, in which the
/// LMS waits for locks on its users, and its text is smaller than `max_allowed_packet` of any server.
const IDS_PER_TRANSACTION: usize = 5_000;

/// The form of a file, by the ending of its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Sql,
    Csv,
}

/// The path of a file with external ids, with its form.
#[derive(Clone, Debug)]
pub struct ImportPath {
    pub path: PathBuf,
    form: Form,
}

impl ImportPath {
    /// Returns the path, if its ending names a form.
    ///
    /// # Errors
    /// Returns an error if the name of the file ends neither with `.sql` nor with `.csv`.
    pub fn new(path: PathBuf) -> Result<Self> {
        let form = match path.extension().and_then(|ending| ending.to_str()) {
            Some("sql") => Form::Sql,
            Some("csv") => Form::Csv,
            _ => bail!(
                "`{}` ends neither with `.sql` nor with `.csv`: give `--output` a file with one of these endings",
                path.display()
            ),
        };
        Ok(Self { path, form })
    }
}

/// A file that is being written. The file is removed if this value is dropped without [`complete`](Self::complete).
pub struct ImportFile {
    file: AtomicFile,
    form: Form,
    format: Format,
    ids: Vec<(i64, Uuid)>,
}

impl ImportFile {
    /// Starts the file with the part before the ids. The ids are of the type of a format.
    ///
    /// # Errors
    /// Returns an error that names the path if the file cannot be written.
    pub fn start(mut file: AtomicFile, path: &ImportPath, format: Format) -> Result<Self> {
        let header = match path.form {
            Form::Sql => sql_header(format),
            Form::Csv => "user_id,type,external_user_id\n".to_owned(),
        };
        file.write(header.as_bytes())?;
        Ok(Self {
            file,
            form: path.form,
            format,
            ids: Vec::with_capacity(IDS_PER_TRANSACTION),
        })
    }

    /// Adds the external id of the user with this numeric id.
    ///
    /// # Errors
    /// Returns an error that names the path if the file cannot be written.
    pub fn push(&mut self, user: i64, id: Uuid) -> Result<()> {
        self.ids.push((user, id));
        if self.ids.len() < IDS_PER_TRANSACTION {
            return Ok(());
        }
        self.flush()
    }

    fn flush(&mut self) -> Result<()> {
        if self.ids.is_empty() {
            return Ok(());
        }
        let text = match self.form {
            Form::Sql => sql_of(&self.ids, self.format),
            Form::Csv => csv_of(&self.ids, self.format),
        };
        self.ids.clear();
        self.file.write(text.as_bytes())
    }

    /// Writes the last bytes. The file keeps its temporary name.
    ///
    /// # Errors
    /// Returns an error that names the path if the file cannot be written.
    pub fn complete(mut self) -> Result<AtomicFile> {
        self.flush()?;
        if self.form == Form::Sql {
            self.file.write(SQL_END.as_bytes())?;
        }
        Ok(self.file)
    }
}

fn csv_of(ids: &[(i64, Uuid)], format: Format) -> String {
    let mut text = String::new();
    for (user, id) in ids {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{user},{},{}", format.name(), id.hyphenated());
    }
    text
}

/// Returns the statements before the ids.
///
/// The isolation level keeps the `SELECT` of each insert from locking the users that it reads. The mode makes it an error
/// if a table has a column without a default value that this file does not know.
fn sql_header(format: Format) -> String {
    let name = format.name();
    // The migration `0005_add_caliper_and_xapi_lti_types` of the LMS looks for a type with this name and description,
    // and fails if the name has another description.
    let description = format!("{} Specification event transformer", format.title());
    format!(
        "\
-- External ids of the type `{name}` for users of the LMS who have none.
-- Ids that the LMS has created meanwhile are kept, and users who are deleted meanwhile are left out.
-- The file can be imported again, also after an import that broke off.
SET NAMES utf8mb4;
SET SESSION autocommit = 1;
SET SESSION sql_mode = 'STRICT_ALL_TABLES';
SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED;
SET @imported = 0;

INSERT INTO external_user_ids_externalidtype (created, modified, name, description)
SELECT UTC_TIMESTAMP(6), UTC_TIMESTAMP(6), '{name}', '{description}' FROM DUAL
WHERE NOT EXISTS (SELECT 1 FROM external_user_ids_externalidtype WHERE name = '{name}');

DROP TEMPORARY TABLE IF EXISTS event_router_ids;
CREATE TEMPORARY TABLE event_router_ids (
  user_id BIGINT NOT NULL PRIMARY KEY,
  external_user_id CHAR(32) CHARACTER SET ascii NOT NULL
) ENGINE = InnoDB;
"
    )
}

/// Returns the statements that import some ids.
///
/// The `LEFT JOIN` leaves out users who have an id, so that no numbers are drawn from the auto-increment of the table. If
/// the LMS creates an id while the statement runs, `ON DUPLICATE KEY UPDATE` keeps it.
fn sql_of(ids: &[(i64, Uuid)], format: Format) -> String {
    let mut text =
        String::from("\nINSERT INTO event_router_ids (user_id, external_user_id) VALUES\n");
    for (nth, (user, id)) in ids.iter().enumerate() {
        let end = if nth + 1 == ids.len() { ";" } else { "," };
        // Writing to a string cannot fail.
        let _ = writeln!(text, "({user},'{}'){end}", id.simple());
    }
    let _ = write!(
        text,
        "\
INSERT INTO external_user_ids_externalid (created, modified, external_user_id, external_id_type_id, user_id)
SELECT UTC_TIMESTAMP(6), UTC_TIMESTAMP(6), event_router_ids.external_user_id, id_type.id, auth_user.id
FROM event_router_ids
JOIN auth_user ON auth_user.id = event_router_ids.user_id
JOIN external_user_ids_externalidtype AS id_type ON id_type.name = '{}'
LEFT JOIN external_user_ids_externalid AS existing
  ON existing.user_id = auth_user.id AND existing.external_id_type_id = id_type.id
WHERE existing.id IS NULL
ON DUPLICATE KEY UPDATE external_user_ids_externalid.id = external_user_ids_externalid.id;
SET @imported = @imported + ROW_COUNT();
DELETE FROM event_router_ids;
",
        format.name()
    );
    text
}

/// The statements after the ids. The number of imported ids appears in the output of the client.
const SQL_END: &str =
    "\nDROP TEMPORARY TABLE event_router_ids;\nSELECT @imported AS imported_ids;\n";

//! The courses table: the display name of each course.

use std::borrow::Cow;
use std::path::Path;

use anyhow::{Result, bail};
use hashbrown::HashMap;

use super::{course_key, table};

/// The display names of an LMS's courses, by course key.
pub struct Courses {
    /// The path of the table or the URL of the database, for messages.
    pub file: String,
    display_names: HashMap<Box<str>, Course>,
}

struct Course {
    display_name: Option<Box<str>>,
    row: u64,
}

impl Courses {
    /// Loads a table with the columns `course_id,display_name`.
    ///
    /// # Errors
    /// Returns an error if the file cannot be read, a column is missing, or a course id is repeated.
    pub fn load(path: &Path) -> Result<Self> {
        let mut courses = Self::new(path.display().to_string());
        table::read(
            path,
            ["course_id", "display_name"],
            |row, [id, display_name]| {
                let id = id.not_null().unwrap_or_default();
                courses.push(&id, display_name.nullable().as_deref(), row)
            },
        )?;
        Ok(courses)
    }

    /// Returns a table without courses, to be filled by `push`.
    pub(super) fn new(file: String) -> Self {
        Self {
            file,
            display_names: HashMap::new(),
        }
    }

    /// Adds the course in this row of the table.
    ///
    /// # Errors
    /// Returns an error if the course id is repeated.
    pub(super) fn push(&mut self, id: &str, display_name: Option<&str>, row: u64) -> Result<()> {
        // An id that does not parse is never looked up. It is kept only so that a second row with the same id is found.
        let key = course_key::canonical(id).unwrap_or(Cow::Borrowed(id));
        let course = Course {
            display_name: display_name.map(Into::into),
            row,
        };
        match self.display_names.insert(key.as_ref().into(), course) {
            Some(first) => bail!(
                "rows {} and {row} have the same course id, `{id}`",
                first.row
            ),
            None => Ok(()),
        }
    }

    /// Returns the number of courses.
    pub fn len(&self) -> usize {
        self.display_names.len()
    }

    /// Returns whether the table has no rows below its header.
    pub fn is_empty(&self) -> bool {
        self.display_names.is_empty()
    }

    /// Returns the display name of the course with this canonical key: `None` if the course is unknown, `Some(None)` if
    /// its name is NULL.
    pub(super) fn display_name(&self, key: &str) -> Option<Option<&str>> {
        self.display_names
            .get(key)
            .map(|course| course.display_name.as_deref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(table: &str) -> Result<Courses> {
        let file = tempfile::NamedTempFile::new()?;
        std::fs::write(file.path(), table)?;
        Courses::load(file.path())
    }

    #[test]
    fn courses_are_found_by_their_keys() {
        let courses =
            load("display_name,course_id\n\"Demo, \"\"X\"\"\",course-v1:a+b+c\nNULL,edX/D/2014\n")
                .unwrap();
        assert_eq!(
            courses.display_name("course-v1:a+b+c"),
            Some(Some("Demo, \"X\""))
        );
        assert_eq!(courses.display_name("edX/D/2014"), Some(None));
        assert_eq!(courses.display_name("course-v1:a+b+d"), None);
    }

    #[test]
    fn the_error_about_a_repeated_course_id_names_both_rows() {
        let error = load("course_id,display_name\ncourse-v1:a+b+c,A\nx/y/z,B\nslashes:a+b+c,C\n")
            .err()
            .unwrap();
        assert!(
            format!("{error:#}").contains("rows 2 and 4 have the same course id"),
            "{error:#}"
        );
    }
}

//! The courses in the LMS database.

use anyhow::{Context, Result};
use mysql::Value;

use super::rows::DatabaseCourse;
use super::session::{PAGE, Session, text};
use crate::lms::Courses;

const TABLE: &str = "course_overviews_courseoverview";

impl Session {
    /// Loads all courses.
    ///
    /// # Errors
    /// Returns an error if the table cannot be read.
    pub fn load_courses(&mut self) -> Result<Courses> {
        let mut courses = Courses::new(self.name.clone());
        let mut row = 1;
        let mut last = None;
        loop {
            let page = self.courses_after(last.as_deref())?;
            for course in &page {
                row += 1;
                courses.push(&course.id, course.display_name.as_deref(), row)?;
            }
            match page.into_iter().next_back() {
                Some(course) => last = Some(course.id),
                None => return Ok(courses),
            }
        }
    }

    /// Returns the next courses, in the order of their ids: those after the id `last`. After the last course, returns none.
    ///
    /// # Errors
    /// Returns an error if the table cannot be read.
    pub fn courses_after(&mut self, last: Option<&str>) -> Result<Vec<DatabaseCourse>> {
        let after = last.map_or("", |_| "WHERE id > ?");
        let query =
            format!("SELECT id, display_name FROM {TABLE} {after} ORDER BY id LIMIT {PAGE}");
        let parameters: Vec<Value> = last.into_iter().map(Value::from).collect();
        let mut page = Vec::new();
        self.each_row(TABLE, &query, parameters, |row| {
            page.push(DatabaseCourse {
                id: text(row, 0)?.context("a course has no id")?.to_owned(),
                display_name: text(row, 1)?.map(str::to_owned),
            });
            Ok(())
        })?;
        Ok(page)
    }
}

//! Rows of the LMS database.

use uuid::Uuid;

/// A user of the LMS with both external ids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatabaseUser {
    pub id: i64,
    pub username: String,
    pub email: String,
    pub xapi_id: Option<Uuid>,
    pub caliper_id: Option<Uuid>,
}

/// A course of the LMS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatabaseCourse {
    pub id: String,
    /// The name, or `None` if it is NULL.
    pub display_name: Option<String>,
}

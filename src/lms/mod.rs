//! The data of the LMS database: the external ids of users and the names of courses, read from exported tables or from
//! the database itself, or derived.

pub(crate) mod course_key;
mod courses;
mod database;
mod header;
mod id_index;
mod identities;
mod identity;
mod lookup;
mod row_index;
mod row_set;
mod settings;
mod table;
mod users;

pub use courses::Courses;
pub use database::{
    Database, DatabaseCourse, DatabaseSettings, DatabaseUser, PASSWORD_VARIABLE, Session,
};
pub use identity::IdentityDerivation;
pub(crate) use lookup::UserRef;
pub use lookup::{DerivedId, Lms, Unknown};
pub use row_set::RowSet;
pub use settings::{LmsSettings, LmsTables, names_database, remedy_for_missing_rows};
pub use users::{Identity, IdentityColumn, Users};

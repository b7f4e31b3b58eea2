//! The database of the LMS, MySQL or MariaDB, as the source of users and courses.
//!
//! Everything is read in one read-only transaction with a consistent snapshot, in pages by primary key, so no table is
//! locked and the server keeps no large result. The client is built only with the feature `lms-db`.

#[cfg(feature = "lms-db")]
mod address;
#[cfg(feature = "lms-db")]
mod courses;
#[cfg(feature = "lms-db")]
mod failure;
mod rows;
#[cfg(feature = "lms-db")]
mod session;
mod settings;
#[cfg(feature = "lms-db")]
mod users;
#[cfg(not(feature = "lms-db"))]
mod without_client;

#[cfg(feature = "lms-db")]
pub use address::Database;
pub use rows::{DatabaseCourse, DatabaseUser};
#[cfg(feature = "lms-db")]
pub use session::Session;
pub use settings::{DatabaseSettings, PASSWORD_VARIABLE};
#[cfg(not(feature = "lms-db"))]
pub use without_client::{Database, Session};

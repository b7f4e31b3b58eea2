//! The data of the LMS, whose tables are loaded before the first line is converted, and only then.

use std::ops::Deref;
use std::sync::OnceLock;

use super::Lms;

/// The data without the tables, until the data with the tables are set.
pub struct LazyLms {
    without_tables: Lms,
    loaded: OnceLock<Lms>,
}

impl LazyLms {
    pub fn new(without_tables: Lms) -> Self {
        Self {
            without_tables,
            loaded: OnceLock::new(),
        }
    }

    /// Sets the data with the tables, once.
    pub fn set(&self, lms: Lms) {
        let _ = self.loaded.set(lms);
    }
}

impl Deref for LazyLms {
    type Target = Lms;

    fn deref(&self) -> &Lms {
        self.loaded.get().unwrap_or(&self.without_tables)
    }
}

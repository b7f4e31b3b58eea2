//! The files that were removed while the inputs were listed.

use std::collections::HashSet;

use super::discovery::{Discovery, NotFound};
use super::source::Source;
use crate::compression::Compression;

impl Discovery {
    /// Reports each file that an earlier listing lacked and that was removed since as an error. A file was probably renamed
    /// or packed, and is no error, if this listing has its name, its name with `.gz` or `.zst`, or a file that the earlier listing
    /// did not have.
    pub fn add_removed(&mut self, earlier: &Self) {
        let identity = |source: &Source| Some(source.stamp?.file());
        let known: HashSet<_> = earlier.sources.iter().filter_map(identity).collect();
        let is_new = |source: &Source| identity(source).is_some_and(|id| !known.contains(&id));
        if self.sources.iter().any(is_new) {
            return;
        }
        let names = self.sources.iter().map(|source| source.name.as_str());
        let errors = self.errors.iter().map(|error| error.name.as_str());
        let names: HashSet<&str> = names.chain(errors).collect();
        let removed = earlier.errors.iter().filter(|error| {
            let is_known = || names.contains(&*error.name);
            let is_packed = |compression: Compression| {
                let packed = format!("{}.{}", error.name, compression.ending());
                names.contains(&*packed)
            };
            let is_packed = || Compression::ALL.into_iter().any(is_packed);
            error.is_missing && error.is_wanted && !is_known() && !is_packed()
        });
        let removed: Vec<NotFound> = removed.cloned().collect();
        self.errors.extend(removed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::Stores;
    use crate::input::{NameFilter, discover};
    use crate::tracking::LineWrapper;

    #[test]
    fn a_file_that_an_earlier_listing_lacked_is_an_error_unless_it_may_have_been_renamed_or_packed()
    {
        for (later, errors) in [
            (&["a.log"][..], 1),
            (&["a.log", "b.log"], 0),
            (&["a.log", "b.log.1"], 0),
            (&[], 1),
        ] {
            let directory = tempfile::tempdir().unwrap();
            let path = |name: &str| directory.path().join(name);
            let list = || {
                let filter = NameFilter::new(&[], &[]).unwrap();
                let directory = directory.path().to_owned();
                let stores = Stores::default();
                discover(&[directory], &filter, &LineWrapper::default(), &[], &stores)
            };
            std::fs::write(path("a.log"), "").unwrap();
            let mut earlier = list();
            earlier.errors.push(NotFound {
                name: path("b.log").display().to_string(),
                error: "not found".to_owned(),
                is_missing: true,
                is_wanted: true,
            });
            if later.is_empty() {
                std::fs::remove_file(path("a.log")).unwrap();
            }
            for name in later {
                std::fs::write(path(name), "").unwrap();
            }
            let mut discovery = list();
            discovery.add_removed(&earlier);
            assert_eq!(discovery.errors.len(), errors, "{later:?}");
        }
    }
}

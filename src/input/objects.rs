//! The search for inputs in object storage. The objects below a prefix are found as the files of a directory are.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::thread;

use super::discovery::{Discovery, NotFound};
use super::file_stamp::FileStamp;
use super::name_filter::NameFilter;
use super::shape::shape_of;
use super::source::{Origin, Shape, Source};
use crate::cloud::{Address, Found, Listing, Object, Stores};
use crate::tracking::LineWrapper;

/// The objects of all arguments that are addresses, in the order of the arguments.
pub struct FoundObjects(VecDeque<Result<Found, String>>);

impl FoundObjects {
    /// Finds the objects of all arguments, several at a time.
    pub fn find(arguments: &[PathBuf], stores: &Stores) -> Self {
        let parsed = arguments
            .iter()
            .filter_map(|argument| Address::parse(argument));
        let parsed: Vec<Result<Address, String>> = parsed.collect();
        let addresses: Vec<Address> = parsed.iter().flatten().cloned().collect();
        let mut found = stores.find(&addresses).into_iter();
        let all = parsed.into_iter().map(|address| {
            let next = address.map(|_| found.next());
            next.and_then(|found| found.unwrap_or_else(|| Err("it was not looked for".to_owned())))
        });
        Self(all.collect())
    }

    /// Returns the objects of the next argument, or `None` if the argument is no address.
    pub fn next_of(&mut self, argument: &Path) -> Option<Result<Found, String>> {
        let is_address = Address::parse(argument).is_some();
        is_address.then(|| self.0.pop_front()).flatten()
    }
}

impl Discovery {
    /// Adds the objects of an argument.
    pub(super) fn add_objects(
        &mut self,
        argument: &Path,
        found: Result<Found, String>,
        filter: &NameFilter,
        written: &[Address],
    ) {
        match found {
            Ok(Found::Object(object)) => {
                let name = object.key().rsplit('/').next().unwrap_or_default();
                let relative = PathBuf::from(name);
                self.sources.push(source(object, relative));
            }
            Ok(Found::Below(prefix, listing)) => {
                self.add_listing(&prefix, listing, filter, written);
            }
            Err(error) => self.errors.push(NotFound {
                name: argument.display().to_string(),
                error,
                is_missing: false,
                is_wanted: true,
            }),
        }
    }

    /// Adds the objects below a prefix, but for those at the addresses to which the run writes.
    fn add_listing(
        &mut self,
        prefix: &str,
        listing: Listing,
        filter: &NameFilter,
        written: &[Address],
    ) {
        for object in listing.objects {
            let is_output = |output: &Address| is_below(&object.address(), output, prefix);
            if written.iter().any(is_output) {
                continue;
            }
            let relative = relative(object.key(), prefix);
            if is_hidden(&relative) {
                let path = || PathBuf::from(object.address().to_string());
                self.hidden.get_or_insert_with(path);
            } else if filter.matches(&relative) {
                self.sources.push(source(object, relative));
            } else {
                let path = object.address().to_string().into();
                self.skipped.push((path, stamp(&object)));
            }
        }
        for unreadable in listing.unreadable {
            let relative = relative(&unreadable.address.key, prefix);
            if !is_hidden(&relative) && filter.matches(&relative) {
                self.errors.push(NotFound {
                    name: unreadable.address.to_string(),
                    error: unreadable.cause.to_owned(),
                    is_missing: false,
                    is_wanted: true,
                });
            }
        }
    }
}

/// Returns the key below a prefix, as the path of a file.
fn relative(key: &str, prefix: &str) -> PathBuf {
    let below = key.strip_prefix(prefix).unwrap_or(key);
    below
        .split('/')
        .filter(|segment| !segment.is_empty())
        .collect()
}

/// Returns whether an object below a prefix is an output, or below an output that is itself below the prefix.
fn is_below(object: &Address, output: &Address, prefix: &str) -> bool {
    let is_same_bucket = object.provider == output.provider && object.bucket == output.bucket;
    let directory = output.key.trim_end_matches('/');
    let rest = object.key.strip_prefix(directory);
    is_same_bucket
        && directory.len() > prefix.trim_end_matches('/').len()
        && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn is_hidden(relative: &Path) -> bool {
    let mut names = relative.iter();
    names.any(|name| {
        name.as_encoded_bytes().starts_with(b".") && !matches!(name.to_str(), Some("." | ".."))
    })
}

fn stamp(object: &Object) -> Option<FileStamp> {
    let e_tag = object.e_tag()?;
    Some(FileStamp::of_object(
        &object.address(),
        object.size(),
        e_tag,
    ))
}

fn source(object: Object, relative: PathBuf) -> Source {
    Source {
        name: object.address().to_string(),
        relative,
        shape: Shape::Log,
        size: Some(object.size()),
        stamp: stamp(&object),
        is_own_rejects: false,
        origin: Origin::Object(object),
    }
}

/// Distinguishes the logs among objects from documents. Until then, each object counts as a log. Several objects are opened
/// at a time, since each takes the time of a request.
pub fn find_shapes(sources: &mut [Source], wrapper: &LineWrapper) {
    const THREADS: usize = 32;

    let documents = sources.iter_mut().filter(|source| source.may_be_document());
    let mut documents: Vec<&mut Source> = documents.collect();
    let count = documents.len().div_ceil(THREADS).max(1);
    thread::scope(|scope| {
        for part in documents.chunks_mut(count) {
            scope.spawn(move || {
                for source in part {
                    source.shape = shape_of(source, wrapper);
                }
            });
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outputs_below_the_prefix_of_the_inputs_are_no_inputs() {
        for (object, output, prefix, expected) in [
            ("s3://b/out/a.log", "s3://b/out", "", true),
            ("s3://b/out/a.log", "s3://b/out/", "", true),
            ("s3://b/x/all.jsonl", "s3://b/x/all.jsonl", "x/", true),
            ("s3://b/out-2/a.log", "s3://b/out", "", false),
            ("s3://b/out/a.log", "s3://b/out/", "out/", false),
            ("s3://b/logs/a.log", "s3://b", "logs/", false),
            ("s3://c/out/a.log", "s3://b/out", "", false),
        ] {
            let [object, output] =
                [object, output].map(|text| Address::parse(Path::new(text)).unwrap().unwrap());
            assert_eq!(is_below(&object, &output, prefix), expected, "{object}");
        }
    }

    #[test]
    fn paths_below_a_prefix_never_leave_the_directory_of_the_outputs() {
        for (key, prefix, expected) in [
            ("a/b.log", "a/", "b.log"),
            ("a//b.log", "a/", "b.log"),
            ("/a.log", "", "a.log"),
            ("a b/c+%.log", "", "a b/c+%.log"),
        ] {
            assert_eq!(relative(key, prefix), Path::new(expected));
        }
    }
}

//! Shards: when several runs divide the inputs, each run converts one shard of them.

use std::fmt;
use std::path::Path;

use sha2::{Digest, Sha256};

/// One of several shards of the inputs. Each input belongs to exactly one shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    index: u64,
    count: u64,
}

impl fmt::Display for Shard {
    /// Writes the shard as `--shard` takes it.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.index, self.count)
    }
}

impl Shard {
    /// Returns the shard with this index, from 0, of `count` shards, or `None` if the index is too large.
    pub fn new(index: u64, count: u64) -> Option<Self> {
        (index < count).then_some(Self { index, count })
    }

    /// Returns whether an input is in this shard, by its [`relative`](super::Source::relative) path.
    ///
    /// The index of the shard is the first 8 bytes of the path's SHA-256 as a big-endian number, modulo the number of
    /// shards. The shard depends on nothing else, so that runs on several machines agree on it. These machines may
    /// mount the same files under different paths, and list files in different orders.
    pub fn contains(self, relative: &Path) -> bool {
        let digest = Sha256::digest(bytes_of(relative));
        let first = digest.iter().take(8);
        let number = first.fold(0, |number, &byte| number << 8 | u64::from(byte));
        number % self.count == self.index
    }
}

#[cfg(unix)]
fn bytes_of(path: &Path) -> &[u8] {
    use std::os::unix::ffi::OsStrExt;
    path.as_os_str().as_bytes()
}

/// Returns the bytes that the same path has on Unix.
#[cfg(not(unix))]
fn bytes_of(path: &Path) -> Vec<u8> {
    path.to_string_lossy()
        .replace(std::path::MAIN_SEPARATOR, "/")
        .into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shards(path: &str, count: u64) -> Vec<u64> {
        let contains = |index| Shard::new(index, count).unwrap().contains(Path::new(path));
        (0..count).filter(|&index| contains(index)).collect()
    }

    /// The expected values come from Python's hashlib. They must not change, since runs of different versions of this
    /// program may divide the same inputs.
    #[test]
    fn shards_never_change() {
        for (path, of_3, of_16) in [
            ("tracking.log", 2, 1),
            ("2024/01/tracking.log-20240105.gz", 1, 12),
            ("ü.log", 2, 15),
        ] {
            assert_eq!(shards(path, 3), [of_3], "{path}");
            assert_eq!(shards(path, 16), [of_16], "{path}");
            assert_eq!(shards(path, 1), [0], "{path}");
        }
    }

    #[test]
    fn the_index_is_below_the_count() {
        assert!(Shard::new(15, 16).is_some());
        for (index, count) in [(16, 16), (0, 0), (1, 0)] {
            assert_eq!(Shard::new(index, count), None);
        }
    }
}

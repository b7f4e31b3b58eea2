//! Shares of the work: which of several runs reads which input.

use std::path::Path;

use sha2::{Digest, Sha256};

/// One of several shares of the inputs. Each input is in exactly one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    nth: u64,
    of: u64,
}

impl Shard {
    /// The `nth` share, from 0, of so many. `None` when there are not that many.
    pub fn new(nth: u64, of: u64) -> Option<Self> {
        (nth < of).then_some(Self { nth, of })
    }

    /// Whether an input is in this share, by its [`relative`](super::Source::relative) path.
    ///
    /// The share is the first 8 bytes of the path's SHA-256 as a big-endian number, modulo the number of shares. It
    /// depends on nothing else, not even on the other inputs, since runs on several machines must agree on it: they may
    /// see the same tree in different places, and list it in different orders.
    pub fn takes(self, relative: &Path) -> bool {
        let digest = Sha256::digest(bytes_of(relative));
        let first = digest.iter().take(8);
        let number = first.fold(0, |number, &byte| number << 8 | u64::from(byte));
        number % self.of == self.nth
    }
}

#[cfg(unix)]
fn bytes_of(path: &Path) -> &[u8] {
    use std::os::unix::ffi::OsStrExt;
    path.as_os_str().as_bytes()
}

/// As they are on other systems.
#[cfg(not(unix))]
fn bytes_of(path: &Path) -> Vec<u8> {
    path.to_string_lossy()
        .replace(std::path::MAIN_SEPARATOR, "/")
        .into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share(path: &str, of: u64) -> Vec<u64> {
        let shares = 0..of;
        shares
            .filter(|&nth| Shard::new(nth, of).is_some_and(|shard| shard.takes(Path::new(path))))
            .collect()
    }

    /// Made with Python's hashlib: machines with other versions of this program must agree.
    #[test]
    fn shares_never_change() {
        for (path, of_3, of_16) in [
            ("tracking.log", 2, 1),
            ("2024/01/tracking.log-20240105.gz", 1, 12),
            ("ü.log", 2, 15),
        ] {
            assert_eq!(share(path, 3), [of_3], "{path}");
            assert_eq!(share(path, 16), [of_16], "{path}");
            assert_eq!(share(path, 1), [0], "{path}");
        }
    }

    #[test]
    fn there_are_as_many_shares_as_are_said() {
        assert!(Shard::new(15, 16).is_some());
        for (nth, of) in [(16, 16), (0, 0), (1, 0)] {
            assert_eq!(Shard::new(nth, of), None);
        }
    }
}

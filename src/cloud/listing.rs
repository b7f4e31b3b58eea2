//! The objects below a prefix.

use std::cmp::Ordering;
use std::sync::Arc;

use object_store::list::PaginatedListOptions;

use super::address::Address;
use super::bucket::Bucket;
use super::failure::Failure;
use super::keys;
use super::object::Object;

/// The objects below a prefix, in the order of the files in a directory.
pub struct Listing {
    pub objects: Vec<Object>,
    pub unreadable: Vec<UnreadableKey>,
}

/// An object that cannot be read because of its key.
pub struct UnreadableKey {
    pub address: Address,
    pub cause: &'static str,
}

/// Lists the objects whose keys begin with a prefix. Objects without bytes whose keys end in a slash are left out, since they
/// only stand for directories.
///
/// # Errors
/// Returns the failure of a page.
pub async fn list(bucket: &Arc<Bucket>, prefix: &str) -> Result<Listing, Failure> {
    let mut listing = Listing {
        objects: Vec::new(),
        unreadable: Vec::new(),
    };
    let mut page_token = None;
    loop {
        let page = bucket.request(|| {
            let options = PaginatedListOptions {
                page_token: page_token.clone(),
                ..PaginatedListOptions::default()
            };
            let prefix = Some(prefix).filter(|prefix| !prefix.is_empty());
            bucket.client.list_paginated(prefix, options)
        });
        let page = page.await?;
        for meta in page.result.objects {
            let key = keys::key_of(&meta.location);
            let cause = match keys::path_of(&key) {
                _ if key.ends_with('/') && meta.size == 0 => continue,
                _ if key.ends_with('/') => {
                    "its key ends in a slash, so it has no name; copy the object to another key"
                }
                Err(cause) => cause,
                Ok(_) => {
                    let object = Object::new(bucket, key, meta.size, meta.e_tag);
                    listing.objects.push(object);
                    continue;
                }
            };
            let address = bucket.address(&key);
            listing.unreadable.push(UnreadableKey { address, cause });
        }
        page_token = page.page_token.filter(|token| !token.is_empty());
        if page_token.is_none() {
            break;
        }
    }
    listing
        .objects
        .sort_by(|a, b| as_in_directory(a.key(), b.key()));
    Ok(listing)
}

/// Compares keys as a search of a directory does: the files of a directory `a` come before a file `a.log`.
fn as_in_directory(a: &str, b: &str) -> Ordering {
    let rank = |byte: u8| if byte == b'/' { 0 } else { u16::from(byte) + 1 };
    a.bytes().map(rank).cmp(b.bytes().map(rank))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_in_the_order_of_a_directory() {
        let mut keys = ["a.log", "a/b.log", "a-b", "a/b/c", "B", "a", "ü", "a/b"];
        keys.sort_by(|a, b| as_in_directory(a, b));
        assert_eq!(
            keys,
            ["B", "a", "a/b", "a/b/c", "a/b.log", "a-b", "a.log", "ü"]
        );
    }
}

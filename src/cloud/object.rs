//! An object, and the requests that read ahead.

use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::address::Address;
use super::bucket::Bucket;
use super::object_reader::{ObjectReader, Reading, unquoted};

/// An object that was found.
#[derive(Clone)]
pub struct Object(Arc<Found>);

struct Found {
    bucket: Arc<Bucket>,
    key: String,
    size: u64,
    e_tag: Option<String>,
    /// The request that was made before the object is opened.
    ahead: Mutex<Option<Reading>>,
}

impl Object {
    pub fn new(bucket: &Arc<Bucket>, key: String, size: u64, e_tag: Option<String>) -> Self {
        Self(Arc::new(Found {
            bucket: Arc::clone(bucket),
            key,
            size,
            e_tag,
            ahead: Mutex::default(),
        }))
    }

    pub fn address(&self) -> Address {
        self.0.bucket.address(&self.0.key)
    }

    pub fn key(&self) -> &str {
        &self.0.key
    }

    /// Returns the size in bytes when the object was found.
    pub fn size(&self) -> u64 {
        self.0.size
    }

    /// Returns the ETag when the object was found, without its quotes.
    pub fn e_tag(&self) -> Option<&str> {
        self.0.e_tag.as_deref().map(unquoted)
    }

    /// Requests the object, so that its first bytes are here when it is opened. Does nothing if it is already requested.
    pub fn read_ahead(&self) {
        let mut ahead = self.ahead();
        if ahead.is_none() {
            // An error is reported when the object is opened.
            *ahead = self.request().ok();
        }
    }

    /// Opens the object.
    ///
    /// # Errors
    /// Returns an error if the object cannot be read.
    pub fn open(&self) -> io::Result<ObjectReader> {
        let ahead = self.ahead().take();
        ahead.map_or_else(|| self.request(), Ok)?.open()
    }

    fn ahead(&self) -> MutexGuard<'_, Option<Reading>> {
        self.0.ahead.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn request(&self) -> io::Result<Reading> {
        Reading::start(&self.0.bucket, &self.0.key, None)
    }
}

impl fmt::Debug for Object {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.address())
    }
}

impl PartialEq for Object {
    fn eq(&self, other: &Self) -> bool {
        self.address() == other.address()
    }
}

impl Eq for Object {}

//! The clients of all buckets, and the search for the objects of an address.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use object_store::GetOptions;
use tokio::sync::Semaphore;

use super::address::{Address, Provider};
use super::bucket::Bucket;
use super::connect::connect;
use super::failure::Failure;
use super::keys;
use super::listing::{self, Listing};
use super::object::Object;
use super::runtime;
use super::settings::CloudSettings;

/// The clients, one for each bucket. A client is made once, and its failure is remembered.
#[derive(Clone, Default)]
pub struct Stores {
    settings: Arc<CloudSettings>,
    buckets: Arc<Mutex<Buckets>>,
}

/// The buckets that were asked for.
type Buckets = HashMap<(Provider, String), Result<Arc<Bucket>, String>>;

/// The objects that an address names.
pub enum Found {
    /// The object with this key.
    Object(Object),
    /// The objects below a prefix, which ends in a slash or is empty.
    Below(String, Listing),
}

impl Stores {
    pub fn new(settings: CloudSettings) -> Self {
        Self {
            settings: Arc::new(settings),
            buckets: Arc::default(),
        }
    }

    /// Finds the objects of many addresses, several at a time. Returns for each address the objects, or the reason why none is found.
    pub fn find(&self, addresses: &[Address]) -> Vec<Result<Found, String>> {
        /// The most requests at a time.
        const AT_A_TIME: usize = 32;

        let limit = Arc::new(Semaphore::new(AT_A_TIME));
        let tasks = addresses.iter().map(|address| {
            let bucket = self.bucket(address)?;
            let (key, limit) = (address.key.clone(), Arc::clone(&limit));
            let task = runtime::spawn(async move {
                let _permit = limit.acquire().await;
                let found = find(&bucket, &key).await;
                found.map_err(|failure| bucket.text(&failure))
            });
            task.map_err(|error| error.to_string())
        });
        let tasks: Vec<Result<_, String>> = tasks.collect();
        let found = tasks.into_iter().map(|task| {
            let result = runtime::wait(task?).map_err(|error| error.to_string())?;
            result.map_err(|error| error.to_string())?
        });
        found.collect()
    }

    pub(super) fn bucket(&self, address: &Address) -> Result<Arc<Bucket>, String> {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (address.provider, address.bucket.clone());
        let bucket = buckets.entry(key).or_insert_with(|| {
            let bucket = runtime::wait(connect(&self.settings, address));
            bucket.map_err(|error| error.to_string())?.map(Arc::new)
        });
        bucket.clone()
    }
}

/// Finds the object with this key. If no object has the key, finds the objects below the key.
async fn find(bucket: &Arc<Bucket>, key: &str) -> Result<Found, Failure> {
    let mut prefix = key.to_owned();
    let mut failure = None;
    if !key.is_empty() && !key.ends_with('/') {
        match head(bucket, key).await {
            Ok(object) => return Ok(Found::Object(object)),
            // The answer to a list has a body that tells the cause.
            Err(error) if error.is_missing() || error.has_no_cause() => failure = Some(error),
            Err(error) => return Err(error),
        }
        prefix.push('/');
    }
    let listing = listing::list(bucket, &prefix).await?;
    let is_empty = listing.objects.is_empty() && listing.unreadable.is_empty();
    match failure.filter(|_| is_empty) {
        Some(failure) if failure.is_missing() => Err(Failure::Other(format!(
            "there is neither an object with this key, nor one below `{}`",
            bucket.address(&prefix)
        ))),
        Some(failure) => Err(failure),
        None => Ok(Found::Below(prefix, listing)),
    }
}

pub(super) async fn head(bucket: &Arc<Bucket>, key: &str) -> Result<Object, Failure> {
    let path = keys::path_of(key).map_err(|cause| Failure::Other(cause.to_owned()))?;
    let result = bucket.request(|| {
        let options = GetOptions {
            head: true,
            ..GetOptions::default()
        };
        bucket.client.get_opts(&path, options)
    });
    let meta = result.await?.meta;
    Ok(Object::new(bucket, key.to_owned(), meta.size, meta.e_tag))
}

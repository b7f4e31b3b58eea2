//! The client of a bucket, with retries.

use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use object_store::ObjectStore;
use object_store::list::PaginatedListStore;
use object_store::multipart::MultipartStore;

use super::address::{Address, Provider};
use super::failure::Failure;

/// A client of `object_store`.
pub trait Client: ObjectStore + PaginatedListStore + MultipartStore {}

impl<T: ObjectStore + PaginatedListStore + MultipartStore> Client for T {}

/// A bucket, and its client.
pub struct Bucket {
    pub provider: Provider,
    pub name: String,
    pub client: Box<dyn Client>,
    /// The server, as messages name it.
    pub endpoint: String,
    /// Whether the server has answered, so that the network and the name of the server are right.
    has_answered: AtomicBool,
}

impl Bucket {
    pub fn new(address: &Address, client: Box<dyn Client>, endpoint: String) -> Self {
        Self {
            provider: address.provider,
            name: address.bucket.clone(),
            client,
            endpoint,
            has_answered: AtomicBool::new(false),
        }
    }

    /// Returns the address of a key in the bucket.
    pub fn address(&self, key: &str) -> Address {
        Address {
            provider: self.provider,
            bucket: self.name.clone(),
            key: key.to_owned(),
        }
    }

    /// Returns the message about a failure.
    pub fn text(&self, failure: &Failure) -> String {
        failure.text(self.provider, &self.endpoint)
    }

    /// Makes a request until the server answers it, with growing delays between the tries.
    ///
    /// # Errors
    /// Returns the failure if retries cannot help, or after the last try.
    pub async fn request<T, F>(&self, mut request: impl FnMut() -> F) -> Result<T, Failure>
    where
        F: Future<Output = object_store::Result<T>>,
    {
        let mut delays = self.delays();
        loop {
            let failure = match request().await {
                Ok(answer) => {
                    self.has_answered.store(true, Ordering::Relaxed);
                    return Ok(answer);
                }
                Err(error) => Failure::of(&error),
            };
            if matches!(failure, Failure::Server(_)) {
                self.has_answered.store(true, Ordering::Relaxed);
            }
            match delays.next().filter(|_| failure.may_pass()) {
                Some(delay) => tokio::time::sleep(delay).await,
                None => return Err(failure),
            }
        }
    }

    /// Returns the delays before the retries. A server that has never answered gets fewer retries, since its name may be
    /// wrong.
    pub fn delays(&self) -> impl Iterator<Item = Duration> + use<> {
        const FIRST: Duration = Duration::from_millis(100);
        const RETRIES: usize = 8;
        const RETRIES_AT_FIRST: usize = 3;

        let retries = match self.has_answered.load(Ordering::Relaxed) {
            true => RETRIES,
            false => RETRIES_AT_FIRST,
        };
        let delays = std::iter::successors(Some(FIRST), |delay| Some(*delay * 2));
        delays
            .take(retries)
            .map(|delay| delay.mul_f64(0.5 + fastrand::f64()))
    }
}

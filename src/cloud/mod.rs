//! Object storage: Amazon S3 and servers that speak its protocol, Google Cloud Storage, and Azure Blob Storage.
//!
//! This is the only module that uses the crate `object_store` and its asynchronous runtime. The rest of the program sees
//! lists of objects, and blocking readers and writers. The clients are built only with the feature `cloud`.
//!
//! | file | contents |
//! |---|---|
//! | `address` | addresses of buckets, prefixes and objects, such as `s3://bucket/prefix/` |
//! | `settings` | the options |
//! | `stores` | the clients of all buckets, and the search for the objects of an address |
//! | `listing` | the objects below a prefix |
//! | `object` | an object, and the requests that read ahead |
//! | `object_reader` | reading an object, which continues after a broken connection |
//! | `object_writer` | writing an object, from a thread that blocks |
//! | `upload` | the requests that write an object |
//! | `output_settings` | the settings for writing an object |
//! | `bucket` | the client of a bucket, with retries |
//! | `connect` | building the client, given the options and the environment |
//! | `connector` | the HTTP client between `object_store` and the network |
//! | `keys` | keys that `object_store` cannot represent |
//! | `failure` | failed requests: whether to retry them, and messages |
//! | `runtime` | the asynchronous runtime |
//! | `without_client` | the stand-in for the clients in a build without the feature |

mod address;
#[cfg(feature = "cloud")]
mod bucket;
#[cfg(feature = "cloud")]
mod connect;
#[cfg(feature = "cloud")]
mod connector;
#[cfg(feature = "cloud")]
mod failure;
#[cfg(feature = "cloud")]
mod keys;
#[cfg(feature = "cloud")]
mod listing;
#[cfg(feature = "cloud")]
mod object;
#[cfg(feature = "cloud")]
mod object_reader;
#[cfg(feature = "cloud")]
mod object_writer;
mod output_settings;
#[cfg(feature = "cloud")]
mod runtime;
mod settings;
#[cfg(feature = "cloud")]
mod stores;
#[cfg(feature = "cloud")]
mod upload;
#[cfg(not(feature = "cloud"))]
mod without_client;

pub use address::{Address, Provider};
#[cfg(feature = "cloud")]
pub use listing::{Listing, UnreadableKey};
#[cfg(feature = "cloud")]
pub use object::Object;
#[cfg(feature = "cloud")]
pub use object_reader::{ObjectReader, ObjectVersion};
#[cfg(feature = "cloud")]
pub use object_writer::{Completion, IsStopped, ObjectWriter};
pub use output_settings::OutputSettings;
pub use settings::{AddressingStyle, CloudSettings};
#[cfg(feature = "cloud")]
pub use stores::{Found, Stores};
#[cfg(not(feature = "cloud"))]
pub use without_client::{
    Completion, Found, IsStopped, Listing, Object, ObjectReader, ObjectVersion, ObjectWriter,
    Stores, UnreadableKey,
};

/// Whether this build has the clients.
pub const IS_AVAILABLE: bool = cfg!(feature = "cloud");

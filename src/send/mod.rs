//! Sending to servers.
//!
//! Batching, workers, retries, the rate limit, acknowledgements, statistics and dead letters are the same for all kinds
//! of servers. Each kind has a folder with its requests, its verdict on answers and its lookup. For another kind of
//! server, add a folder that implements [`server::Server`], and an arm to `DeliverySettings::server`.
//!
//! Files import only from the rows below theirs.
//!
//! | file | contents |
//! |---|---|
//! | `plan` | the targets of a run |
//! | `sender` | the destination of a run: divides records among targets |
//! | `settings` | the settings of a delivery, and the choice of the kind of server |
//! | `worker_pool` | the workers of a target and their queue |
//! | `delivery_worker` | the delivery of one batch: splits it, looks up conflicts, writes dead letters |
//! | `retry` | the loop that repeats requests |
//! | `target` | a router or server, with what its workers share |
//! | `acknowledgements` | the positions up to which a target has acknowledged all records |
//! | `batcher` | the division of records into batches |
//! | `statistics` | counts of records and requests |
//! | `rate_limiter`, `backoff`, `body_size_limit` | when the next request may start, and how large it may be |
//! | `lrs/` | learning record stores: requests, verdict, lookup |
//! | `caliper_endpoint/` | Caliper endpoints: requests, verdict |
//! | `server` | the interface of a kind of server |
//! | `verdict` | the meaning of an answer |
//! | `body_frame` | the text around the records of a body |
//! | `send_batch`, `envelope`, `overrides` | the records of a request |
//! | `dead_letters` | records that could not be delivered |
//! | `http/` | the client, TLS, proxies, redaction |

mod acknowledgements;
mod backoff;
mod batcher;
mod body_frame;
mod body_size_limit;
mod caliper_endpoint;
mod dead_letters;
mod delivery_worker;
mod envelope;
mod http;
mod lrs;
mod overrides;
mod plan;
mod rate_limiter;
mod retry;
mod send_batch;
mod sender;
mod server;
mod settings;
mod statistics;
mod target;
mod verdict;
mod worker_pool;

pub use backoff::Backoff;
pub use dead_letters::{DeadLetter, DeadLetters};
pub use http::ClientOptions;
pub use plan::SendPlan;
pub use send_batch::{BatchLimits, SendBatch};
pub use settings::DeliverySettings;
pub use statistics::TargetStatistics;
pub use target::Target;
pub use worker_pool::WorkerPool;

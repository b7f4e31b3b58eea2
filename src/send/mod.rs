//! Sending to servers.
//!
//! Batching, workers, retries, the rate limit, acknowledgements, statistics and dead letters are the same for all kinds
//! of servers. Each kind of server has a folder for the parts that differ: the form of requests, the meaning of
//! answers, and the lookup of records. To add a kind of server, add a folder with a type that implements
//! [`server::Server`], and choose the type in `DeliverySettings::server`.
//!
//! A file imports only from the files in the rows below its own.
//!
//! | file | contents |
//! |---|---|
//! | `settings` | the settings of a delivery, the targets of a run, and the choice of the kind of server |
//! | `snapshot` | the progress of all targets, for the progress bar |
//! | `sender` | the destination of a run: divides records among targets |
//! | `letter_batcher` | the division of dead letters into batches |
//! | `verifier` | the destination of `verify`: asks servers for the records that they should hold |
//! | `questions` | the questions of `verify` to one server |
//! | `worker_pool` | the workers of a target and their queue |
//! | `once_only` | the delivery to a server that is asked first what it holds |
//! | `settlement` | the outcome of records if the answer does not accept all records of a request |
//! | `conflicts` | the outcome of records that the server reports as conflicts |
//! | `failures` | the outcome of records if the server fails or forbids a request after all its retries |
//! | `delivery_worker` | the delivery of one batch: splits it, settles its records, gives records up |
//! | `parts` | the parts of a batch that wait to be sent |
//! | `undelivered` | the records of a batch that are given up, and their dead letters |
//! | `compression` | the recognition of a server that cannot read compressed bodies |
//! | `batch_failures` | what follows from the failures of the server during the delivery of a batch |
//! | `sample` | the lookup of a few records that the server's answer does not list |
//! | `check` | the request before the first delivery, and the probe of `send --probe` |
//! | `conflict_lookups` | the lookups after the server reports that it holds some records already |
//! | `retry` | the loop that repeats requests |
//! | `target` | a router or server, with the state that its workers share |
//! | `target_progress`, `delivered_share` | for the progress bar: how much is delivered, and why a target waits |
//! | `gzip_support` | the findings about whether a server reads compressed bodies |
//! | `breaker`, `trial` | when batches are kept back, and when the run stops |
//! | `claims` | the ids of the records that are being delivered |
//! | `refusals` | the refusals of a server that has accepted nothing in this run |
//! | `tripped` | the reasons why the breaker stops a run |
//! | `acknowledgements` | the positions up to which a target has acknowledged all records |
//! | `batcher` | the division of records into batches |
//! | `statistics`, `verification` | counts of records and requests; which records a server holds |
//! | `reading` | whether records can be read from the server |
//! | `rate_limiter`, `request_limits` | when the next request may start, and how large it may be |
//! | `concurrency` | how many requests may be in flight at once |
//! | `lrs/` | learning record stores: requests, confirmations, lookup, probe |
//! | `clickhouse/` | ClickHouse: queries, the rows of inserts, exceptions, probe |
//! | `caliper_endpoint/` | Caliper endpoints: the envelopes of requests, confirmations |
//! | `server` | the interface of a kind of server |
//! | `verdict`, `advice` | the meaning of an answer; what the user should change |
//! | `body_frame` | the text around the records of a request body |
//! | `kept_back` | a batch that is kept back, and the records that have no outcome |
//! | `send_batch`, `overrides` | the records of a request; the keys that a router replaces in them |
//! | `dead_letters` | records that could not be delivered |
//! | `discarded` | the file of discarded dead letters |
//! | `letter_groups` | the dead letters of a router by reason and answer |
//! | `masked_answer` | the text of an answer without what differs from record to record |
//! | `http/` | the client, answers, TLS, proxies, redaction |

mod acknowledgements;
mod advice;
mod batch_failures;
mod batcher;
mod body_frame;
mod breaker;
mod caliper_endpoint;
mod check;
mod claims;
mod clickhouse;
mod compression;
mod concurrency;
mod conflict_lookups;
mod conflicts;
mod dead_letters;
mod delivered_share;
mod delivery_worker;
mod discarded;
mod failures;
mod gzip_support;
mod http;
mod kept_back;
mod letter_batcher;
mod letter_groups;
mod lrs;
mod masked_answer;
mod once_only;
mod overrides;
mod parts;
mod questions;
mod rate_limiter;
mod reading;
mod refusals;
mod request_limits;
mod retry;
mod sample;
mod send_batch;
mod sender;
mod server;
mod settings;
mod settlement;
mod snapshot;
mod statistics;
mod target;
mod target_progress;
mod trial;
mod tripped;
mod undelivered;
mod verdict;
mod verification;
mod verifier;
mod worker_pool;

pub use clickhouse::TableName;
pub use dead_letters::{DeadLetter, DeadLetters, Undeliverable};
pub use discarded::{discard, discarded_file};
pub use http::ClientOptions;
pub use letter_batcher::LetterBatcher;
pub use letter_groups::{LetterGroup, LetterGroups, LetterKind};
pub use rate_limiter::Backoff;
pub use send_batch::BatchLimits;
pub use settings::{ClickHouseSettings, DeliverySettings, SendPlan};
pub use snapshot::snapshot;
pub use statistics::TargetStatistics;
pub use target::Target;
pub use verification::{Verification, VerificationCounts};
pub use verifier::Scope;
pub use worker_pool::WorkerPool;

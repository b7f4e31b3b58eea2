//! Sending to learning record stores (xAPI 1.0.3, part 3) and Caliper endpoints (Caliper 1.2, section 6).
//!
//! | file | what it knows |
//! |---|---|
//! | `sender` | gathers batches for each router and hands them to its connections |
//! | `connections` | a router's threads, and the queue that they take batches from |
//! | `batch` | what goes into one request: bounds, no id twice |
//! | `payload` | the body of a request, and overrides |
//! | `route` | one router: what its connections share |
//! | `courier` | carries a batch until each of its items has a fate |
//! | `ledger` | how far a router has got everything |
//! | `retry` | one request, repeated |
//! | `verdict` | what an answer means, a pure function |
//! | `backoff`, `pace` | how long to wait, and when a request may go |
//! | `look_up`, `same_statement` | whether what a server has is what it was sent |
//! | `client`, `trust` | HTTP, certificates and proxies; the only files that name ureq |
//! | `tally` | what was done, in numbers |

mod acknowledgements;
mod backoff;
mod dead_letters;
mod delivery_worker;
mod http;
mod lrs;
mod payload;
mod rate_limiter;
mod retry;
mod send_batch;
mod sender;
mod statistics;
mod target;
mod verdict;
mod worker_pool;

pub use backoff::Backoff;
pub use dead_letters::{DeadLetter, DeadLetters};
pub use http::{Client, ClientOptions, Protocol, root_certificates};
pub use payload::{EnvelopeStart, Payload};
pub use rate_limiter::Pace;
pub use send_batch::{Batch, Limits, Place};
pub use sender::{Sender, tell_end};
pub use statistics::RouterTally;
pub use target::{Record, Route, RouteState, Sizes};
pub use worker_pool::{Connections, WhenDone};

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

mod backoff;
mod batch;
mod client;
mod connections;
mod courier;
mod ledger;
mod look_up;
mod pace;
mod payload;
mod retry;
mod route;
mod same_statement;
mod sender;
mod tally;
mod trust;
mod verdict;

pub use backoff::Backoff;
pub use batch::{Batch, Limits, Place};
pub use client::{Client, ClientOptions, Protocol};
pub use connections::{Connections, WhenDone};
pub use pace::Pace;
pub use payload::{EnvelopeStart, Payload};
pub use route::{Record, Route, RouteState, Sizes};
pub use sender::{Sender, tell_end};
pub use tally::RouterTally;
pub use trust::root_certificates;

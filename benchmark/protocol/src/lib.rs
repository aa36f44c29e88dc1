//! What the harness, the origin and the replicas agree on: messages, counters, content, units, and what each test asks.
//!
//! Plain data and pure functions. Nothing here opens a socket or a file, so that a test program links it for free
//! and another language can follow it from PROTOCOL.md.

pub mod content;
pub mod counts;
#[doc(hidden)]
pub mod fuzz;
mod host;
pub mod inject;
pub mod message;
pub mod operation;
pub mod origin;
pub mod parameter;
pub mod pem;
pub mod resources;
pub mod target;
pub mod tests;
pub mod units;
pub mod workload;

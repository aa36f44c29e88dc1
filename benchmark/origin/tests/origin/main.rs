//! The origin over real sockets: what a client sees, and what the audit says of it.

#![expect(clippy::unwrap_used, reason = "clippy.toml allows it in tests, but knows only those marked as such")]

mod client;
mod clients;
mod control;
mod faults;
mod misbehaviour;
mod objects;
mod operations;
mod refusals;
mod s3;
mod taken;
mod vectors;

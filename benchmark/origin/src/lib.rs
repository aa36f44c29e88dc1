//! The origin: the server under load, and the one witness of what was really asked of it.
//!
//! It serves objects whose content is a pure function of key and offset, small JSON documents and the S3 API, all from
//! memory; it injects faults by the specs of [`benchmark_protocol::inject`]; and it counts every request into the audit of
//! the run whose name is the first segment of the path. It must never be what is measured: plain requests of objects are
//! answered by a loop written for the least CPU per request (`connection`), everything else by hyper and s3s (`handover`).

mod answer;
mod audit;
pub mod clock;
mod close;
mod conditions;
mod config;
mod connection;
mod control;
mod faults;
#[doc(hidden)]
pub mod fuzz;
mod handover;
mod head;
mod listing;
mod metadata;
pub mod misbehave;
mod object;
mod range;
mod reply;
mod run;
mod s3;
mod send;
mod server;
mod store;
mod taken;
mod throttle;
mod timer;
mod tracked;
mod wire;
mod worker;

pub use config::{Config, Credentials};
pub use server::{bind, serve};

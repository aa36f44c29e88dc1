//! What every measured Rust library links. Its tests are a client and one request; this crate does the rest: flags, seeded workload, closed and
//! open loop, recording, resources, and the protocol with the coordinator.
//!
//! ```no_run
//! use benchmark_sdk::{AsyncClient, ConstructError, Failure, Options, Request, Response};
//!
//! struct Client;
//!
//! impl AsyncClient for Client {
//!     fn new(_options: &Options) -> Result<Self, ConstructError> {
//!         Ok(Self)
//!     }
//!
//!     async fn perform(&self, _request: &Request<'_>, response: &mut Response) -> Result<(), Failure> {
//!         response.head(200, |_| None);
//!         response.chunk(b"{}");
//!         Ok(())
//!     }
//! }
//!
//! fn main() -> std::process::ExitCode {
//!     benchmark_sdk::run_async::<Client>(benchmark_sdk::program!("mine"))
//! }
//! ```

mod bare;
mod client;
pub mod clock;
mod engine;
mod environment;
mod failure;
#[doc(hidden)]
pub mod fuzz;
mod load;
mod measured;
mod options;
mod program;
mod range;
mod request;
mod resources;
mod response;
mod session;
mod sigv4;
mod summary;
#[doc(hidden)]
pub mod vectors;
mod workload;

pub use benchmark_protocol::counts::FailureKind;
pub use benchmark_protocol::operation::Operation;
pub use benchmark_protocol::target::{Names, Target};
pub use benchmark_protocol::tests::{LONGEST_KEPT, LONGEST_READ_OUT, Page, Test};
pub use bytes::Bytes;

pub use client::{AsyncClient, BlockingClient, ConstructError};
pub use failure::Failure;
pub use measured::Program;
pub use options::Options;
pub use program::{run_async, run_blocking};
pub use request::Request;
pub use response::Response;
pub use sigv4::Credentials;

/// The statuses of a good answer to a request of this method, with a `range` or without: for clients that look at answers below their
/// library's own interface, as that shows none.
#[must_use]
pub fn good_statuses(method: &str, ranged: bool) -> &'static [u16] {
    Operation::good_statuses_of(method, ranged)
}

/// What a body in XML says, where it is an error though its status is good.
#[must_use]
pub fn error_in(body: &[u8]) -> Option<String> {
    benchmark_protocol::tests::xml::error(body)
}

/// Names the program: its library. The version is the package's, which is the library's.
#[macro_export]
macro_rules! program {
    ($library:literal) => {
        $crate::Program { library: $library, version: env!("CARGO_PKG_VERSION") }
    };
}

//! What the author of a library writes: a client, and one request. Async and blocking libraries have a trait each, of one shape.

use std::error::Error;

use crate::failure::Failure;
use crate::options::Options;
use crate::request::Request;
use crate::response::Response;

/// Why a client could not be constructed.
pub type ConstructError = Box<dyn Error + Send + Sync>;

/// A client of an async library, on tokio. One client serves all slots of a replica.
pub trait AsyncClient: Send + Sync + Sized + 'static {
    /// Whether the library signs S3 requests itself; else the SDK hands it the signed headers.
    const SIGNS: bool = false;

    /// Constructs the client as the options say: sockets, keep-alive, no retries, no timeout of its own (the SDK's is
    /// exact and the same for all).
    ///
    /// # Errors
    /// When the library refuses, or an option cannot be honoured.
    fn new(options: &Options) -> Result<Self, ConstructError>;

    /// Performs one request, of any operation that the library's `library.toml` names: reports the head, then every chunk of the
    /// body, and drops them.
    ///
    /// # Errors
    /// When there is no whole response. A response with another status than the one wanted is not an error here: report it.
    fn perform(
        &self,
        request: &Request<'_>,
        response: &mut Response,
    ) -> impl Future<Output = Result<(), Failure>> + Send;
}

/// A client of a blocking library. Each slot is a thread; one client serves them all.
pub trait BlockingClient: Send + Sync + Sized + 'static {
    /// Constructs the client as the options say: sockets, keep-alive, timeout, no retries.
    ///
    /// # Errors
    /// When the library refuses, or an option cannot be honoured.
    fn new(options: &Options) -> Result<Self, ConstructError>;

    /// Performs one request, of any operation that the library's `library.toml` names: reports the head, then every chunk of the
    /// body, and drops them.
    ///
    /// # Errors
    /// When there is no whole response. A response with another status than the one wanted is not an error here: report it.
    fn perform(&self, request: &Request<'_>, response: &mut Response) -> Result<(), Failure>;
}

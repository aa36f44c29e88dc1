//! What constructs a client, verifies it and runs the load: one engine for async and one for blocking libraries.

use std::sync::Arc;

use crate::bare::{Bare, Measured};
use crate::client::ConstructError;
use crate::failure::Failure;
use crate::load::{Load, Shape};
use crate::options::Options;
use crate::request::Request;
use crate::response::Response;

/// A constructed client with what runs it.
pub(crate) trait Engine: Sized {
    /// Whether the library signs S3 requests itself.
    const CLIENT_SIGNS: bool;

    /// Constructs the client.
    fn new(options: &Options) -> Result<Self, ConstructError>;

    /// Slots and recorders of the load.
    fn shape(&self, options: &Options) -> Shape;

    /// Threads that run requests.
    fn threads(&self) -> u32;

    /// Makes one request outside the load, within the timeout.
    fn verify(&self, options: &Options, request: &Request<'_>, response: &mut Response) -> Result<(), Failure>;

    /// Waits until about this instant, and takes note of what happened meanwhile: a server may have ended connections that were opened to
    /// verify it, and their first use would find that out.
    fn settle(&self, until_ns: u64);

    /// Runs the whole load, from the first request of the warm-up to the end of the drain.
    ///
    /// # Errors
    /// A sentence, where a slot was lost: what the others measured is then no load of so many slots.
    fn run(self, load: &Arc<Load>) -> Result<(), String>;

    /// Runs the loop without the SDK for as long as warm-up and window are.
    ///
    /// # Errors
    /// The text of a failure, where a request failed.
    fn run_bare(self, bare: &Arc<Bare>, options: &Options) -> Result<Measured, String>;
}

//! Slots that are lost: what is left of a load is not the load that was asked for.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use super::super::asynchronous::Asynchronous;
use super::super::blocking::Blocking;
use super::{answer, load};
use crate::client::{AsyncClient, BlockingClient, ConstructError};
use crate::engine::Engine;
use crate::failure::Failure;
use crate::options::Options;
use crate::request::Request;
use crate::response::Response;

/// Panics in its hundredth request.
struct Panicking(AtomicU32);

impl Panicking {
    fn perform(&self, response: &mut Response) {
        assert_ne!(self.0.fetch_add(1, Ordering::SeqCst), 100, "the hundredth");
        answer(response);
    }
}

impl AsyncClient for Panicking {
    fn new(_options: &Options) -> Result<Self, ConstructError> {
        Ok(Self(AtomicU32::new(0)))
    }

    async fn perform(&self, _request: &Request<'_>, response: &mut Response) -> Result<(), Failure> {
        tokio::time::sleep(Duration::from_millis(1)).await;
        self.perform(response);
        Ok(())
    }
}

impl BlockingClient for Panicking {
    fn new(_options: &Options) -> Result<Self, ConstructError> {
        Ok(Self(AtomicU32::new(0)))
    }

    fn perform(&self, _request: &Request<'_>, response: &mut Response) -> Result<(), Failure> {
        std::thread::sleep(Duration::from_millis(1));
        self.perform(response);
        Ok(())
    }
}

/// In the window, in a counted window and in the warm-up before one, for which all slots wait.
fn assert_a_panic_ends_the_load<E: Engine>() {
    for flags in [
        "--concurrency 4 --warmup 0s --duration 30s",
        "--concurrency 4 --warmup 0s --requests 1000000",
        "--concurrency 4 --warmup 500ms --requests 10",
        "--concurrency 4 --warmup 0s --duration 30s --rate 1000",
        "--concurrency 4 --threads 1 --warmup 10s --duration 30s",
    ] {
        let begun = Instant::now();
        let error = load::<E>(flags, None, None).unwrap_err();
        assert!(error.starts_with("a slot panicked: ") && error.contains("the hundredth"), "{flags}: {error}");
        assert!(begun.elapsed() < Duration::from_secs(3), "{flags}: {:?}", begun.elapsed());
    }
}

#[test]
fn a_slot_of_an_async_client_that_panics_ends_the_load() {
    assert_a_panic_ends_the_load::<Asynchronous<Panicking>>();
}

#[test]
fn a_slot_of_a_blocking_client_that_panics_ends_the_load() {
    assert_a_panic_ends_the_load::<Blocking<Panicking>>();
}

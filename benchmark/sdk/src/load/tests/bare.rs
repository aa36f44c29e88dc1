//! The loop without the SDK, with clients whose behaviour is known.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use clap::Parser;

use super::super::asynchronous::Asynchronous;
use super::super::blocking::Blocking;
use super::answer;
use crate::bare::{Bare, Measured};
use crate::client::{AsyncClient, BlockingClient, ConstructError};
use crate::engine::Engine;
use crate::failure::Failure;
use crate::options::Options;
use crate::request::Request;
use crate::response::Response;
use crate::workload::Workload;

/// Takes 1 ms for each request, and fails from this one on.
struct Client<const FAILS: u64>(AtomicU64);

impl<const FAILS: u64> Client<FAILS> {
    fn perform(&self, request: &Request<'_>, response: &mut Response) -> Result<(), Failure> {
        assert!(request.path().starts_with("/"));
        if self.0.fetch_add(1, Ordering::SeqCst) + 1 >= FAILS {
            return Err(Failure::status(500));
        }
        answer(response);
        Ok(())
    }
}

impl<const FAILS: u64> AsyncClient for Client<FAILS> {
    fn new(_options: &Options) -> Result<Self, ConstructError> {
        Ok(Self(AtomicU64::new(0)))
    }

    async fn perform(&self, request: &Request<'_>, response: &mut Response) -> Result<(), Failure> {
        tokio::time::sleep(Duration::from_millis(1)).await;
        self.perform(request, response)
    }
}

impl<const FAILS: u64> BlockingClient for Client<FAILS> {
    fn new(_options: &Options) -> Result<Self, ConstructError> {
        Ok(Self(AtomicU64::new(0)))
    }

    fn perform(&self, request: &Request<'_>, response: &mut Response) -> Result<(), Failure> {
        std::thread::sleep(Duration::from_millis(1));
        self.perform(request, response)
    }
}

fn run<E: Engine>() -> Result<Measured, String> {
    let flags = "program --test call_api --target http://h/ --concurrency 4 --warmup 50ms --duration 200ms";
    let options = Options::parse_from(flags.split(' '));
    let workload = Workload::new(&options, (1, 0), &[], false).unwrap();
    E::new(&options).unwrap().run_bare(&Bare::new(workload, options.concurrency), &options)
}

#[test]
fn requests_and_lengths_of_the_window_add_up() {
    for measured in [run::<Asynchronous<Client<{ u64::MAX }>>>(), run::<Blocking<Client<{ u64::MAX }>>>()] {
        let Measured { requests, bytes, seconds, .. } = measured.unwrap();
        assert!((0.2..1.0).contains(&seconds), "{seconds}");
        // 4 slots of 1 ms or more, and an answer of two bytes; one request may be half counted at each edge.
        assert!((20..=4_000).contains(&requests), "{requests}");
        assert!((2 * requests).abs_diff(bytes) <= 16, "{requests} requests, {bytes} bytes");
    }
}

#[test]
fn a_failure_is_no_figure() {
    for measured in [run::<Asynchronous<Client<50>>>(), run::<Blocking<Client<50>>>()] {
        assert_eq!(measured.unwrap_err(), "status 500");
    }
}

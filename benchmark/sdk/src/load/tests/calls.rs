//! Calls of several requests: timed, counted and failed as a whole.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use benchmark_protocol::counts::FailureKind;
use benchmark_protocol::operation::Operation;
use benchmark_protocol::target::{Object, Target};
use benchmark_protocol::tests::{Answer, Ask, Calls, Expected, Trail};

use super::super::asynchronous::Asynchronous;
use super::super::blocking::Blocking;
use super::load;
use crate::client::{AsyncClient, BlockingClient, ConstructError};
use crate::engine::Engine;
use crate::failure::Failure;
use crate::options::Options;
use crate::request::Request;
use crate::response::Response;

/// An upload of two parts: four requests.
#[derive(Debug)]
pub(super) struct Uploads(Object);

impl Uploads {
    pub(super) fn of_two_parts() -> Box<dyn Calls> {
        Box::new(Self(Target::parse("http://h/run", None, true).unwrap().object("key")))
    }

    fn ask(&self, operation: Operation) -> Ask<'_> {
        Ask { operation, ..Ask::get(&self.0, None, Expected::Object { size: Some(2), pattern: None }) }
    }
}

impl Calls for Uploads {
    fn verification(&self) -> Ask<'_> {
        self.ask(Operation::Get)
    }

    fn ask(&self, _ordinal: u64) -> Ask<'_> {
        self.ask(Operation::CreateUpload)
    }

    fn next(&self, _ordinal: u64, trail: &mut Trail, _answer: &Answer) -> Option<Ask<'_>> {
        if trail.upload.is_none() {
            trail.upload = Some("upload".to_owned());
        } else {
            trail.tags.push("part".to_owned());
        }
        match trail.tags.len() {
            0 | 1 => Some(self.ask(Operation::UploadPart)),
            2 => Some(self.ask(Operation::CompleteUpload)),
            _ => None,
        }
    }

    fn undo(&self, _ordinal: u64, trail: &Trail) -> Option<Ask<'_>> {
        trail.upload.as_ref().map(|_| self.ask(Operation::AbortUpload))
    }
}

/// Takes 2 ms for each request. Every so many-th one is answered with 500.
pub(super) struct Failing<const EVERY: u64>(AtomicU64);

impl<const EVERY: u64> Failing<EVERY> {
    fn answer(&self, response: &mut Response) {
        let fails = (self.0.fetch_add(1, Ordering::SeqCst) + 1).is_multiple_of(EVERY);
        response.head(if fails { 500 } else { 200 }, |_| None);
        response.chunk(b"{}");
    }
}

impl<const EVERY: u64> AsyncClient for Failing<EVERY> {
    fn new(_options: &Options) -> Result<Self, ConstructError> {
        Ok(Self(AtomicU64::new(0)))
    }

    async fn perform(&self, _request: &Request<'_>, response: &mut Response) -> Result<(), Failure> {
        tokio::time::sleep(Duration::from_millis(2)).await;
        self.answer(response);
        Ok(())
    }
}

impl<const EVERY: u64> BlockingClient for Failing<EVERY> {
    fn new(_options: &Options) -> Result<Self, ConstructError> {
        Ok(Self(AtomicU64::new(0)))
    }

    fn perform(&self, _request: &Request<'_>, response: &mut Response) -> Result<(), Failure> {
        std::thread::sleep(Duration::from_millis(2));
        self.answer(response);
        Ok(())
    }
}

pub(super) const NEVER: u64 = u64::MAX;

fn assert_a_call_is_its_requests<E: Engine>() {
    for flags in
        ["--concurrency 2 --warmup 0s --requests 10", "--concurrency 2 --pool-size 1 --warmup 0s --requests 10"]
    {
        let result = load::<E>(flags, Some(Uploads::of_two_parts()), None).unwrap();
        assert_eq!((result.window.attempts, result.window.successes), (10, 10));
        // Two bytes for each of four requests.
        assert_eq!(result.window.success_bytes, 80);
        let issued: Vec<_> = result.requests_issued.occurred().collect();
        let expected = [(Operation::CreateUpload, 10), (Operation::UploadPart, 20), (Operation::CompleteUpload, 10)];
        assert_eq!(issued, expected);
        // Ten calls of four requests of 2 ms over two slots.
        let window_ns = result.window_end_ns - result.window_start_ns;
        assert!(window_ns >= 40_000_000, "{window_ns}");
    }
}

#[test]
fn a_call_of_an_async_client_is_timed_and_counted_as_a_whole() {
    assert_a_call_is_its_requests::<Asynchronous<Failing<NEVER>>>();
}

#[test]
fn a_call_of_a_blocking_client_is_timed_and_counted_as_a_whole() {
    assert_a_call_is_its_requests::<Blocking<Failing<NEVER>>>();
}

/// The third request of each call fails: its second part. Undoing is a request of its own.
fn assert_a_call_fails_with_its_first_failing_request<E: Engine>() {
    let result = load::<E>("--concurrency 1 --warmup 0s --requests 5", Some(Uploads::of_two_parts()), None).unwrap();
    // Of each four requests: create, part, a part that fails; the abort is the fourth, and the count begins anew.
    assert_eq!((result.window.attempts, result.window.failures.of(FailureKind::Status)), (5, 5));
    let issued: Vec<_> = result.requests_issued.occurred().collect();
    assert_eq!(issued, [(Operation::CreateUpload, 5), (Operation::UploadPart, 10), (Operation::AbortUpload, 5)]);
}

/// Fails every third request of a call that is undone with the fourth.
pub(super) struct ThirdOfFour(Failing<4>);

impl AsyncClient for ThirdOfFour {
    fn new(options: &Options) -> Result<Self, ConstructError> {
        let client: Failing<4> = AsyncClient::new(options)?;
        client.0.store(1, Ordering::SeqCst);
        Ok(Self(client))
    }

    async fn perform(&self, request: &Request<'_>, response: &mut Response) -> Result<(), Failure> {
        AsyncClient::perform(&self.0, request, response).await
    }
}

impl BlockingClient for ThirdOfFour {
    fn new(options: &Options) -> Result<Self, ConstructError> {
        let client: Failing<4> = BlockingClient::new(options)?;
        client.0.store(1, Ordering::SeqCst);
        Ok(Self(client))
    }

    fn perform(&self, request: &Request<'_>, response: &mut Response) -> Result<(), Failure> {
        BlockingClient::perform(&self.0, request, response)
    }
}

#[test]
fn a_call_of_an_async_client_fails_with_its_first_failing_request_and_is_undone() {
    assert_a_call_fails_with_its_first_failing_request::<Asynchronous<ThirdOfFour>>();
}

#[test]
fn a_call_of_a_blocking_client_fails_with_its_first_failing_request_and_is_undone() {
    assert_a_call_fails_with_its_first_failing_request::<Blocking<ThirdOfFour>>();
}

#[test]
fn the_timeout_is_that_of_the_whole_call() {
    let flags = "--concurrency 1 --warmup 0s --requests 3 --timeout 5ms";
    let result = load::<Asynchronous<Failing<NEVER>>>(flags, Some(Uploads::of_two_parts()), None).unwrap();
    assert_eq!(result.window.failures.of(FailureKind::Timeout), 3);
    assert_eq!(result.requests_issued[Operation::CompleteUpload], 0);
}

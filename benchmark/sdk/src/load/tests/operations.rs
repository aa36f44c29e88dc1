//! Requests recorded by operation: together they are their calls.

use benchmark_protocol::counts::{Counts, FailureKind};
use benchmark_protocol::message::{Histogram as Wire, OperationResult, ReplicaResult};
use benchmark_protocol::operation::Operation;
use benchmark_protocol::target::{Object, Target};
use benchmark_protocol::tests::{Ask, Calls, Expected};

use super::super::asynchronous::Asynchronous;
use super::super::blocking::Blocking;
use super::calls::{Failing, NEVER, ThirdOfFour, Uploads};
use super::{histogram, load};
use crate::engine::Engine;

const MS: u64 = 1_000_000;

fn of(result: &ReplicaResult, operation: Operation) -> &OperationResult {
    let found = result.operations.iter().find(|one| one.operation == operation);
    found.unwrap_or_else(|| panic!("no {operation} among {:?}", result.operations))
}

fn sum(result: &ReplicaResult, number: impl Fn(&Counts) -> u64) -> u64 {
    result.operations.iter().map(|one| number(&one.counts)).sum()
}

/// All latencies of a histogram together, in ms.
fn total_ms(wire: &Wire) -> f64 {
    let histogram = histogram(wire);
    histogram.mean() * histogram.len() as f64 / 1e6
}

fn assert_operations_add_up_to_their_calls<E: Engine>() {
    let flags = "--concurrency 2 --warmup 10ms --requests 300";
    let result = load::<E>(flags, Some(Uploads::of_two_parts()), None).unwrap();
    let counted: Vec<_> = result.operations.iter().map(|one| (one.operation, one.counts.successes)).collect();
    let wanted = [(Operation::CreateUpload, 300), (Operation::UploadPart, 600), (Operation::CompleteUpload, 300)];
    assert_eq!(counted, wanted);
    assert_eq!(sum(&result, |counts| counts.success_bytes), result.window.success_bytes);
    for one in &result.operations {
        assert_eq!(histogram(&one.latency).len(), one.counts.successes);
        assert_eq!((one.counts.attempts, one.counts.failures.total()), (one.counts.successes, 0));
    }
    let parts: f64 = result.operations.iter().map(|one| total_ms(&one.latency)).sum();
    let whole = total_ms(&result.latency);
    assert!((parts / whole - 1.0).abs() < 0.005, "{parts} ms of {whole} ms");
}

#[test]
fn operations_of_an_async_client_add_up_to_their_calls() {
    assert_operations_add_up_to_their_calls::<Asynchronous<Failing<NEVER>>>();
}

#[test]
fn operations_of_a_blocking_client_add_up_to_their_calls() {
    assert_operations_add_up_to_their_calls::<Blocking<Failing<NEVER>>>();
}

/// The third request of each call fails, and what it leaves is undone by a fourth: that one belongs to no call.
#[test]
fn a_request_that_fails_is_counted_by_its_operation_and_undoing_by_none() {
    for result in [load::<Asynchronous<ThirdOfFour>>, load::<Blocking<ThirdOfFour>>]
        .map(|load| load("--concurrency 1 --warmup 0s --requests 5", Some(Uploads::of_two_parts()), None).unwrap())
    {
        let part = of(&result, Operation::UploadPart);
        assert_eq!((part.counts.successes, part.counts.failures.of(FailureKind::Status)), (5, 5));
        assert_eq!((histogram(&part.latency).len(), histogram(&part.failure_latency).len()), (5, 5));
        assert_eq!(of(&result, Operation::CreateUpload).counts.successes, 5);
        assert_eq!(result.operations.len(), 2);
        assert_eq!(sum(&result, |counts| counts.failures.total()), result.window.failures.total());
    }
}

/// A call is due every 4 ms and takes 8 ms or more in the one slot: its first request waits longer from call to call, and no other one.
#[test]
fn the_first_request_of_an_open_loop_s_call_counts_from_where_it_was_due() {
    let flags = "--rate 250 --concurrency 1 --warmup 0s --duration 400ms --timeout 10s";
    for result in [load::<Asynchronous<Failing<NEVER>>>, load::<Blocking<Failing<NEVER>>>]
        .map(|load| load(flags, Some(Uploads::of_two_parts()), None).unwrap())
    {
        let longest_ms = |operation| histogram(&of(&result, operation).latency).max() / MS;
        assert!(longest_ms(Operation::CreateUpload) > 300, "{}", longest_ms(Operation::CreateUpload));
        let median_ns = |operation| histogram(&of(&result, operation).latency).value_at_quantile(0.5);
        assert!(median_ns(Operation::UploadPart) < 50 * MS, "{}", median_ns(Operation::UploadPart));
        let parts: f64 = result.operations.iter().map(|one| total_ms(&one.latency)).sum();
        assert!((parts / total_ms(&result.latency) - 1.0).abs() < 0.005);
    }
}

/// Heads and deletes by turns, one a call.
#[derive(Debug)]
struct ByTurns(Object);

impl Calls for ByTurns {
    fn ask(&self, ordinal: u64) -> Ask<'_> {
        let operation = if ordinal.is_multiple_of(2) { Operation::Head } else { Operation::Delete };
        Ask { operation, ..Ask::get(&self.0, None, Expected::Object { size: Some(2), pattern: None }) }
    }
}

impl ByTurns {
    fn boxed() -> Box<dyn Calls> {
        Box::new(Self(Target::parse("http://h/run", None, true).unwrap().object("key")))
    }
}

#[test]
fn calls_of_one_request_are_the_requests_of_their_operations() {
    let flags = "--concurrency 2 --warmup 0s --requests 99";
    let result = load::<Asynchronous<Failing<10>>>(flags, Some(ByTurns::boxed()), None).unwrap();
    assert_eq!(sum(&result, |counts| counts.attempts), 99);
    assert_eq!(sum(&result, |counts| counts.successes), result.window.successes);
    assert_eq!(sum(&result, |counts| counts.failures.total()), result.window.failures.total());
    assert_eq!(of(&result, Operation::Head).counts.attempts, 50);
}

/// What no slot was free for within the timeout failed as what it would have asked.
#[test]
fn what_waits_too_long_for_a_slot_is_a_failure_of_its_operation() {
    let flags = "--rate 2000 --concurrency 1 --warmup 0s --duration 200ms --timeout 20ms --drain 5s";
    let result = load::<Asynchronous<Failing<NEVER>>>(flags, Some(ByTurns::boxed()), None).unwrap();
    assert_eq!(sum(&result, |counts| counts.attempts), result.window.attempts);
    assert_eq!(sum(&result, |counts| counts.failures.of(FailureKind::Timeout)), result.window.failures.total());
    assert!(of(&result, Operation::Delete).counts.failures.total() > 50);
}

/// A test of one operation has nothing to tell apart.
#[test]
fn the_requests_of_one_operation_are_not_recorded_twice() {
    let flags = "--concurrency 1 --warmup 0s --requests 5";
    let result = load::<Asynchronous<Failing<NEVER>>>(flags, None, None).unwrap();
    assert_eq!((result.window.attempts, result.operations.len()), (5, 0));
}

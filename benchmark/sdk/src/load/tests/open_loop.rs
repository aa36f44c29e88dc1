//! Open loops, with clients whose behaviour is known.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use benchmark_protocol::counts::FailureKind;
use benchmark_protocol::message::ReplicaResult;
use clap::Parser;
use hdrhistogram::Histogram;

use super::super::asynchronous::Asynchronous;
use super::super::blocking::Blocking;
use super::{answer, histogram, load};
use crate::client::{AsyncClient, BlockingClient, ConstructError};
use crate::clock::now_ns;
use crate::engine::Engine;
use crate::failure::Failure;
use crate::options::Options;
use crate::request::Request;
use crate::response::Response;

const MS: u64 = 1_000_000;

/// When in the load the clients stall, from its first request on.
const STALL: std::ops::Range<u64> = 200 * MS..500 * MS;

/// Answers at once, but for a stall in which nothing is answered to anybody.
struct Stalling {
    first_ns: AtomicU64,
}

impl Stalling {
    const fn new() -> Self {
        Self { first_ns: AtomicU64::new(0) }
    }

    /// How long a request that begins now is held up.
    fn pause(&self) -> Duration {
        let now = now_ns();
        let first_ns =
            self.first_ns.compare_exchange(0, now, Ordering::SeqCst, Ordering::SeqCst).unwrap_or_else(|ns| ns);
        let since_ns = now - first_ns.max(1).min(now);
        Duration::from_nanos(if STALL.contains(&since_ns) { STALL.end - since_ns } else { 0 })
    }
}

impl AsyncClient for Stalling {
    fn new(_options: &Options) -> Result<Self, ConstructError> {
        Ok(Self::new())
    }

    async fn perform(&self, _request: &Request<'_>, response: &mut Response) -> Result<(), Failure> {
        match self.pause() {
            Duration::ZERO => {}
            pause => tokio::time::sleep(pause).await,
        }
        answer(response);
        Ok(())
    }
}

impl BlockingClient for Stalling {
    fn new(_options: &Options) -> Result<Self, ConstructError> {
        Ok(Self::new())
    }

    fn perform(&self, _request: &Request<'_>, response: &mut Response) -> Result<(), Failure> {
        thread::sleep(self.pause());
        answer(response);
        Ok(())
    }
}

/// Takes 300 ms for every request, or for ever where it can be made to give up.
struct Slow;

impl AsyncClient for Slow {
    fn new(_options: &Options) -> Result<Self, ConstructError> {
        Ok(Self)
    }

    async fn perform(&self, _request: &Request<'_>, _response: &mut Response) -> Result<(), Failure> {
        std::future::pending().await
    }
}

impl BlockingClient for Slow {
    fn new(_options: &Options) -> Result<Self, ConstructError> {
        Ok(Self)
    }

    fn perform(&self, _request: &Request<'_>, response: &mut Response) -> Result<(), Failure> {
        thread::sleep(Duration::from_millis(300));
        answer(response);
        Ok(())
    }
}

/// Runs an open loop of a library, without warm-up.
fn run<E: Engine>(flags: &str, stop_after: Option<Duration>) -> ReplicaResult {
    let result = load::<E>(&format!("--warmup 0s {flags}"), None, stop_after).unwrap();
    assert_accounted(&result);
    result
}

/// Every request that was due in the window became something.
fn assert_accounted(result: &ReplicaResult) {
    let window = &result.window;
    assert_eq!(window.attempts, window.successes + window.failures.total() + window.censored, "{window:?}");
    assert_eq!(result.scheduled, Some(window.attempts), "{window:?}");
}

fn ms(histogram: &Histogram<u64>, quantile: f64) -> f64 {
    histogram.value_at_quantile(quantile) as f64 / 1e6
}

/// The stall holds up 300 of 2,000 requests, the first of them for 300 ms and each one after it for 1 ms less: the 20th longest
/// response time is 280 ms. Only those that filled the slots were in service meanwhile.
fn assert_stall_is_seen<E: Engine>() {
    let result = run::<E>("--rate 1000 --concurrency 8 --duration 2s --timeout 5s", None);
    assert_eq!((result.window.successes, result.scheduled), (2_000, Some(2_000)));
    assert!(result.issued > Some(1_950), "{:?}", result.issued);
    let response_time = histogram(&result.latency);
    assert!((270.0..350.0).contains(&ms(&response_time, 0.99)), "{}", ms(&response_time, 0.99));
    assert!((295.0..450.0).contains(&ms(&response_time, 1.0)), "{}", ms(&response_time, 1.0));
    let service_time = histogram(&result.service_time.unwrap());
    assert!(ms(&service_time, 0.5) < 2.0 && ms(&service_time, 0.9) < 50.0, "{}", ms(&service_time, 0.9));
    let scheduling_delay = histogram(&result.scheduling_delay.unwrap());
    assert_eq!((response_time.len(), service_time.len(), scheduling_delay.len()), (2_000, 2_000, 2_000));
    assert!((260.0..350.0).contains(&ms(&scheduling_delay, 0.99)), "{}", ms(&scheduling_delay, 0.99));
}

#[test]
fn a_stall_of_an_async_client_is_response_time_and_not_service_time() {
    assert_stall_is_seen::<Asynchronous<Stalling>>();
}

#[test]
fn a_stall_of_a_blocking_client_is_response_time_and_not_service_time() {
    assert_stall_is_seen::<Blocking<Stalling>>();
}

#[test]
fn several_threads_share_one_schedule() {
    let flags = "--rate 2000 --arrivals poisson --threads 2 --concurrency 8 --duration 500ms";
    let result = run::<Asynchronous<Stalling>>(flags, None);
    let options = Options::parse_from(
        ["program", "--test", "call_api", "--target", "http://h/"].into_iter().chain(flags.split(' ')),
    );
    let due = options.arrivals(1, 0).unwrap().take_while(|due_ns| *due_ns < 500 * MS).count() as u64;
    assert_eq!((result.scheduled, result.window.successes), (Some(due), due));
}

/// Two slots, each held for what is left of the timeout: requests wait for one, and are over all the same 100 ms after they were
/// due.
#[test]
fn the_timeout_of_an_async_client_counts_from_the_due_instant() {
    let result =
        run::<Asynchronous<Slow>>("--rate 200 --concurrency 2 --duration 500ms --timeout 100ms --drain 1s", None);
    assert_eq!(result.window.failures.of(FailureKind::Timeout), 100);
    let latency = histogram(&result.failure_latency);
    assert!(latency.min() >= 99 * MS && latency.max() < 250 * MS, "{} to {}", latency.min(), latency.max());
    assert!(histogram(&result.scheduling_delay.unwrap()).max() > 20 * MS);
}

/// One slot, held for 300 ms at a time: of the requests due meanwhile only the last ones can be issued in time, and none ends
/// in time. Those that wait too long are timeouts of their own.
#[test]
fn what_waits_too_long_for_a_blocking_client_is_a_timeout_too() {
    let result = run::<Blocking<Slow>>("--rate 100 --concurrency 1 --duration 1s --timeout 100ms --drain 1s", None);
    assert_eq!((result.scheduled, result.window.failures.of(FailureKind::Timeout)), (Some(100), 100));
    let issued = histogram(&result.scheduling_delay.unwrap()).len();
    assert!((3..=5).contains(&issued), "{issued}");
    let latency = histogram(&result.failure_latency);
    assert_eq!(latency.count_at(100 * MS), 100 - issued);
}

#[test]
fn what_no_slot_was_free_for_by_the_end_of_the_drain_is_censored() {
    let flags = "--rate 1000 --concurrency 4 --duration 100ms --timeout 10s --drain 10ms";
    for result in [run::<Asynchronous<Slow>>(flags, None), run::<Blocking<Slow>>(flags, None)] {
        assert_eq!((result.scheduled, result.window.censored, result.issued), (Some(100), 100, Some(4)));
        assert_eq!(histogram(&result.scheduling_delay.unwrap()).len(), 4);
    }
}

#[test]
fn what_was_due_in_the_window_is_issued_in_the_drain() {
    let result = run::<Blocking<Slow>>("--rate 10 --concurrency 1 --duration 600ms --timeout 10s --drain 3s", None);
    // At 0, 300 and, at the edge, 600 ms; the others behind it.
    assert_eq!((result.scheduled, result.window.successes), (Some(6), 6));
    assert!(result.issued < Some(4), "{:?}", result.issued);
}

#[test]
fn a_stop_ends_the_schedule_and_wakes_who_waits_for_it() {
    let flags = "--rate 20 --concurrency 64 --duration 60s";
    let stop = Some(Duration::from_millis(300));
    for result in [run::<Asynchronous<Stalling>>, run::<Blocking<Stalling>>].map(|run| run(flags, stop)) {
        let window_ns = result.window_end_ns - result.window_start_ns;
        assert!((300 * MS..1_000 * MS).contains(&window_ns), "{window_ns} ns");
        assert_eq!(result.scheduled, Some(window_ns.div_ceil(50 * MS)));
        let drained_ms = (result.resources.drained.at_ns - result.window_end_ns) / MS;
        assert!(drained_ms < 1_000, "left {drained_ms} ms after the end");
    }
}

#[test]
fn a_window_lasts_to_its_end_though_nothing_is_due_there() {
    for result in
        [run::<Asynchronous<Stalling>>, run::<Blocking<Stalling>>].map(|run| run("--rate 2 --duration 300ms", None))
    {
        assert_eq!((result.scheduled, result.window_end_ns - result.window_start_ns), (Some(1), 300 * MS));
        assert!(result.resources.window_end.at_ns >= result.window_end_ns);
    }
}

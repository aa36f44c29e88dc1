//! Each reason and each mark, on a run that deserves just it.
//!
//! The good run: 1 replica, 4 slots, a window of 1 s, 400 successes of 10 ms and 1,000 bytes; 2 requests of 1,000 bytes in verify and
//! warm-up. Little's law: 400 x 0.010 s / 1 s = 4 slots.

use std::time::Duration;

use benchmark::case::{Amount, Rate};
use benchmark::report::problems;
use benchmark::results::of_campaign;
use benchmark::run::verdict::{self, Surroundings, metrics_difference};
use benchmark::run::{ClockOffset, Replica, Run, summarise};
use benchmark::stats::{Observation, RunSummary};
use benchmark_protocol::counts::{Counts, FailureKind};
use benchmark_protocol::message::{OperationResult, Ports, ReplicaResult};
use benchmark_protocol::operation::{ByOperation, Operation};
use benchmark_protocol::origin::Audit;
use benchmark_protocol::parameter::Values;
use benchmark_protocol::tests::Test;
use tempfile::TempDir;

use crate::fixture;

const MS: u64 = 1_000_000;

fn good() -> Run {
    let mut run = fixture::run("run", "campaign", "reqwest", "0.13.5");
    run.replicas = vec![replica(400, 10 * MS, 400)];
    run.case.replicas = 1;
    run.case.load.concurrency = 4;
    run.case.inject = vec!["latency=constant:10ms".parse().unwrap()];
    saw(&mut run, 402);
    run.origin_cpu_share = Some(0.5);
    run
}

/// The origin saw so many GETs, and answered each with 1,000 bytes.
fn saw(run: &mut Run, requests: u64) {
    let gets = fixture::gets(requests);
    run.audit =
        Some(Audit { requests, operations: gets, answered: gets, intact_bytes: 1_000 * requests, ..Audit::default() });
}

/// A replica with so many successes in a window of 1 s, all of one latency.
fn replica(successes: u64, latency_ns: u64, recorded: u64) -> Replica {
    let mut replica = fixture::run("run", "campaign", "reqwest", "0.13.5").replicas.remove(0);
    let result = replica.result.as_mut().unwrap();
    let one = Counts { attempts: 1, successes: 1, success_bytes: 1_000, ..Counts::default() };
    (result.verify, result.warm_up) = (one, one);
    result.requests_issued = fixture::gets(successes + 2);
    result.window = Counts { attempts: successes, successes, success_bytes: 1_000 * successes, ..Counts::default() };
    result.window_end_ns = result.window_start_ns + 1_000 * MS;
    result.latency = fixture::histogram(&[(recorded, latency_ns)]);
    result.failure_latency = fixture::histogram(&[]);
    replica
}

fn result(run: &mut Run) -> &mut ReplicaResult {
    run.replicas[0].result.as_mut().unwrap()
}

/// Turns so many successes into failures of this kind.
fn fail(run: &mut Run, kind: FailureKind, number: u64) {
    let window = &mut result(run).window;
    window.successes -= number;
    window.success_bytes -= 1_000 * number;
    window.failures.set(kind, number);
}

fn summary(run: &Run) -> RunSummary {
    summarise(run).unwrap()
}

#[track_caller]
fn assert_reason(run: &Run, reason: &str) {
    let found = reasons(run, &summary(run));
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].contains(reason), "{found:?}");
}

fn reasons(run: &Run, summary: &RunSummary) -> Vec<String> {
    verdict::reasons(run, summary).iter().map(ToString::to_string).collect()
}

fn marks_of(run: &Run, surroundings: Surroundings) -> Vec<String> {
    verdict::marks(run, &summary(run), surroundings).iter().map(ToString::to_string).collect()
}

#[test]
fn a_good_run_has_neither_reasons_nor_marks() {
    let run = good();
    assert!(reasons(&run, &summary(&run)).is_empty(), "{:?}", reasons(&run, &summary(&run)));
    assert!(marks_of(&run, Surroundings::default()).is_empty());
}

#[test]
fn failures_above_one_in_a_thousand_make_it_invalid() {
    let mut run = good();
    run.replicas = vec![replica(2_000, 10 * MS, 400)];
    saw(&mut run, 2_002);
    fail(&mut run, FailureKind::Reset, 2);
    assert!(reasons(&run, &summary(&run)).is_empty(), "2 of 2,000 are 0.1 %");
    fail(&mut run, FailureKind::Status, 1);
    assert_reason(&run, "failures: 0.15 % (status 0.05 %, reset 0.10 %)");
}

#[test]
fn a_single_request_without_a_port_makes_it_invalid_by_that_name() {
    let mut run = good();
    result(&mut run).ports = Some(Ports { refused: 0, all: Some(100), waiting: Some(99) });
    assert!(reasons(&run, &summary(&run)).is_empty(), "closed connections alone do no harm");
    result(&mut run).ports = Some(Ports { refused: 1, all: Some(100), waiting: Some(99) });
    assert_reason(&run, "ports: 1 requests found none free to be sent from, closed connections held 99 of 100");
}

#[test]
fn no_success_makes_it_invalid() {
    let mut run = good();
    fail(&mut run, FailureKind::Status, 400);
    result(&mut run).latency = fixture::histogram(&[]);
    let found = reasons(&run, &summary(&run));
    assert!(found.contains(&"no success in the window".to_owned()), "{found:?}");
}

#[test]
fn more_than_one_in_a_hundred_censored_makes_it_invalid() {
    let mut run = good();
    let window = &mut result(&mut run).window;
    (window.censored, window.attempts) = (4, 404);
    result(&mut run).requests_issued = fixture::gets(406);
    run.audit.as_mut().unwrap().requests = 406;
    assert!(reasons(&run, &summary(&run)).is_empty(), "4 of 404 are 0.99 %");
    let window = &mut result(&mut run).window;
    (window.censored, window.attempts) = (5, 405);
    result(&mut run).requests_issued = fixture::gets(407);
    run.audit.as_mut().unwrap().requests = 407;
    assert_reason(&run, "censored: 1.23 %");
}

#[test]
fn the_origin_must_have_seen_every_attempt_and_no_more() {
    for requests in [401, 403] {
        let mut run = good();
        run.audit.as_mut().unwrap().requests = requests;
        assert_reason(&run, &format!("audit: 402 requests issued, {requests} requests at the origin"));
    }
}

#[test]
fn what_never_left_or_was_cut_off_may_be_missing_at_the_origin() {
    let cases = |kind| [402, 302, 301].map(|requests| (kind, requests));
    for (kind, requests) in
        [FailureKind::Connect, FailureKind::PoolWait, FailureKind::Timeout].into_iter().flat_map(cases)
    {
        let mut run = good();
        fail(&mut run, kind, 100);
        // What waited for a socket in vain never went to the library, and the origin cannot have seen it.
        let waited = kind == FailureKind::PoolWait;
        if waited {
            result(&mut run).requests_issued = fixture::gets(302);
        }
        saw(&mut run, requests);
        let exact = requests == 302 || (requests == 402 && !waited);
        let found = reasons(&run, &summary(&run));
        assert_eq!(found.iter().all(|reason| !reason.starts_with("audit")), exact, "{kind} {requests}: {found:?}");
    }
    let mut run = good();
    fail(&mut run, FailureKind::Reset, 100);
    saw(&mut run, 401);
    let found = reasons(&run, &summary(&run));
    assert!(found.iter().any(|reason| reason.starts_with("audit")), "a reset request did arrive: {found:?}");
}

#[test]
fn an_operation_that_nobody_issued_is_noticed() {
    let mut run = good();
    let audit = run.audit.as_mut().unwrap();
    audit.operations = fixture::gets(401);
    audit.operations[Operation::Put] = 1;
    assert_reason(&run, "audit: 0 requests `put` issued, 1 at the origin");
}

#[test]
fn successes_of_all_phases_that_nobody_answered_are_noticed() {
    let mut run = good();
    run.audit.as_mut().unwrap().answered = fixture::gets(401);
    assert_reason(&run, "audit: 402 successes of `get`, 401 good answers");
    // Whoever answered something else did not answer this.
    run.audit.as_mut().unwrap().answered[Operation::Put] = 1_000;
    assert_reason(&run, "audit: 402 successes of `get`, 401 good answers");
}

#[test]
fn bytes_that_the_origin_did_not_take_are_noticed() {
    let mut run = good();
    result(&mut run).warm_up.sent_bytes = 10;
    result(&mut run).window.sent_bytes = 90;
    run.audit.as_mut().unwrap().taken_bytes = 100;
    assert!(reasons(&run, &summary(&run)).is_empty());
    run.audit.as_mut().unwrap().taken_bytes = 99;
    assert_reason(&run, "audit: 100 bytes sent by successes, 99 bytes taken");
}

/// A call is an upload of 2 parts with its HEAD, 5 requests: one to verify, 2 in the warm-up, 10 in the window. One more was given up at
/// its second part.
fn uploads() -> Run {
    use Operation::{AbortUpload, CompleteUpload, CreateUpload, Head, UploadPart};
    let mut run = good();
    run.case.test = Test::named("upload_object").unwrap();
    run.case.params = Values::new(run.case.test.parameters(), []).unwrap();
    run.case.inject.clear();
    run.replicas = vec![replica(10, 10 * MS, 10)];
    let by_operation = |numbers: [u64; 5]| {
        let mut sums = ByOperation::default();
        for (operation, number) in
            [CreateUpload, UploadPart, CompleteUpload, Head, AbortUpload].into_iter().zip(numbers)
        {
            sums[operation] = number;
        }
        sums
    };
    let issued = by_operation([14, 28, 13, 13, 1]);
    let answered = by_operation([14, 27, 13, 13, 1]);
    let result = result(&mut run);
    (result.warm_up.attempts, result.warm_up.successes) = (3, 2);
    result.warm_up.failures.set(FailureKind::Reset, 1);
    result.requests_issued = issued;
    result.operations = [(CreateUpload, 10), (UploadPart, 20), (CompleteUpload, 10), (Head, 10)]
        .map(|(operation, successes)| OperationResult {
            operation,
            counts: Counts { attempts: successes, successes, ..Counts::default() },
            latency: fixture::histogram(&[(successes, 2 * MS)]),
            failure_latency: fixture::histogram(&[]),
        })
        .to_vec();
    for counts in [&mut result.verify, &mut result.warm_up, &mut result.window] {
        // The ids of uploads.
        counts.success_bytes = 300 * counts.successes;
    }
    let audit = run.audit.as_mut().unwrap();
    (audit.requests, audit.operations, audit.answered) = (issued.total(), issued, answered);
    audit.intact_bytes = 300 * 13;
    run
}

#[test]
fn of_several_operations_those_of_the_window_are_held_each_against_its_own_answers() {
    let run = uploads();
    assert_eq!(reasons(&run, &summary(&run)), Vec::<String>::new());
    let mut run = uploads();
    run.audit.as_mut().unwrap().answered[Operation::UploadPart] = 19;
    assert_reason(&run, "audit: 20 successes of `upload_part`, 19 good answers");
    // 50 of the window, and of 3 calls before it each some request.
    let mut run = uploads();
    run.audit.as_mut().unwrap().answered = ByOperation::default();
    for operation in [Operation::CreateUpload, Operation::CompleteUpload, Operation::Head] {
        run.audit.as_mut().unwrap().answered[operation] = 10;
    }
    run.audit.as_mut().unwrap().answered[Operation::UploadPart] = 23;
    assert_eq!(reasons(&run, &summary(&run)), Vec::<String>::new());
    run.audit.as_mut().unwrap().answered[Operation::UploadPart] = 22;
    assert_reason(&run, "audit: 53 successes, 52 good answers");
    // Where the window is not told apart, its calls are.
    result(&mut run).operations.clear();
    assert_eq!(reasons(&run, &summary(&run)), Vec::<String>::new());
    run.audit.as_mut().unwrap().answered = fixture::gets(12);
    assert_reason(&run, "audit: 13 successes, 12 good answers");
}

#[test]
fn a_page_of_a_listing_is_an_answer_and_its_call_one_success() {
    let mut run = good();
    run.case.test = Test::named("list_objects").unwrap();
    run.case.params = Values::new(run.case.test.parameters(), []).unwrap();
    let mut pages = ByOperation::default();
    pages[Operation::List] = 4_020;
    result(&mut run).requests_issued = pages;
    let audit = run.audit.as_mut().unwrap();
    (audit.requests, audit.operations, audit.answered) = (4_020, pages, pages);
    assert_eq!(reasons(&run, &summary(&run)), Vec::<String>::new());
    run.audit.as_mut().unwrap().answered[Operation::List] = 401;
    assert_reason(&run, "audit: 402 successes of `list`, 401 good answers");
}

#[test]
fn an_upload_that_could_not_be_given_up_is_no_missing_request() {
    let mut run = uploads();
    let audit = run.audit.as_mut().unwrap();
    audit.requests -= 1;
    audit.operations[Operation::AbortUpload] = 0;
    assert_eq!(reasons(&run, &summary(&run)), Vec::<String>::new());
    // Another one is.
    run.audit.as_mut().unwrap().requests -= 1;
    assert_reason(&run, "audit: 69 requests issued, 67 requests at the origin");
}

#[test]
fn bytes_that_the_origin_did_not_send_and_ranges_nobody_asked_for_are_noticed() {
    let mut run = good();
    run.audit.as_mut().unwrap().intact_bytes = 401_999;
    assert_reason(&run, "audit: 402000 bytes of successes, 401999 bytes sent whole");
    let mut run = good();
    run.audit.as_mut().unwrap().out_of_contract = 3;
    assert_reason(&run, "audit: 3 requests out of contract");
}

#[test]
fn nothing_is_faster_than_the_injected_delay() {
    let mut run = good();
    result(&mut run).latency = fixture::histogram(&[(400, 10 * MS - 200_000)]);
    assert_reason(&run, "floor: a success after");
    // 400 requests on 4 slots are 100 rounds of 10 ms: 1 s.
    let mut run = good();
    run.case.load.amount = Amount::Requests(400);
    assert!(reasons(&run, &summary(&run)).is_empty());
    result(&mut run).window_end_ns -= 2 * MS;
    assert_reason(&run, "floor: 400 successes in 0.998 s, and 100 rounds of 10ms take 1.000 s");
}

#[test]
fn requests_of_an_open_loop_overlap_whatever_they_wait_for() {
    // One request due each 100 ms: its window is over before its answer comes.
    let mut run = good();
    run.replicas = vec![replica(1, 200 * MS, 1)];
    run.case.inject = vec!["latency=constant:200ms".parse().unwrap()];
    run.case.load.amount = Amount::Requests(1);
    run.case.load.rate = Some(Rate::PerSecond(10.0));
    run.rate_per_second = Some(10.0);
    saw(&mut run, 3);
    result(&mut run).window_end_ns = result(&mut run).window_start_ns + 100 * MS;
    (result(&mut run).scheduled, result(&mut run).issued) = (Some(1), Some(1));
    assert_eq!(reasons(&run, &summary(&run)), Vec::<String>::new());
    // A closed loop has to wait for it.
    run.case.load.rate = None;
    run.rate_per_second = None;
    assert_reason(&run, "floor: 1 successes in 0.100 s, and 1 rounds of 200ms take 0.200 s");
}

#[test]
fn each_replica_has_its_own_rounds() {
    // Two replicas of 400 requests on 4 slots: one took its second, the other's is too short.
    let mut run = good();
    run.case.replicas = 2;
    run.case.load.amount = Amount::Requests(400);
    run.replicas.push(replica(400, 10 * MS, 400));
    saw(&mut run, 804);
    assert_eq!(reasons(&run, &summary(&run)), Vec::<String>::new());
    let second = run.replicas[1].result.as_mut().unwrap();
    second.window_end_ns = second.window_start_ns + 500 * MS;
    assert_reason(&run, "floor: 400 successes in 0.500 s, and 100 rounds of 10ms take 1.000 s");
}

#[test]
fn what_failed_at_once_took_no_turn() {
    // 4,000 requests on 4 slots, of which 4 could not connect: 999 rounds of 10 ms are enough.
    let mut run = good();
    run.case.load.amount = Amount::Requests(4_000);
    run.replicas = vec![replica(4_000, 10 * MS, 400)];
    result(&mut run).window_end_ns = result(&mut run).window_start_ns + 9_985 * MS;
    fail(&mut run, FailureKind::Connect, 4);
    saw(&mut run, 3_998);
    assert_eq!(reasons(&run, &summary(&run)), Vec::<String>::new());
}

#[test]
fn fewer_requests_than_slots_are_one_round() {
    let mut run = good();
    run.case.load.amount = Amount::Requests(1);
    run.replicas = vec![replica(1, 10 * MS, 1)];
    result(&mut run).window_end_ns = result(&mut run).window_start_ns + 10 * MS;
    saw(&mut run, 3);
    assert_eq!(reasons(&run, &summary(&run)), Vec::<String>::new());
}

#[test]
fn a_careful_reader_is_told() {
    let mut run = good();
    run.origin_cpu_share = Some(0.9);
    assert_eq!(marks_of(&run, Surroundings::default()), ["origin_bound (90 % of its CPUs)"]);

    let mut run = good();
    result(&mut run).latency = fixture::histogram(&[(400, 11 * MS)]);
    assert_eq!(marks_of(&run, Surroundings::default()), ["littles_law (+10.0 %)"]);
    // Below 20 requests a slot the edges of the window weigh too much.
    result(&mut run).latency = fixture::histogram(&[(79, 11 * MS)]);
    assert!(marks_of(&run, Surroundings::default()).is_empty());

    let mut run = good();
    run.case.replicas = 2;
    run.replicas.push(replica(350, 10 * MS, 400));
    let late = run.replicas[1].result.as_mut().unwrap();
    late.first_request_ns = late.first_request_ns.map(|at_ns| at_ns + 6 * MS);
    assert_eq!(
        marks_of(&run, Surroundings::default()),
        ["replica_spread (12 %)", "start_skew (6.0 ms, clocks known to 0.04 ms)"]
    );
    // What the clocks alone may be apart is no mark.
    run.replicas[0].clock = Some(ClockOffset { offset_ns: 5_000_000 * MS.cast_signed(), uncertainty_ns: 600_000 });
    assert_eq!(marks_of(&run, Surroundings::default()), ["replica_spread (12 %)"]);

    let mut run = good();
    run.audit = None;
    run.case.target = Some("http://127.0.0.1:1/a/b".to_owned());
    let busy = Surroundings {
        foreign_load: Some(0.06),
        throttled_seconds: Some(1.25),
        client_cpus: 2,
        wanted_cpus: 3,
        shared_cpus: true,
    };
    assert_eq!(
        marks_of(&run, busy),
        [
            "generator_saturated (130 % of its CPUs)",
            "foreign_load (6 % of a client CPU)",
            "throttled (1.2 s at the CPU limit)",
            "shared_cpus",
            "few_cpus (2 of 3)",
            "no_audit"
        ]
    );

    // 1.3 CPU s in a window of 1 s, by a thread that had two CPUs for itself.
    let mut two_threads = good();
    two_threads.replicas[0].result.as_mut().unwrap().threads = 2;
    let roomy = Surroundings { client_cpus: 2, ..Surroundings::default() };
    assert_eq!(marks_of(&two_threads, roomy), Vec::<String>::new());
    // And by two threads that had one between them, as a blocking library's slots have.
    let mut one_cpu = two_threads.clone();
    one_cpu.replicas[0].result.as_mut().unwrap().cpu_list = Some("5".to_owned());
    assert_eq!(marks_of(&one_cpu, roomy), ["generator_saturated (130 % of its CPUs)"]);
    // A schedule keeps replicas apart, and has no slots that are always full.
    let mut open = good();
    open.case.load.rate = Some(Rate::PerSecond(400.0));
    open.case.load.concurrency = 64;
    assert_eq!(marks_of(&open, Surroundings::default()), Vec::<String>::new());
}

#[test]
fn a_rate_that_was_not_achieved_is_invalid_with_the_share() {
    let mut run = good();
    run.case.load.rate = Some(Rate::PerSecond(400.0));
    run.rate_per_second = Some(400.0);
    assert_reason(&run, "rate: 400 requests/s were asked for, and the replicas followed no schedule");
    let of = |issued: u64, run: &mut Run| {
        let result = run.replicas[0].result.as_mut().unwrap();
        (result.scheduled, result.issued) = (Some(1_000), Some(issued));
        reasons(run, &summary(run))
    };
    assert_eq!(of(990, &mut run), Vec::<String>::new());
    assert_eq!(of(989, &mut run), ["rate: 98.9 % of 400 requests/s achieved"]);
}

#[test]
fn two_witnesses_that_disagree_are_a_mark() {
    let observation = |cpu_seconds, received_bytes| Observation {
        prometheus_cpu_seconds: Some(cpu_seconds),
        prometheus_recv_bytes: Some(received_bytes),
        own_cpu_seconds: Some(10.0),
        own_recv_bytes: Some(1_000_000),
        scrape_count: Some(12),
    };
    // 2 % of 10 s and 0.05 s: 0.25 s are allowed, and less than 20,000 bytes.
    assert_eq!(metrics_difference(&observation(10.24, 1_019_000)), None);
    assert_eq!(metrics_difference(&observation(9.76, 981_000)), None);
    let mark = metrics_difference(&observation(10.26, 970_000)).unwrap();
    assert_eq!(mark.to_string(), "metrics_difference (CPU +2.6 %, received bytes -3.0 % in Prometheus)");
    assert_eq!(metrics_difference(&Observation::default()), None);
}

#[test]
fn a_bimodal_delay_has_its_smaller_value_as_the_floor() {
    let mut run = good();
    run.case.inject = vec!["latency=bimodal:1ms,150ms,0.1".parse().unwrap()];
    assert!(reasons(&run, &summary(&run)).is_empty());
    run.case.load.warm_up = Duration::ZERO;
    result(&mut run).latency = fixture::histogram(&[(400, MS / 2)]);
    assert_reason(&run, "floor");
}

#[tokio::test]
async fn a_run_with_two_reasons_of_a_name_counts_once() {
    let folder = TempDir::new().unwrap();
    let store = fixture::store(folder.path()).await;
    let run = |run_id: &str| Run { run_id: run_id.to_owned(), campaign_id: "campaign-1".to_owned(), ..good() };
    let twice = vec!["verify: refused (0)".into(), "verify: refused (1)".into()];
    fixture::add(&store, &Run { invalid_reasons: twice, ..run("one") }).await;
    fixture::add(&store, &Run { marks: Vec::new(), ..run("other") }).await;
    let said = problems(&of_campaign(&store, "campaign-1").await.unwrap());
    assert_eq!(said[0], "invalid: reqwest fetch_range: verify: refused (0), in 1 of 2 runs");
}

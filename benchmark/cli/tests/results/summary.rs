//! What a summary adds up, beyond what the columns show (`results::golden` has those).

use benchmark::run::summarise;
use benchmark_protocol::message::Histogram;

use crate::fixture;

#[test]
fn requests_that_never_left_are_counted_in_every_phase() {
    let summary = summarise(&fixture::run("run-1", "campaign-1", "reqwest", "0.13.5")).unwrap();
    // Replica 0: dns 100, connect 200, tls 50 and pool_wait 40 in the window, connect 1 in the warm-up; replica 1: none.
    assert_eq!(summary.total.never_left, Some(391));
    assert_eq!(summary.replicas[1].never_left, Some(0));

    let summary = summarise(&fixture::failed_run("run-1", "campaign-1")).unwrap();
    assert_eq!((summary.total.never_left, summary.total.attempts_total), (Some(3), Some(3)));
}

#[test]
fn a_lost_replica_leaves_what_the_others_measured() {
    let mut run = fixture::run("run-1", "campaign-1", "reqwest", "0.13.5");
    run.replicas[1].result = None;
    let summary = summarise(&run).unwrap();
    assert_eq!(summary.total.requests(), Some(2_194));
    assert_eq!(summary.total.window_ns, Some(2_000_000_000));
    assert_eq!(summary.total.start_skew_ns, None);
    assert_eq!(summary.replicas[1].attempts_total, None);
    assert_eq!(summary.total.samples.cpu_seconds.len(), 2);
}

#[test]
fn a_run_without_replicas_has_nothing() {
    let mut run = fixture::run("run-1", "campaign-1", "reqwest", "0.13.5");
    run.replicas.clear();
    assert_eq!(summarise(&run).unwrap(), Default::default());
}

#[test]
fn an_unreadable_histogram_is_named() {
    let mut run = fixture::run("run-1", "campaign-1", "reqwest", "0.13.5");
    run.replicas[1].result.as_mut().unwrap().failure_latency = Histogram("rubbish".to_owned());
    let error = summarise(&run).unwrap_err();
    assert!(error.to_string().starts_with("replica 1: failure_latency of its result is no HDR histogram"), "{error}");
}

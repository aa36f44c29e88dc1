//! Clocks that are far apart: what each replica is told is in its own, what it tells is carried over to the harness's.

use std::thread;
use std::time::Duration;

use benchmark::run::ClockOffset;
use benchmark_origin::clock::now_ns;
use benchmark_protocol::message::ReplicaResult;
use serde_json::{Value, json};

use super::{NS, Replica, Scene, changed, failed, pong, ready, result, tick};

const AHEAD_NS: i64 = 5_000_000_000_000;

/// Each is well within this on one host, however busy it is.
const SLACK_NS: u64 = 5_000_000;

/// A result whose instants are so long after this one.
fn result_from(start_ns: u64) -> Value {
    let instants = [
        ("/first_request_ns", 1),
        ("/window_start_ns", 2),
        ("/window_end_ns", 3),
        ("/resources/ready/at_ns", 0),
        ("/resources/window_start/at_ns", 2),
        ("/resources/window_end/at_ns", 3),
        ("/resources/drained/at_ns", 4),
    ];
    instants.into_iter().fold(result(), |result, (path, seconds)| changed(result, path, json!(start_ns + seconds * NS)))
}

/// What [`result_from`] has put there, as whole seconds after an instant that it is off from by a little.
fn seconds_after(start_ns: u64, result: &ReplicaResult) -> [u64; 7] {
    let edges = &result.resources;
    let instants = [
        result.first_request_ns.unwrap(),
        result.window_start_ns,
        result.window_end_ns,
        edges.ready.at_ns,
        edges.window_start.at_ns,
        edges.window_end.at_ns,
        edges.drained.at_ns,
    ];
    instants.map(|at_ns| {
        let after_ns = at_ns + SLACK_NS - start_ns;
        assert!(after_ns % NS <= 2 * SLACK_NS, "{at_ns} is not so many seconds after {start_ns}");
        after_ns / NS
    })
}

#[test]
fn replicas_with_clocks_far_apart_start_together_and_tell_of_one_time() {
    // As far behind as a machine that was just booted allows.
    let behind_ns = -(now_ns() / 2).cast_signed();
    let clocks = [AHEAD_NS, behind_ns, 0];
    let (ended, told) = Scene::of(3).play(move |address| {
        let play = |(replica, ahead_ns): (usize, i64)| {
            thread::spawn(move || {
                let mut replica = Replica::greet(address, &json!({"replica": replica}));
                replica.ahead_ns = ahead_ns;
                assert_eq!(replica.hear()["type"], "welcome");
                replica.say(&ready());
                let start_ns = replica.hear()["at_ns"].as_u64().unwrap();
                assert!(replica.clock_ns() < start_ns, "told too late");
                let at_ns = json!(start_ns + 2 * NS);
                replica.say(&changed(tick("window"), "/resources/at_ns", at_ns));
                replica.say(&result_from(start_ns));
                replica.wait();
                start_ns
            })
        };
        let replicas: Vec<_> = clocks.into_iter().enumerate().map(play).collect();
        replicas.into_iter().map(|replica| replica.join().unwrap()).collect::<Vec<_>>()
    });
    assert!(ended.reasons().is_empty(), "{:?}", ended.reasons());
    let (start_ns, replicas) = (ended.starts[0], &ended.conducted.replicas);
    let mut first_requests = Vec::new();
    for ((replica, told_ns), ahead_ns) in replicas.iter().zip(told).zip(clocks) {
        let ClockOffset { offset_ns, uncertainty_ns } = replica.clock.unwrap();
        assert!(uncertainty_ns > 0 && uncertainty_ns < SLACK_NS, "{uncertainty_ns} ns");
        assert!(offset_ns.abs_diff(ahead_ns) <= uncertainty_ns, "{offset_ns} is not {ahead_ns} +- {uncertainty_ns}");
        let told_of = told_ns.checked_add_signed(-ahead_ns).unwrap();
        assert!(told_of.abs_diff(start_ns) <= uncertainty_ns, "{told_of} is not {start_ns} +- {uncertainty_ns}");
        let result = replica.result.as_ref().unwrap();
        assert_eq!(seconds_after(start_ns, result), [1, 2, 3, 0, 2, 3, 4]);
        assert_eq!(replica.ticks[0].resources.at_ns.abs_diff(start_ns + 2 * NS) / SLACK_NS, 0);
        first_requests.push(result.first_request_ns.unwrap());
    }
    let skew_ns = first_requests.iter().max().unwrap() - first_requests.iter().min().unwrap();
    assert!(skew_ns < 2 * SLACK_NS, "{skew_ns} ns apart");
}

#[test]
fn a_clock_is_measured_again_once_nothing_delays_its_answers() {
    let (ended, ()) = Scene::of(1).play(|address| {
        let (mut replica, _) = Replica::hello(address, &json!({}));
        for _ in 0..16 {
            let ping = replica.listen();
            thread::sleep(Duration::from_millis(20));
            replica.say(&pong(&ping["number"], replica.clock_ns()));
        }
        replica.say(&ready());
        assert_eq!(replica.hear()["type"], "start");
        replica.say(&failed("enough"));
        replica.wait();
    });
    assert_eq!(ended.reasons(), ["enough"]);
    let clock = ended.conducted.replicas[0].clock.unwrap();
    assert!(clock.uncertainty_ns < SLACK_NS, "{clock:?}");
}

#[test]
fn a_clock_that_jumps_ends_the_run() {
    let (ended, ()) = Scene::of(1).play(|address| {
        let (mut replica, _) = Replica::hello(address, &json!({}));
        let ping = replica.listen();
        replica.say(&pong(&ping["number"], replica.clock_ns()));
        replica.ahead_ns = 20 * NS.cast_signed();
        replica.wait();
    });
    let reasons = ended.reasons();
    assert!(reasons[0].starts_with("replica 0 lost: its clock jumped by "), "{reasons:?}");
    assert!(reasons[0].ends_with(" ms while it was measured"), "{reasons:?}");
}

#[test]
fn an_instant_that_this_host_never_had_ends_the_run_and_nothing_wraps() {
    for (message, name) in [
        (tick("window"), "at_ns"),
        (result(), "first_request_ns"),
        (changed(result(), "/first_request_ns", Value::Null), "window_start_ns"),
    ] {
        let (ended, ()) = Scene::of(1).play(move |address| {
            let mut replica = Replica::greet(address, &json!({}));
            replica.ahead_ns = AHEAD_NS;
            replica.hear();
            replica.say(&ready());
            replica.hear();
            replica.say(&message);
            replica.wait();
        });
        let reasons = ended.reasons();
        let why = format!("replica 0 lost: its `{name}` is 1000000000, and with its clock ");
        assert!(reasons[0].starts_with(&why), "{reasons:?}");
        assert!(reasons[0].ends_with(" ns ahead that is no time of this host"), "{reasons:?}");
    }
}

#[test]
fn a_replica_that_answers_no_ping_is_not_ready() {
    let (ended, ()) = Scene::of(2).play(|address| {
        let (mut silent, _) = Replica::hello(address, &json!({"replica": 1}));
        silent.say(&ready());
        let mut other = Replica::hello(address, &json!({"replica": 0})).0;
        other.say(&ready());
        other.wait();
    });
    assert_eq!(ended.reasons(), ["replica 1 not ready: no answers to pings within 10 s"]);
}

//! What a replica says out of turn, or what makes no sense, ends its run with a reason that says so.

use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use super::{NS, Replica, Scene, changed, failed, pong, ready, result, tick};

/// Why the run ends in which the replica says this, after its `hello`. It hears `start` in between.
fn reasons_after(said: Vec<Value>) -> Vec<String> {
    let (ended, ()) = Scene::of(1).play(move |address| {
        let (mut replica, _) = Replica::hello(address, &json!({}));
        for message in said {
            let starts = message["type"] == "ready";
            replica.say(&message);
            if starts {
                replica.hear();
            }
        }
        replica.wait();
    });
    ended.reasons()
}

#[test]
fn each_word_has_its_turn() {
    for (said, why) in [
        (vec![tick("warm_up")], "it said `tick` before `start`"),
        (vec![result()], "it said `result` before `start`"),
        (vec![ready(), ready()], "it said `ready` twice"),
        (vec![json!({"type": "gossip"})], "an unreadable message `{\"type\":\"gossip\"}`"),
        (vec![ready(), tick("window"), tick("warm_up")], "its ticks go back to a phase that was over"),
        (vec![ready(), changed(tick("window"), "/elapsed_ns", json!(9)), tick("window")], "its ticks go back in time"),
        (
            vec![json!({"type": "hello", "protocol": 2, "token": "secret", "run_id": "run", "library": "reqwest",
                "library_version": "1", "test": "fetch_range", "host_name": "host", "pid": 1})],
            "it said `hello` twice",
        ),
        (vec![ready(), pong(&json!(32), NS)], "it said `pong`, and nobody had asked"),
        (vec![pong(&json!(7), NS)], "it answered ping 7, and the last one was 0"),
        (vec![json!({"type": "pong", "number": 0, "clock_ns": u64::MAX})], "its `clock_ns` is 18446744073709551615,"),
    ] {
        let reasons = reasons_after(said);
        assert!(reasons[0].starts_with(&format!("replica 0 lost: {why}")), "{why}: {reasons:?}");
    }
}

#[test]
fn after_its_last_word_a_replica_says_nothing() {
    let (ended, ()) = Scene::of(2).play(|address| {
        let (mut one, _) = Replica::hello(address, &json!({"replica": 0}));
        let (mut other, _) = Replica::hello(address, &json!({"replica": 1}));
        one.say(&ready());
        other.say(&ready());
        // Both are asked for their clocks until both are told to start.
        let other = thread::spawn(move || {
            other.hear();
            other
        });
        one.hear();
        let _other = other.join().unwrap();
        one.say(&result());
        assert_eq!(one.hear()["type"], "ack");
        one.say(&result());
        one.wait();
    });
    assert_eq!(ended.reasons(), ["replica 0 lost: it said `result` after its last word"]);
}

#[test]
fn figures_that_cannot_be_end_the_run_and_nothing_overflows() {
    let most = json!(u64::MAX);
    for (message, why) in [
        (changed(result(), "/window/attempts", most.clone()), "its `attempts` is 18446744073709551615,"),
        (changed(result(), "/window_end_ns", most.clone()), "its `window_end_ns` is 18446744073709551615,"),
        (
            changed(result(), "/resources/drained/cpu_user_us", most.clone()),
            "its `cpu_user_us` is 18446744073709551615,",
        ),
        (changed(tick("window"), "/counts/success_bytes", most.clone()), "its `success_bytes` is"),
        (changed(tick("window"), "/resources/cpu_system_us", most), "its `cpu_system_us` is"),
        (changed(tick("window"), "/received_bytes", json!(-1)), "an unreadable message"),
        (changed(result(), "/window/attempts", json!(1.5)), "an unreadable message"),
    ] {
        let reasons = reasons_after(vec![ready(), message]);
        assert!(reasons[0].starts_with(&format!("replica 0 lost: {why}")), "{why}: {reasons:?}");
    }
    let reasons = reasons_after(vec![changed(ready(), "/resources/at_ns", json!(u64::MAX))]);
    assert!(reasons[0].contains("its `at_ns` is"), "{reasons:?}");
}

#[test]
fn a_run_whose_replicas_keep_to_it_comes_to_its_end() {
    let (ended, words) = Scene::of(1).play(|address| {
        let (mut replica, start) = Replica::started(address, &json!({}));
        for phase in ["warm_up", "window", "window", "drain"] {
            replica.say(&tick(phase));
        }
        replica.say(&result());
        [start["type"].clone(), replica.hear()["type"].clone(), replica.hear()["type"].clone()]
    });
    assert_eq!(words, ["start", "ack", "bye"]);
    assert!(ended.reasons().is_empty(), "{:?}", ended.reasons());
    let replica = &ended.conducted.replicas[0];
    assert_eq!((replica.ticks.len(), replica.result.as_ref().map(|result| result.threads)), (4, Some(1)));
}

#[test]
fn a_closed_connection_is_a_lost_replica() {
    let (ended, ()) = Scene::of(2).play(|address| {
        let (one, _) = Replica::hello(address, &json!({"replica": 1}));
        let (_other, _) = Replica::hello(address, &json!({"replica": 0}));
        drop(one);
        thread::sleep(Duration::from_millis(1500));
    });
    assert_eq!(ended.reasons(), ["replica 1 lost: it closed its connection"]);
}

#[test]
fn a_failure_before_ready_is_the_runs_reason() {
    assert_eq!(reasons_after(vec![failed("verify: status 403")]), ["verify: status 403"]);
}

#[test]
fn a_replica_that_understood_something_else_is_no_measurement() {
    for (understood, why) in [
        (json!({"concurrency": "32"}), None),
        (json!({"concurrency": "32", "rate": "9"}), Some("options: no rate was asked for, the replica understood 9")),
        (json!({"concurrency": "50"}), Some("options: concurrency 32 was asked for, the replica understood 50")),
        (
            json!({}),
            Some(
                "options: the replica did not say how it understood them: its `hello` has no `options` (docs/PROTOCOL.md)",
            ),
        ),
    ] {
        let mut scene = Scene::of(1);
        scene.expected.options.insert("concurrency".to_owned(), "32".to_owned());
        let (ended, heard) = scene.play(move |address| {
            let (mut replica, _) = Replica::hello(address, &json!({ "options": understood }));
            replica.say(&ready());
            let heard = replica.hear();
            if heard["type"] == "start" {
                replica.say(&result());
                replica.hear();
            }
            heard
        });
        match why {
            Some(why) => assert_eq!((ended.reasons(), heard), (vec![why.to_owned()], Value::Null)),
            None => assert_eq!((ended.reasons(), heard["type"].as_str()), (Vec::new(), Some("start"))),
        }
    }
}

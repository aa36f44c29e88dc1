//! The start is an instant that everybody was told of in time.

use std::time::Duration;

use benchmark_origin::clock::now_ns;
use serde_json::json;

use super::{Replica, Scene, failed};

#[test]
fn a_start_that_was_announced_late_is_announced_anew() {
    let mut scene = Scene::of(1);
    scene.takes = vec![Duration::from_millis(35), Duration::ZERO];
    let (ended, (start_ns, heard_ns)) = scene.play(|address| {
        let (mut replica, start) = Replica::started(address, &json!({}));
        let heard_ns = now_ns();
        replica.say(&failed("enough"));
        replica.wait();
        (start["at_ns"].as_u64().unwrap(), heard_ns)
    });
    assert_eq!(ended.starts.len(), 2);
    // By its own clock, which is the same here and was measured all the same.
    let clock = ended.conducted.replicas[0].clock.unwrap();
    let apart_ns = start_ns.abs_diff(ended.starts[1]);
    assert!(apart_ns <= clock.uncertainty_ns, "{apart_ns} ns from when the origin was told last");
    assert!(heard_ns < start_ns, "{} ms late", (heard_ns - start_ns) / 1_000_000);
    assert_eq!(ended.reasons(), ["enough"]);
}

#[test]
fn an_origin_that_is_always_told_too_late_ends_the_run() {
    let mut scene = Scene::of(1);
    scene.takes = [30, 60, 120, 240, 480, 960].map(Duration::from_millis).to_vec();
    let (ended, start) = scene.play(|address| Replica::started(address, &json!({})).1);
    assert!(start.is_null(), "{start}");
    assert_eq!(ended.starts.len(), 6);
    assert_eq!(ended.reasons(), ["origin: it could not be told of a start that was not past by then, 6 times"]);
}

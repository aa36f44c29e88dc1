//! Each replica has its own seat, and nobody takes another's.

use std::thread;
use std::time::{Duration, Instant};

use benchmark::run::coordinator::Admission;
use serde_json::json;

use super::{Replica, Scene, failed};

#[test]
fn the_seat_is_the_tokens() {
    let mut scene = Scene::of(2);
    scene.expected.admission = Admission::Tokens(vec!["zero".into(), "one".into()]);
    let (ended, answers) = scene.play(|address| {
        let of_another = Replica::hello(address, &json!({"token": "one", "replica": 0})).1;
        let (mut one, welcome) = Replica::hello(address, &json!({"token": "one", "replica": 1}));
        let twice = Replica::hello(address, &json!({"token": "one"})).1;
        let of_the_run = Replica::hello(address, &json!({"token": "secret"})).1;
        let (_zero, other) = Replica::hello(address, &json!({"token": "zero"}));
        one.say(&failed("verify: enough"));
        one.wait();
        [of_another, welcome, twice, of_the_run, other]
    });
    assert_eq!(answers[0]["reason"], "this is the token of replica 1, not of replica 0");
    assert_eq!(answers[1]["replica"], 1, "{answers:?}");
    assert_eq!(answers[2]["reason"], "replica 1 is there already");
    assert_eq!(answers[3]["reason"], "wrong token for this run");
    assert_eq!(answers[4]["replica"], 0, "{answers:?}");
    assert_eq!(ended.reasons(), ["verify: enough"]);
}

#[test]
fn a_container_is_one_that_the_runner_lists_and_sits_down_once() {
    let mut scene = Scene::of(2);
    scene.expected.admission = Admission::Listed("secret".into());
    let listed = scene.listed.clone();
    let (ended, (waited, answers)) = scene.play(move |address| {
        let mut early = Replica::greet(address, &json!({"host_name": "early"}));
        let _stranger = Replica::greet(address, &json!({"host_name": "stranger"}));
        thread::sleep(Duration::from_millis(200));
        let listing = Instant::now();
        listed.lock().unwrap().extend(["early", "late"]);
        let welcome = early.hear();
        let waited = listing.elapsed();
        let twice = Replica::hello(address, &json!({"host_name": "early"})).1;
        let (mut late, other) = Replica::hello(address, &json!({"host_name": "late"}));
        let too_many = Replica::hello(address, &json!({"host_name": "more"})).1;
        late.say(&failed("verify: enough"));
        late.wait();
        (waited, [welcome, twice, other, too_many])
    });
    assert!(waited < Duration::from_millis(500), "{waited:?}");
    assert_eq!(answers[0], json!({"type": "welcome", "replica": 0, "seed": 1}));
    assert_eq!(answers[1]["reason"], "the container `early` has its seat already");
    assert_eq!(answers[2]["replica"], 1, "{answers:?}");
    assert_eq!(answers[3]["reason"], "a replica too many: the run has 2");
    assert_eq!(ended.reasons(), ["verify: enough"]);
    let containers: Vec<_> = ended.conducted.replicas.iter().map(|replica| replica.container_id.as_deref()).collect();
    assert_eq!(containers, [Some("early-whole"), Some("late-whole")]);
}

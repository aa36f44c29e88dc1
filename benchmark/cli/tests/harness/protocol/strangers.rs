//! Whoever is not one of the run's replicas gets little, and learns why.

use std::io::{Read, Write};
use std::time::Duration;

use benchmark::run::coordinator::limits;
use benchmark_protocol::message::MAX_MESSAGE_BYTES;
use serde_json::json;

use super::{Replica, Scene, failed};

#[test]
fn strangers_are_refused_with_a_reason_and_the_run_goes_on() {
    let (ended, answers) = Scene::of(1).play(|address| {
        let mut answers = Vec::new();
        for changed in
            [json!({"protocol": 1}), json!({"token": "guess"}), json!({"run_id": "other"}), json!({"library": "hyper"})]
        {
            answers.push(Replica::hello(address, &changed).1);
        }
        let mut rude = Replica::connect(address);
        rude.say(&json!({"type": "ready", "resources": {}}));
        answers.push(rude.hear());
        let (mut good, welcome) = Replica::hello(address, &json!({}));
        answers.push(Replica::hello(address, &json!({})).1);
        answers.push(Replica::hello(address, &json!({"replica": 7})).1);
        answers.push(welcome);
        good.say(&failed("verify: status 403"));
        answers
    });
    let reason = |index: usize| answers[index]["reason"].as_str().unwrap_or_default();
    for (index, says) in [
        "protocol version 1 is not 2",
        "wrong token",
        "wrong token",
        "not of hyper fetch_range",
        "",
        "a replica too many: the run has 1",
    ]
    .into_iter()
    .enumerate()
    {
        assert_eq!(answers[index]["type"], "reject", "{answers:?}");
        assert!(reason(index).contains(says), "{answers:?}");
    }
    assert_eq!(answers[7], json!({"type": "welcome", "replica": 0, "seed": 1}));
    assert_eq!(ended.reasons(), ["verify: status 403"]);
    assert_eq!(ended.conducted.replicas[0].verify.map(|verify| verify.attempts), Some(1));
}

#[test]
fn a_line_before_hello_is_short() {
    let (ended, answer) = Scene::of(1).play(|address| {
        let mut stranger = Replica::connect(address);
        stranger.writer.write_all(&vec![b'x'; limits::HELLO_BYTES + 1]).unwrap();
        let answer = stranger.hear();
        Replica::hello(address, &json!({})).0.say(&failed("verify: enough"));
        answer
    });
    assert_eq!(answer["reason"], format!("a message longer than {} bytes", limits::HELLO_BYTES));
    assert_eq!(ended.reasons(), ["verify: enough"]);
}

#[test]
fn a_message_over_the_limit_ends_the_run_with_that_reason() {
    let (ended, _open) = Scene::of(1).play(|address| {
        let (mut replica, _) = Replica::hello(address, &json!({}));
        // The coordinator may stop reading before the end.
        let _ = replica.writer.write_all(&vec![b'x'; MAX_MESSAGE_BYTES + 2]);
        // Closed upon a `ping` that was not read, it would take back what it has said.
        replica
    });
    assert_eq!(ended.reasons(), [format!("replica 0 lost: a message longer than {MAX_MESSAGE_BYTES} bytes")]);
}

#[test]
fn connections_that_say_nothing_are_a_bounded_number_and_keep_nobody_out() {
    let (ended, closed) = Scene::of(1).play(|address| {
        let mut silent: Vec<Replica> = (0..3 * limits::UNADMITTED).map(|_| Replica::connect(address)).collect();
        let (mut good, welcome) = Replica::hello(address, &json!({}));
        assert_eq!(welcome["type"], "welcome");
        std::thread::sleep(Duration::from_millis(300));
        let closed = silent.iter_mut().filter_map(|replica| {
            replica.writer.set_read_timeout(Some(Duration::from_millis(1))).unwrap();
            match replica.reader.get_mut().read(&mut [0]) {
                Ok(0) => Some(()),
                Ok(_) => panic!("something is said to a stranger that said nothing"),
                Err(error) => (error.kind() == std::io::ErrorKind::ConnectionReset).then_some(()),
            }
        });
        let closed = closed.count();
        good.say(&failed("verify: enough"));
        closed
    });
    assert!((2 * limits::UNADMITTED..3 * limits::UNADMITTED).contains(&closed), "{closed} were closed");
    assert_eq!(ended.reasons(), ["verify: enough"]);
}

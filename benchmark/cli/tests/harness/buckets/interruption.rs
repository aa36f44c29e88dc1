//! Ctrl-C while a run goes on, and while it is prepared: the bucket is as it was.

use std::time::Duration;

use super::servers::{Moto, S3sFs, Server};
use super::{Harness, command};
use crate::harness::support::{Running, eventually, is_running, signal};

/// Interrupts a run once something of it lies in the bucket, and a replica runs or not.
fn is_cleared(server: &dyn Server, arguments: &[&str], in_window: bool) {
    let harness = Harness::new();
    let running = Running::spawn(command(&harness, server, arguments));
    // The programs may have to be built first.
    eventually(Duration::from_secs(1200), "something lies in the bucket", || {
        assert!(is_running(running.pid()), "the harness ended before anything lay in the bucket");
        !server.ours().is_empty() && running.replicas().is_empty() != in_window
    });
    if in_window {
        std::thread::sleep(Duration::from_millis(700));
    }
    let replicas = running.replicas();
    assert_eq!(replicas.is_empty(), !in_window);
    signal("INT", running.pid());
    let ended = running.wait();
    assert_eq!(ended.code, 130, "{ended:?}");
    assert!(!ended.stderr.contains("stay"), "{ended:?}");
    server.assert_untouched();
    assert!(!replicas.iter().any(|pid| is_running(*pid)));
}

const LONG: [&str; 6] = ["--writes", "--warmup", "200ms", "--duration", "60s", "--concurrency=8"];

fn at_every_server(tested: impl Fn(&dyn Server)) {
    tested(&S3sFs::start(true));
    if let Some(moto) = Moto::start() {
        tested(&moto);
    }
}

#[test]
fn in_the_window_it_removes_what_the_run_put() {
    at_every_server(|server| {
        is_cleared(server, &[&["run-test", "baseline", "mixed"], &LONG[..]].concat(), true);
    });
}

#[test]
fn in_the_window_it_aborts_pending_uploads_where_they_are_listed() {
    let Some(moto) = Moto::start() else { return };
    // So many parts that each upload outlasts the drain.
    let long = ["--param", "parts=10000", "--param", "part_size=1KiB", "--drain", "1s"];
    is_cleared(&moto, &[&["run-test", "baseline", "upload_object"], &LONG[..], &long].concat(), true);
}

#[test]
fn while_objects_are_put_it_removes_those_that_are_there() {
    at_every_server(|server| {
        let many = ["--param", "objects=100000"];
        is_cleared(server, &[&["run-test", "baseline", "list_objects"], &LONG[..], &many].concat(), false);
    });
}

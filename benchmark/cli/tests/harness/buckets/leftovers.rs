//! What a killed harness leaves is named by the next campaign, and removed where that is asked for: nobody else's is.

use std::time::Duration;

use super::servers::{Moto, S3sFs, Server};
use super::{Harness, command};
use crate::harness::support::{Running, ended, eventually, is_running, signal};

const TEST: [&str; 4] = ["run-test", "baseline", "mixed", "--writes"];
const SHORT: [&str; 6] = ["--warmup", "0s", "--requests", "20", "--concurrency", "2"];

/// What another host's harness put: neither seen to run nor old.
const ELSEWHERE: &str = "benchmark/01980000-0000-7000-8000-000000000001/harness.json";

fn is_named_and_swept(server: &dyn Server) {
    let harness = Harness::new();
    let long = ["--warmup", "200ms", "--duration", "60s", "--concurrency=8"];
    let running = Running::spawn(command(&harness, server, &[&TEST[..], &long].concat()));
    eventually(Duration::from_secs(1200), "a replica runs", || {
        assert!(is_running(running.pid()), "the harness ended before a replica ran");
        !running.replicas().is_empty()
    });
    std::thread::sleep(Duration::from_millis(700));

    // While it runs, what it put is its own.
    let beside = ended(command(&harness, server, &[&TEST[..], &SHORT, &["--sweep"]].concat()).output().unwrap());
    assert_eq!(beside.code, 0, "{beside:?}");
    assert!(!beside.stderr.contains("left") && !beside.stderr.contains("removed"), "{beside:?}");
    let in_use = server.ours();
    assert!(in_use.iter().any(|key| key.ends_with("/harness.json")), "{in_use:?}");

    let replicas = running.replicas();
    signal("KILL", running.pid());
    running.wait();
    eventually(Duration::from_secs(5), "its replicas are gone", || !replicas.iter().any(|pid| is_running(*pid)));
    server.put(ELSEWHERE, b"{\"harness\":\"boot:7:1:pid[1]:another:host\",\"about\":\"\"}");
    let prefix = in_use[0].rsplit_once("/harness").map_or(in_use[0].as_str(), |(prefix, _)| prefix);
    let prefix = prefix.split('/').take(2).collect::<Vec<_>>().join("/");
    assert!(server.ours().iter().any(|key| key.starts_with(&prefix)));

    let next = ended(command(&harness, server, &[&TEST[..], &SHORT].concat()).output().unwrap());
    assert_eq!(next.code, 0, "{next:?}");
    let named = next.stderr.lines().find(|line| line.contains(&prefix)).unwrap_or_default();
    assert!(named.contains("a killed campaign left") && named.contains("`--sweep`"), "{next:?}");
    assert!(server.ours().iter().any(|key| key.starts_with(&prefix)), "it was named, and not to be removed");

    let swept = ended(command(&harness, server, &[&TEST[..], &SHORT, &["--sweep"]].concat()).output().unwrap());
    assert_eq!(swept.code, 0, "{swept:?}");
    assert!(swept.stderr.contains(&format!("removed {prefix}/")), "{swept:?}");
    assert!(swept.stderr.contains("whether it still runs is not to be seen from here"), "{swept:?}");
    assert_eq!(server.ours(), [ELSEWHERE]);
    server.assert_stranger_s();
}

#[test]
fn at_s3s_fs() {
    is_named_and_swept(&S3sFs::start(true));
}

#[test]
fn at_moto() {
    if let Some(moto) = Moto::start() {
        is_named_and_swept(&moto);
    }
}

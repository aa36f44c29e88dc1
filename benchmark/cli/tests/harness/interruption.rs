//! Replicas, origin and harness are killed, stopped and interrupted. Nothing finished is lost, nothing is left behind.

use std::time::{Duration, Instant};

use super::support::{
    Harness, SHORT, assert_interrupted, eventually, is_running, signal, starts_another, text, write_script,
};

const LONG: [&str; 8] = ["run-test", "baseline", "fetch_range", "--warmup", "200ms", "--duration", "60s", "--replicas"];

#[test]
fn a_killed_replica_ends_its_run_with_that_reason() {
    let harness = Harness::new();
    let running = harness.start(&[&LONG[..], &["2"]].concat());
    let replicas = running.replicas();
    assert_eq!(replicas.len(), 2);
    let killed = Instant::now();
    signal("KILL", replicas[0]);
    let ended = running.wait();
    assert!(killed.elapsed() < Duration::from_secs(5), "{:?}", killed.elapsed());
    assert_eq!(ended.code, 3, "{ended:?}");
    let rows = harness.rows();
    assert!(text(&rows[0], "invalid_reason").contains("lost: killed by signal 9"), "{}", rows[0]);
    assert!(!is_running(replicas[1]), "the other replica is left");
}

#[test]
fn a_replica_that_hangs_ends_its_run_with_that_reason() {
    let harness = Harness::new();
    let running = harness.start(&[&LONG[..], &["1"]].concat());
    let replica = running.replicas()[0];
    signal("STOP", replica);
    let ended = running.wait();
    assert_eq!(ended.code, 3, "{ended:?}");
    assert_eq!(text(&harness.rows()[0], "invalid_reason"), "replica 0 hung: it said nothing within 10 s");
    assert!(!is_running(replica));
}

#[test]
fn an_origin_that_hangs_ends_the_run_and_the_next_one_has_another() {
    let harness = Harness::new();
    let arguments =
        ["run-all", "--library", "baseline", "--warmup", "200ms", "--duration", "3s", "--drain", "1s", "--trials", "1"];
    let running = harness.start(&[&arguments[..], &["--test", "fetch_range", "--test", "call_api"]].concat());
    let origin = running.origin();
    signal("STOP", origin);
    let ended = running.wait();
    assert_eq!(ended.code, 3, "{ended:?}");
    let rows = harness.rows();
    let of = |test: &str| rows.iter().find(|row| row["test_name"] == test).unwrap();
    assert!(text(of("fetch_range"), "invalid_reason").contains("origin: no answer"), "{}", of("fetch_range"));
    assert_eq!(text(of("call_api"), "verdict"), "valid", "{}", of("call_api"));
    assert!(!is_running(origin));
}

#[test]
fn a_killed_harness_keeps_what_is_finished_and_leaves_no_process() {
    let harness = Harness::new();
    let first = harness.run(&[&["run-test", "baseline", "call_api"], &SHORT[..]].concat());
    assert_eq!(first.code, 0, "{first:?}");
    let running = harness.start(&[&LONG[..], &["2"]].concat());
    let mut left = running.replicas();
    left.push(running.origin());
    signal("KILL", running.pid());
    running.wait();
    eventually(Duration::from_secs(5), "replicas and origin are gone", || !left.iter().any(|pid| is_running(*pid)));
    // The next start marks what was under way.
    let next = harness.run(&[&["run-test", "baseline", "call_api"], &SHORT[..]].concat());
    assert_eq!(next.code, 0, "{next:?}");
    let campaigns = harness.run(&["list", "--campaigns"]).stdout;
    let of_killed =
        campaigns.lines().find(|line| line.contains("interrupted") && !line.contains("campaign")).unwrap_or_default();
    assert!(!of_killed.is_empty(), "{campaigns}");
    assert_eq!(harness.rows().len(), 2, "an interrupted run has no row");
}

#[test]
fn an_interrupt_keeps_what_is_finished_and_a_second_one_ends_at_once() {
    let harness = Harness::new();
    for (interrupts, within) in [(1, Duration::from_secs(8)), (2, Duration::from_secs(2))] {
        let running = harness.start(&[&LONG[..], &["2", "--inject", "latency=constant:3s"]].concat());
        let mut left = running.replicas();
        left.push(running.origin());
        let begun = Instant::now();
        for _ in 0..interrupts {
            signal("INT", running.pid());
            std::thread::sleep(Duration::from_millis(200));
        }
        let ended = running.wait();
        assert!(begun.elapsed() < within, "{interrupts}: {:?}", begun.elapsed());
        assert_eq!(ended.code, 130, "{ended:?}");
        assert!(ended.stdout.contains("interrupted: 0 finished runs"), "{ended:?}");
        eventually(Duration::from_secs(2), "nothing is left", || !left.iter().any(|pid| is_running(*pid)));
    }
}

#[test]
fn two_harnesses_side_by_side_do_not_disturb_each_other() {
    let harness = Harness::new();
    let arguments = [&["run-test", "baseline", "call_api"], &SHORT[..]].concat();
    let other = harness.command(&arguments).spawn().unwrap();
    let one = harness.run(&arguments);
    let other = other.wait_with_output().unwrap();
    assert_eq!((one.code, other.status.code()), (0, Some(0)), "{one:?} {other:?}");
    assert_eq!(harness.rows().len(), 2);
}

#[test]
fn an_interrupt_ends_what_cargo_has_started() {
    let harness = Harness::new();
    let (cargo, pid_file) = (harness.path("cargo"), harness.path("compiler.pid"));
    write_script(&cargo, &format!("if [ \"$1\" = --version ]; then exit 0; fi\n{}", starts_another(&pid_file)));
    let mut command = harness.command(&["run-test", "baseline", "call_api"]);
    command.env("CARGO", &cargo);
    assert_interrupted(command, &pid_file, Duration::from_secs(30));
}

#[test]
fn an_interrupt_ends_what_another_load_generator_has_started() {
    let harness = Harness::new();
    let pid_file = harness.path("thread.pid");
    std::fs::create_dir(harness.path("bin")).unwrap();
    let tool = harness.path("bin/wrk");
    write_script(&tool, &format!("if [ \"$1\" = --version ]; then exit 0; fi\n{}", starts_another(&pid_file)));
    let quick =
        ["calibrate", "--quick", "--library", "baseline", "--runner", "process", "--inject", "latency=constant:2ms"];
    let mut command = harness.command(&[&quick[..], &["--against", "wrk"]].concat());
    let path = std::env::var("PATH").unwrap_or_default();
    command.env("PATH", format!("{}:{path}", harness.path("bin").display())).env("TMPDIR", harness.path(""));
    // The programs may have to be built first, and the libraries are looked at before the tools.
    assert_interrupted(command, &pid_file, Duration::from_secs(1200));
    let left = std::fs::read_dir(harness.path("")).unwrap().flatten();
    let left: Vec<_> =
        left.map(|entry| entry.file_name()).filter(|name| name.to_string_lossy().starts_with("benchmark-")).collect();
    assert!(left.is_empty(), "{left:?}");
}

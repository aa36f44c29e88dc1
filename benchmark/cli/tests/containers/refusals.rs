//! What cannot be had with containers, or not without them: which words, which exit code.

use super::support::Containers;
use crate::harness::support::{Ended, SHORT, ended, text};

const NOWHERE: (&str, &str) = ("DOCKER_HOST", "unix:///nowhere/docker.sock");

#[test]
fn what_the_runner_cannot_do_is_refused_before_anything_is_built() {
    let Some(containers) = Containers::new() else { return };
    for (arguments, says) in [
        (&["--runner", "compose", "--target", "http://127.0.0.1:1/a/b"][..], "which containers do not reach"),
        (&["--runner", "compose", "--target", "http://localhost/a/b"], "which containers do not reach"),
        (&["--runner", "process", "--cpus", "1"], "`--cpus` and `--memory` are limits of containers"),
        (&["--runner", "process", "--memory", "64MiB"], "`--cpus` and `--memory` are limits of containers"),
        (&["--memory", "1MiB"], "`1MiB` is too little: 6MiB or more is needed"),
        (&["--cpus", "0"], "is no number of CPUs"),
    ] {
        let ended = containers.run(&[&["run-test", "baseline", "fetch_range"], arguments].concat());
        assert_eq!(ended.code, 2, "{arguments:?}: {ended:?}");
        assert!(ended.stderr.contains(says), "{arguments:?}: {}", ended.stderr);
        assert!(!ended.stderr.contains("building"), "{}", ended.stderr);
    }
}

#[test]
fn without_an_engine_or_compose_it_says_what_is_needed() {
    let Some(containers) = Containers::new() else { return };
    for (variable, says) in [
        (NOWHERE, "no Docker Engine answers"),
        (("BENCHMARK_COMPOSE", "no-such-compose"), "`no-such-compose` does not work here"),
    ] {
        let mut command = containers.command(&["run-test", "baseline", "call_api"]);
        command.env(variable.0, variable.1);
        let ended = containers.run_command(command);
        assert_eq!(ended.code, 4, "{variable:?}: {ended:?}");
        assert!(ended.stderr.contains(says) && ended.stderr.contains("--runner process"), "{}", ended.stderr);
    }
}

#[test]
fn auto_takes_processes_where_no_engine_answers_or_the_target_is_the_loopback_and_says_so() {
    let Some(containers) = Containers::new() else { return };
    let auto = |arguments: &[&str], variable: Option<(&str, &str)>| -> Ended {
        let mut command =
            containers.harness.command(&[&["run-test", "baseline", "call_api"], arguments, &SHORT].concat());
        command.env("BENCHMARK_RUNNER", "auto").envs(variable);
        ended(command.output().unwrap())
    };
    let without = auto(&[], Some(NOWHERE));
    assert_eq!(without.code, 0, "{without:?}");
    assert!(without.stderr.contains("runner process"), "{}", without.stderr);
    let row = containers.row();
    assert_eq!((text(&row, "runner"), text(&row, "verdict")), ("process", "valid"), "{row}");
    // Nobody listens there: the run is invalid, and was one of processes.
    let loopback = auto(&["--target", "http://127.0.0.1:1/a/b"], None);
    assert_eq!(loopback.code, 3, "{loopback:?}");
    assert!(loopback.stderr.contains("runner process"), "{}", loopback.stderr);
    let limited = auto(&["--cpus", "1"], Some(NOWHERE));
    assert_eq!(limited.code, 2, "{limited:?}");
    assert!(limited.stderr.contains("the runner here is `process`: see `benchmark doctor`"), "{}", limited.stderr);
    let with = auto(&[], None);
    assert_eq!(with.code, 0, "{with:?}");
    assert!(with.stderr.contains("runner compose"), "{}", with.stderr);
}

#[test]
fn the_doctor_says_what_is_missing_for_containers() {
    let Some(containers) = Containers::new() else { return };
    let mut command = containers.command(&["doctor"]);
    command.env(NOWHERE.0, NOWHERE.1);
    let ended = containers.run_command(command);
    assert_eq!(ended.code, 0, "processes are measured all the same: {ended:?}");
    assert!(ended.stdout.contains("the runner will be `process`: no Docker Engine answers"), "{}", ended.stdout);
}

//! Who has which CPUs, as the replicas themselves read their masks; and a network namespace with few ports.

use std::collections::BTreeSet;
use std::os::unix::fs::MetadataExt;
use std::process::Command;

use serde_json::Value;

use super::support::{Harness, SHORT, ended, needs, skip, text};

/// The CPUs that this process may use, as the kernel lists them.
fn allowed() -> Vec<usize> {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let list = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:")).unwrap().trim().to_owned();
    let cpus = list.split(',').flat_map(|part| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        first.parse::<usize>().unwrap()..=last.parse().unwrap()
    });
    cpus.collect()
}

/// Two CPUs of this machine, as an option and by themselves.
pub(crate) fn two_cpus() -> Option<(String, [String; 2])> {
    let cpus = allowed();
    let [first, second, ..] = cpus.as_slice() else {
        skip("two CPUs");
        return None;
    };
    Some((format!("{first},{second}"), [first.to_string(), second.to_string()]))
}

/// What each replica said of its CPUs.
pub(crate) fn masks(harness: &Harness) -> Vec<String> {
    let ended = harness.run(&["get-results", "-", "--per-replica", "--format", "json"]);
    let rows: Vec<Value> = serde_json::from_str(&ended.stdout).unwrap();
    rows.iter().map(|row| text(row, "cpu_list").to_owned()).collect()
}

#[test]
fn each_replica_has_as_many_cpus_as_threads_whatever_its_library() {
    let harness = Harness::new();
    let Some((both, single)) = two_cpus() else { return };
    let split = ["--client-cpus", &both, "--origin-cpus", &single[0], "--test", "call_api"];
    let libraries = ["--library", "baseline", "--library", "ureq"];
    let run = |more: &[&str]| {
        let _ = std::fs::remove_file(harness.path("benchmark.db"));
        let ended = harness.run(&[&["run-all"], &libraries[..], &split, more, &SHORT].concat());
        assert_eq!(ended.code, 0, "{ended:?}");
        (masks(&harness), harness.rows())
    };
    let (masks, rows) = run(&["--replicas", "2"]);
    let of_each = BTreeSet::from(single.clone());
    // The baseline, its twin and ureq, whose threads are as many as its slots.
    assert!(masks.len() >= 4 && masks.len() % 2 == 0, "{masks:?}");
    for pair in masks.chunks(2) {
        assert_eq!(pair.iter().cloned().collect::<BTreeSet<_>>(), of_each);
    }
    assert!(rows.iter().all(|row| !text(row, "marks").contains("few_cpus")), "{rows:?}");
    // Four threads on two CPUs: they are shared, and every row says so.
    let (masks, rows) = run(&["--replicas", "2", "--threads", "2"]);
    let listed = both.replace(',', if both == "0,1" { "-" } else { "," });
    assert!(masks.iter().all(|mask| *mask == listed), "{masks:?} are not {listed}");
    assert!(rows.iter().all(|row| text(row, "marks").contains("few_cpus (2 of 4)")), "{rows:?}");
}

#[test]
fn a_run_that_finds_no_free_port_is_invalid_by_that_name() {
    let harness = Harness::new();
    let (Some(unshare), Some(_)) = (needs("unshare"), needs("ip")) else { return };
    if std::fs::metadata("/proc/self").unwrap().uid() != 0 {
        return skip("root, to make a network namespace");
    }
    let run = |ports: u32, keep_alive: &str| {
        let _ = std::fs::remove_file(harness.path("benchmark.db"));
        let libraries = ["baseline", "hyper", "reqwest", "ureq"].map(|library| ["--library", library]).concat();
        let load = ["--test", "fetch_range", "--concurrency", "32", "--keep-alive", keep_alive];
        let inner = harness.command(&[&["run-all"], &libraries[..], &load, &SHORT].concat());
        let mut command = Command::new(&unshare);
        let namespace = format!(
            "ip link set lo up && echo 40000 {} > /proc/sys/net/ipv4/ip_local_port_range && exec \"$@\"",
            40_000 + ports - 1
        );
        command.args(["--net", "sh", "-c", &namespace, "sh"]).arg(inner.get_program()).args(inner.get_args());
        command.current_dir(inner.get_current_dir().unwrap());
        for (name, value) in inner.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        let ended = ended(command.output().unwrap());
        (ended, harness.rows())
    };
    // Sixteen ports, and 32 connections to one address.
    let (ended, rows) = run(16, "true");
    assert_eq!(ended.code, 3, "{ended:?}");
    for row in &rows {
        let reason = text(row, "invalid_reason");
        assert!(reason.contains("ports: ") && reason.contains("found none free"), "{row}");
        assert!(reason.contains(" of 16"), "{row}");
    }
    // There are enough.
    let (ended, rows) = run(10_000, "true");
    assert_eq!(ended.code, 0, "{ended:?}");
    assert!(rows.iter().all(|row| text(row, "verdict") == "valid"), "{rows:?}");
}

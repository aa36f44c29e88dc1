//! Harnesses are interrupted and killed. Containers and networks are removed at once, or by the next command.

use std::thread::sleep;
use std::time::Duration;

use super::support::{Containers, LONG, PATIENCE, assert_valid, compose_tools, docker, is_up};
use crate::harness::support::{SHORT, assert_interrupted, eventually, signal, starts_another, write_script};

#[test]
fn an_interrupt_leaves_no_container_and_no_network() {
    let Some(containers) = Containers::new() else { return };
    for interrupts in [1, 2] {
        let started = containers.start(&[&LONG[..], &["2", "--inject", "latency=constant:2s"]].concat());
        assert_eq!(started.left().len(), 3, "{interrupts}: two containers and their network");
        for _ in 0..interrupts {
            signal("INT", started.pid());
            sleep(Duration::from_millis(200));
        }
        let ended = started.wait();
        assert_eq!(ended.code, 130, "{interrupts}: {ended:?}");
        assert!(ended.stdout.contains("interrupted: 0 finished runs"), "{ended:?}");
    }
}

#[test]
fn an_interrupt_while_the_containers_come_up_leaves_none() {
    let Some(containers) = Containers::new() else { return };
    // Everything is built and packed by then.
    assert_eq!(containers.run(&["images", "baseline"]).code, 0);
    for tool in compose_tools() {
        let mut command = containers.command(&[&LONG[..], &["8"]].concat());
        command.env("BENCHMARK_COMPOSE", tool);
        let started = containers.spawn(command);
        eventually(PATIENCE, "the first container is there", || !started.containers().is_empty());
        signal("INT", started.pid());
        let ended = started.wait();
        assert_eq!(ended.code, 130, "{tool}: {ended:?}");
    }
}

#[test]
fn an_interrupt_ends_what_compose_has_started() {
    let Some(containers) = Containers::new() else { return };
    let (tool, pid_file) = (containers.harness.path("compose"), containers.harness.path("plugin.pid"));
    let is_look = "case \"$*\" in *version*) echo 2.0; exit 0;; esac";
    write_script(&tool, &format!("{is_look}\n{}", starts_another(&pid_file)));
    let mut command = containers.command(&[&LONG[..], &["1"]].concat());
    command.env("BENCHMARK_COMPOSE", &tool);
    // The programs may have to be built and packed first.
    assert_interrupted(command, &pid_file, Duration::from_secs(1200));
}

#[test]
fn the_next_command_removes_what_a_killed_harness_left_and_nothing_of_a_living_one() {
    let Some(containers) = Containers::new() else { return };
    let command = |arguments: &[&str]| {
        let mut command = containers.command(arguments);
        command.arg("--db").arg(containers.harness.path("living.db"));
        command
    };
    let living = containers.start_command(command(&[&LONG[..], &["1"]].concat()));
    let of_living = living.containers();
    for next in [&["doctor"][..], &[&["run-test", "baseline", "call_api"], &SHORT[..]].concat()] {
        let killed = containers.start(&[&LONG[..], &["2"]].concat());
        let left = killed.left();
        assert_eq!(left.len(), 3, "two containers and their network");
        signal("KILL", killed.pid());
        killed.end();
        let ended = containers.run(next);
        assert_eq!(ended.code, 0, "{ended:?}");
        let there = docker(&["ps", "--all", "--quiet", "--no-trunc"]) + &docker(&["network", "ls", "--quiet"]);
        assert!(!left.iter().any(|thing| there.contains(thing)), "{left:?} after {next:?}: {ended:?}");
        let said = ended.stdout + &ended.stderr;
        assert!(said.contains("removed what a harness that is dead had left: 2 containers, 1 networks"), "{said}");
        assert!(of_living.iter().all(|container| is_up(container)), "{next:?} took a living harness's containers");
    }
    assert_valid(&containers.row());
    signal("INT", living.pid());
    let ended = living.wait();
    assert_eq!(ended.code, 130, "{ended:?}");
}

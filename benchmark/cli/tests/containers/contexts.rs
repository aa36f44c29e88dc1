//! Docker contexts: the Engine's API and compose talk to the same Engine, or to none and say why.

use std::fs;
use std::path::Path;
use std::process::Command;

use sha2::{Digest, Sha256};

use super::losses::Relay;
use super::support::{Containers, assert_valid, compose_tools, engine_socket};
use crate::harness::support::{SHORT, ended, text};

/// A docker of its own configuration: contexts by name and host, and the one in use.
struct Docker<'a> {
    containers: &'a Containers,
}

impl<'a> Docker<'a> {
    fn new(containers: &'a Containers, contexts: &[(&str, &str)], in_use: &str) -> Self {
        let folder = containers.harness.path("docker");
        let _ = fs::remove_dir_all(&folder);
        for (name, host) in contexts {
            let meta = folder.join("contexts/meta").join(format!("{:x}", Sha256::digest(name.as_bytes())));
            fs::create_dir_all(&meta).unwrap();
            let text = format!(
                r#"{{"Name":"{name}","Metadata":{{}},"Endpoints":{{"docker":{{"Host":"{host}","SkipTLSVerify":false}}}}}}"#
            );
            fs::write(meta.join("meta.json"), text).unwrap();
        }
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("config.json"), format!(r#"{{"currentContext":"{in_use}"}}"#)).unwrap();
        // Where compose may be installed for this user alone.
        let own = std::env::home_dir().unwrap().join(".docker/cli-plugins");
        if Path::new(&own).is_dir() {
            std::os::unix::fs::symlink(own, folder.join("cli-plugins")).unwrap();
        }
        Self { containers }
    }

    /// The command there, without a word on another Engine.
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.containers.command(arguments);
        command.env_remove("DOCKER_HOST").env_remove("DOCKER_CONTEXT");
        command.env("DOCKER_CONFIG", self.containers.harness.path("docker"));
        command
    }
}

fn short() -> Vec<&'static str> {
    [&["run-test", "baseline", "call_api"], &SHORT[..]].concat()
}

#[test]
fn the_engine_of_the_context_is_asked_by_compose_as_well() {
    let Some(containers) = Containers::new() else { return };
    let relay = Relay::to(&engine_socket(), containers.harness.path("second.sock"));
    let second = format!("unix://{}", relay.path.display());
    let contexts = [("second", second.as_str()), ("nowhere", "unix:///nowhere/docker.sock")];
    for tool in compose_tools() {
        // By the one in use; by a variable that goes before it, of which one generation of compose knows nothing; by the usual socket.
        let mut chosen = vec![
            ("second", None, Some("(Docker context `second`, by /")),
            ("nowhere", Some("second"), Some("by DOCKER_CONTEXT)")),
        ];
        if engine_socket() == Path::new("/var/run/docker.sock") {
            chosen.push(("nowhere", Some("default"), None));
        }
        for (in_use, variable, says) in chosen {
            let docker = Docker::new(&containers, &contexts, in_use);
            let variables =
                || variable.map(|name| ("DOCKER_CONTEXT", name)).into_iter().chain([("BENCHMARK_COMPOSE", tool)]);
            let mut command = docker.command(&short());
            command.envs(variables());
            let ended = containers.run_command(command);
            assert_eq!(ended.code, 0, "{tool} {in_use} {variable:?}: {ended:?}");
            assert_valid(&containers.row());
            fs::remove_file(containers.harness.path("benchmark.db")).unwrap();
            let mut doctor = docker.command(&["doctor"]);
            let doctor = containers.run_command({
                doctor.envs(variables());
                doctor
            });
            let line = doctor.stdout.lines().find(|line| line.contains("Engine")).unwrap_or_default();
            assert!(line.starts_with("ok") && says.is_none_or(|says| line.contains(says)), "{doctor:?}");
            assert_eq!(line.contains(&second), says.is_some(), "{line}");
        }
    }
}

#[test]
fn a_context_of_an_engine_that_cannot_be_asked_is_named_with_the_way_out() {
    let Some(containers) = Containers::new() else { return };
    let contexts = [
        ("away", "ssh://somebody@192.0.2.7"),
        ("remote", "tcp://192.0.2.7:2375"),
        ("dead", "unix:///nowhere/docker.sock"),
    ];
    for (in_use, says) in [
        ("away", "is asked by ssh"),
        ("remote", "is on another host, from which containers do not reach this harness"),
        ("dead", "no Docker Engine answers at `unix:///nowhere/docker.sock`"),
        ("gone", "meta.json: No such file"),
    ] {
        let docker = Docker::new(&containers, &contexts, in_use);
        let named = format!("Docker context `{in_use}`, by /");
        let refused = containers.run_command(docker.command(&short()));
        assert_eq!(refused.code, 4, "{in_use}: {refused:?}");
        for part in [says, &named, "--runner process"] {
            assert!(refused.stderr.contains(part), "{in_use}: {part}: {}", refused.stderr);
        }
        let doctor = containers.run_command(docker.command(&["doctor"]));
        assert_eq!(doctor.code, 0, "processes are measured all the same: {doctor:?}");
        let line = doctor.stdout.lines().find(|line| line.contains("the runner will be `process`")).unwrap_or_default();
        assert!(line.starts_with("warning") && line.contains(says) && line.contains(&named), "{in_use}: {doctor:?}");
    }
    let docker = Docker::new(&containers, &contexts, "away");
    let mut auto = docker.command(&short());
    auto.env("BENCHMARK_RUNNER", "auto");
    let auto = ended(auto.output().unwrap());
    assert_eq!(auto.code, 0, "{auto:?}");
    assert!(auto.stderr.contains("the runner is `process`: the Docker Engine at `ssh://"), "{}", auto.stderr);
    assert_eq!(text(&containers.row(), "runner"), "process");
}

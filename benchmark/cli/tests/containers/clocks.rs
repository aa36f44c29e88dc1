//! Containers whose clock is not the harness's: those of an Engine that was started in a time namespace of its own.

use std::fs::File;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use super::support::{Containers, docker, lines};
use crate::harness::clocks::{AHEAD_S, assert_together, can_be_elsewhere_in_time};
use crate::harness::support::{SHORT, ended, eventually, is_running, needs, signal};

/// An Engine beside the machine's own, with everything of it in one folder, in namespaces of its own for time and mounts.
struct Engine {
    folder: TempDir,
    child: Child,
    _bridge: Bridge,
}

/// A bridge for its default network. Without one (`--bridge none`) an Engine takes away the machine's own `docker0`.
struct Bridge(String);

impl Bridge {
    fn new() -> Self {
        let bridge = Self(format!("bm{}", std::process::id()));
        bridge.ip(&["link", "add", &bridge.0, "type", "bridge"]);
        bridge.ip(&["addr", "add", "10.213.77.1/24", "dev", &bridge.0]);
        bridge
    }

    fn ip(&self, arguments: &[&str]) {
        assert!(Command::new("ip").args(arguments).status().unwrap().success(), "ip {arguments:?}");
    }
}

impl Drop for Bridge {
    fn drop(&mut self) {
        let _ = Command::new("ip").args(["link", "del", &self.0]).status();
    }
}

impl Engine {
    /// `None` where there is none to start: the test is skipped.
    fn start() -> Option<Self> {
        needs("dockerd")?;
        needs("ip")?;
        let bridge = Bridge::new();
        let folder = TempDir::new().unwrap();
        let at = |name: &str| folder.path().join(name).display().to_string();
        std::fs::write(at("empty.json"), "{}").unwrap();
        let driver = docker(&["info", "--format", "{{.Driver}}"]);
        let ahead = AHEAD_S.to_string();
        // Nothing of the machine's own Engine is seen, its containerd included; its bridge and its rules of the firewall are left alone.
        let script = "for taken in /run/docker /run/containerd; do
                if [ -d $taken ]; then mount -t tmpfs none $taken || exit; fi
            done
            exec dockerd \"$@\"";
        let mut command = Command::new("unshare");
        command.args(["--time", "--monotonic", &ahead, "--boottime", &ahead, "--mount", "--fork", "--kill-child"]);
        command.args(["sh", "-c", script, "dockerd", "--config-file", &at("empty.json"), "--data-root", &at("data")]);
        command.args([
            "--exec-root",
            &at("exec"),
            "--pidfile",
            &at("pid"),
            "--host",
            &format!("unix://{}", at("socket")),
        ]);
        command.args([
            "--storage-driver",
            driver.trim(),
            "--bridge",
            &bridge.0,
            "--iptables=false",
            "--ip-forward=false",
        ]);
        let log = File::create(at("log")).unwrap();
        let child = command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap();
        let engine = Self { folder, child, _bridge: bridge };
        eventually(Duration::from_secs(60), "the Engine answers", || {
            let log = || std::fs::read_to_string(engine.path("log")).unwrap();
            assert!(is_running(engine.child.id()), "the Engine ended: {}", log());
            engine.docker(&["info"]).output().unwrap().status.success()
        });
        Some(engine)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// What `DOCKER_HOST` is for it.
    fn host(&self) -> String {
        format!("unix://{}", self.path("socket").display())
    }

    fn docker(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("docker");
        command.args(arguments).env("DOCKER_HOST", self.host());
        command
    }

    /// What it lists.
    fn listed(&self, arguments: &[&str]) -> Vec<String> {
        let output = self.docker(arguments).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        lines(&String::from_utf8(output.stdout).unwrap())
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        // It ends its containers and its containerd itself; its mounts go with the last of them.
        if let Ok(pid) = std::fs::read_to_string(self.path("pid")) {
            signal("TERM", pid.trim().parse().unwrap());
        } else {
            let _ = self.child.kill();
        }
        let _ = self.child.wait();
    }
}

#[test]
fn containers_in_another_time_namespace_start_together() {
    let Some(containers) = Containers::new() else { return };
    if !can_be_elsewhere_in_time() {
        return;
    }
    let Some(engine) = Engine::start() else { return };
    let arguments = ["run-test", "baseline", "fetch_range", "--replicas", "2"];
    let mut command = containers.command(&[&arguments, &SHORT[..]].concat());
    command.env("DOCKER_HOST", engine.host());
    let ended = ended(command.output().unwrap());
    assert_together(&containers.harness, &ended, 2);
    assert!(ended.stderr.contains("runner compose"), "{ended:?}");
    assert_eq!(engine.listed(&["ps", "--all", "--quiet"]), [""; 0]);
    assert_eq!(engine.listed(&["network", "ls", "--filter", "type=custom", "--quiet"]), [""; 0]);
    drop(engine);
    let own =
        docker(&["network", "inspect", "bridge", "--format", "{{index .Options \"com.docker.network.bridge.name\"}}"]);
    assert!(Command::new("ip").args(["link", "show", own.trim()]).status().unwrap().success(), "{own} is gone");
}

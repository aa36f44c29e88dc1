//! The command with containers, what it leaves behind at the Engine, and the Engine seen from outside.

use std::cell::RefCell;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::harness::support::{Ended, Harness, Running, eventually, get, needs, skip, text};

/// Replicas that run until something ends them.
pub(super) const LONG: [&str; 8] =
    ["run-test", "baseline", "fetch_range", "--warmup", "200ms", "--duration", "300s", "--replicas"];

/// How long containers may take to come or to go on a machine that has other things to do.
pub(super) const PATIENCE: Duration = Duration::from_secs(120);

/// Where the live metrics of a harness are.
const METRICS_PORTS: std::ops::RangeInclusive<u16> = 9464..=9467;

/// The command with containers. Whatever it leaves at the Engine is removed at the end, and its absence looked at before.
pub(super) struct Containers {
    pub(super) harness: Harness,
    /// The labels of the harnesses that were started.
    labels: RefCell<Vec<String>>,
}

impl Containers {
    /// `None` where there is no Engine or no compose: the test is skipped.
    pub(super) fn new() -> Option<Self> {
        let harness = Harness::new();
        needs("docker")?;
        if !Command::new("docker").arg("info").output().unwrap().status.success() {
            skip("a Docker Engine that answers");
            return None;
        }
        if compose_tools().is_empty() {
            skip("docker-compose");
            return None;
        }
        Some(Self { harness, labels: RefCell::default() })
    }

    /// The command, told to use containers.
    pub(super) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.harness.command(arguments);
        command.env("BENCHMARK_RUNNER", "compose");
        command
    }

    /// Runs the command to its end, and looks that it has left nothing.
    pub(super) fn run(&self, arguments: &[&str]) -> Ended {
        self.run_command(self.command(arguments))
    }

    pub(super) fn run_command(&self, command: Command) -> Ended {
        self.spawn(command).wait()
    }

    /// Starts the command and waits until all its replicas have had answers.
    pub(super) fn start(&self, arguments: &[&str]) -> Started {
        self.start_command(self.command(arguments))
    }

    pub(super) fn start_command(&self, command: Command) -> Started {
        let started = self.spawn(command);
        started.wait_for_load();
        started
    }

    pub(super) fn spawn(&self, command: Command) -> Started {
        let running = Running::spawn(command);
        let label = harness_label(running.pid());
        self.labels.borrow_mut().push(label.clone());
        Started { running, label }
    }

    pub(super) fn rows(&self) -> Vec<Value> {
        self.harness.rows()
    }

    /// The one row there is.
    pub(super) fn row(&self) -> Value {
        let mut rows = self.rows();
        assert_eq!(rows.len(), 1, "{rows:?}");
        rows.remove(0)
    }
}

impl Drop for Containers {
    fn drop(&mut self) {
        // Of a test that failed. What cannot be removed, or goes away by itself, is no second failure.
        let remove = |command: &[&str], things: &[String]| {
            let _ = Command::new("docker").args(command).args(things).output();
        };
        for label in self.labels.borrow().iter() {
            // A compose that was left alone may still be making some.
            for _ in 0..3 {
                remove(&["rm", "-f", "-v"], &containers_with(label));
            }
            remove(&["network", "rm"], &networks_with(label));
        }
    }
}

/// A harness under way.
pub(super) struct Started {
    running: Running,
    label: String,
}

impl Started {
    pub(super) fn pid(&self) -> u32 {
        self.running.pid()
    }

    pub(super) fn origin(&self) -> u32 {
        self.running.origin()
    }

    /// The ids of its containers, those that have ended as well.
    pub(super) fn containers(&self) -> Vec<String> {
        containers_with(&self.label)
    }

    /// Its networks.
    pub(super) fn networks(&self) -> Vec<String> {
        networks_with(&self.label)
    }

    /// What it has at the Engine, for people.
    pub(super) fn left(&self) -> Vec<String> {
        [self.containers(), self.networks()].concat()
    }

    fn wait_for_load(&self) {
        // The programs may have to be built first.
        eventually(Duration::from_secs(1200), "all replicas have had answers", || {
            let containers = self.containers();
            let Some(run_id) = containers.first().and_then(|id| label_of(id, "benchmark.run_id")) else { return false };
            let loaded = METRICS_PORTS.filter_map(|port| get(port, "/metrics")).map(|text| {
                let successes = |line: &&str| line.starts_with("benchmark_successes_total") && line.contains(&run_id);
                text.lines().filter(successes).filter(|line| !line.ends_with(" 0")).count()
            });
            loaded.sum::<usize>() == containers.len()
        });
    }

    /// Waits for its end, and looks that it has left nothing.
    pub(super) fn wait(self) -> Ended {
        let label = self.label.clone();
        let ended = self.end();
        let left = [containers_with(&label), networks_with(&label)].concat();
        assert!(left.is_empty(), "{left:?} are left by {ended:?}");
        ended
    }

    /// Waits for its end, whatever it leaves.
    pub(super) fn end(self) -> Ended {
        self.running.wait()
    }
}

/// The label of what a harness makes: boot, process, when that was started, and where.
fn harness_label(pid: u32) -> String {
    let boot_id = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap();
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let start_ticks = stat.rsplit_once(')').unwrap().1.split_whitespace().nth(19).unwrap();
    let namespace = fs::read_link("/proc/self/ns/pid").unwrap().display().to_string().replace(':', "");
    let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
    let machine = fs::read_to_string("/etc/machine-id").unwrap_or_default();
    let (boot_id, host, machine) = (boot_id.trim(), host.trim(), machine.trim());
    format!("benchmark.harness={boot_id}:{pid}:{start_ticks}:{namespace}:{host}:{machine}")
}

fn containers_with(label: &str) -> Vec<String> {
    lines(&docker(&["ps", "--all", "--quiet", "--no-trunc", "--filter", &format!("label={label}")]))
}

fn networks_with(label: &str) -> Vec<String> {
    lines(&docker(&["network", "ls", "--quiet", "--filter", &format!("label={label}")]))
}

fn label_of(container: &str, label: &str) -> Option<String> {
    let format = format!("{{{{index .Config.Labels \"{label}\"}}}}");
    let output = Command::new("docker").args(["inspect", "--format", &format, container]).output().unwrap();
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Everything that the Engine says of a container.
pub(super) fn inspect(container: &str) -> Value {
    serde_json::from_str::<Value>(&docker(&["inspect", container])).unwrap()[0].take()
}

/// Whether a container is there and runs.
pub(super) fn is_up(container: &str) -> bool {
    let output =
        Command::new("docker").args(["inspect", "--format", "{{.State.Running}}", container]).output().unwrap();
    String::from_utf8_lossy(&output.stdout).trim() == "true"
}

/// Runs docker's own command; what it prints.
pub(super) fn docker(arguments: &[&str]) -> String {
    let output = Command::new("docker").args(arguments).stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "docker {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The generations of compose that this machine has. In CI it has both.
pub(super) fn compose_tools() -> Vec<&'static str> {
    let works = |tool: &&str| compose(tool).arg("version").output().is_ok_and(|output| output.status.success());
    let (found, missing): (Vec<_>, Vec<_>) = ["docker-compose", "docker compose"].into_iter().partition(works);
    for tool in missing {
        skip(&format!("`{tool}`"));
    }
    found
}

/// Compose, by the name that it goes by.
pub(super) fn compose(tool: &str) -> Command {
    let mut words = tool.split(' ');
    let mut command = Command::new(words.next().unwrap());
    command.args(words).stdin(Stdio::null()).stderr(Stdio::null());
    command
}

/// Where the Engine listens.
pub(super) fn engine_socket() -> PathBuf {
    let named = std::env::var("DOCKER_HOST").ok().and_then(|host| Some(host.strip_prefix("unix://")?.into()));
    named.unwrap_or_else(|| "/var/run/docker.sock".into())
}

/// Asserts that a row is valid, and that its replicas were containers.
pub(super) fn assert_valid(row: &Value) {
    assert_eq!((text(row, "verdict"), text(row, "runner")), ("valid", "compose"), "{row}");
}

pub(super) fn lines(text: &str) -> Vec<String> {
    text.lines().map(str::to_owned).collect()
}

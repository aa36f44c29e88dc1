//! Replicas as children of the harness: an own process group each, so that a Ctrl-C reaches the harness alone, and confined to
//! the replicas' CPUs.

use std::os::unix::process::ExitStatusExt;
use std::process::{ExitStatus, Stdio};

use anyhow::{Context, Result};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};
use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::{Exit, Job, Replicas, Runner};
use crate::machine::CpuSplit;

/// What is kept of a replica's stderr, in bytes: its end.
const STDERR_TAIL: usize = 8 << 10;

/// Starts replicas as local processes.
#[derive(Clone, Debug)]
pub struct Processes {
    cpus: CpuSplit,
}

impl Processes {
    /// Replicas will run on the clients' CPUs.
    #[must_use]
    pub const fn new(cpus: CpuSplit) -> Self {
        Self { cpus }
    }
}

impl Runner for Processes {
    fn name(&self) -> &'static str {
        "process"
    }

    fn start(&self, job: &Job) -> Result<Box<dyn Replicas>> {
        let (sender, exits) = channel(job.replicas as usize);
        let mut started = Started { exits, groups: Vec::new() };
        // A child inherits the CPUs of the thread that starts it: no moment passes in which it runs elsewhere.
        self.cpus
            .clients
            .confine(0)
            .with_context(|| format!("cannot confine replicas to CPUs {}", self.cpus.clients))?;
        let spawned = (0..job.replicas).try_for_each(|replica| {
            let child = spawn(job, replica)?;
            started.groups.extend(child.id().map(|pid| Pid::from_raw(pid.cast_signed())));
            tokio::spawn(wait(child, replica, sender.clone()));
            Ok(())
        });
        let confined = self.cpus.origin.confine(0);
        spawned
            .and(confined.context("cannot confine the harness to its CPUs"))
            .map(|()| Box::new(started) as Box<dyn Replicas>)
    }
}

struct Started {
    exits: Receiver<Exit>,
    groups: Vec<Pid>,
}

impl Replicas for Started {
    fn exits(&mut self) -> &mut Receiver<Exit> {
        &mut self.exits
    }

    fn kill(&mut self) {
        for group in &self.groups {
            // One that has ended already has no group any more.
            let _ = killpg(*group, Signal::SIGKILL);
        }
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        self.kill();
    }
}

fn spawn(job: &Job, replica: u32) -> Result<Child> {
    let mut command = Command::new(&job.program);
    // Variables of the harness's own flags would be read as the test's.
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("BENCHMARK_")) {
        command.env_remove(name);
    }
    command
        .envs(job.environment.iter().map(|(name, value)| (name, value)))
        .env("BENCHMARK_REPLICA", replica.to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true);
    command.spawn().with_context(|| format!("cannot start `{}`", job.program.display()))
}

async fn wait(mut child: Child, replica: u32, exits: Sender<Exit>) {
    let tail = match child.stderr.take() {
        Some(stderr) => tail_of(stderr).await,
        None => String::new(),
    };
    let failure = match child.wait().await {
        Ok(status) => failure_of(status),
        Err(error) => Some(format!("lost from sight: {error}")),
    };
    // Nobody listens once the run is over.
    let _ = exits.send(Exit { replica, failure, stderr: tail }).await;
}

/// Reads to the end and keeps the last part.
async fn tail_of(mut stream: impl AsyncRead + Unpin) -> String {
    let (mut tail, mut piece) = (Vec::new(), [0; 4096]);
    while let Ok(read @ 1..) = stream.read(&mut piece).await {
        tail.extend_from_slice(&piece[..read]);
        if tail.len() > 2 * STDERR_TAIL {
            tail.drain(..tail.len() - STDERR_TAIL);
        }
    }
    String::from_utf8_lossy(&tail[tail.len().saturating_sub(STDERR_TAIL)..]).trim().to_owned()
}

fn failure_of(status: ExitStatus) -> Option<String> {
    match (status.code(), status.signal()) {
        (Some(0), _) => None,
        (Some(code), _) => Some(format!("exit code {code}")),
        (None, Some(signal)) => Some(format!("killed by signal {signal}")),
        (None, None) => Some(status.to_string()),
    }
}

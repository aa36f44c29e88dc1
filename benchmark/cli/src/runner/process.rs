//! Replicas as children of the harness: an own process group each, so that a Ctrl-C reaches the harness alone, and each confined to CPUs
//! of its own.

use std::net::{IpAddr, Ipv4Addr};
use std::os::unix::process::ExitStatusExt;
use std::process::{ExitStatus, Stdio};

use anyhow::{Context, Result};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tokio::io::AsyncReadExt;
use tokio::process::{Child, Command};
use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::alone::forget;
use super::stderr::Tail;
use super::{Capabilities, Exit, Identity, Job, Known, News, Replicas, Runner};
use crate::library::CommandLine;
use crate::machine::CpuSplit;

/// Starts replicas as local processes.
#[derive(Clone, Debug)]
pub struct Processes {
    cpus: CpuSplit,
}

impl Processes {
    /// Children of this process, on its network and by its clock.
    pub const CAPABILITIES: Capabilities =
        Capabilities { limits: false, own_network: false, watched: false, known: Known::ByToken };

    /// Replicas will run on the clients' CPUs.
    #[must_use]
    pub const fn new(cpus: CpuSplit) -> Self {
        Self { cpus }
    }
}

impl Runner for Processes {
    type Replicas = Children;

    fn host_address(&self) -> IpAddr {
        Ipv4Addr::LOCALHOST.into()
    }

    fn start(&self, job: &Job) -> Result<Children> {
        let (sender, news) = channel(job.case.replicas as usize);
        let mut started = Children { news, groups: Vec::new() };
        // A child inherits the CPUs of the thread that starts it: no moment passes in which it runs elsewhere.
        let spawned = (0..job.case.replicas).try_for_each(|replica| {
            let cpus = job.cpus.get(replica as usize).unwrap_or(&self.cpus.clients);
            cpus.confine(0).with_context(|| format!("cannot confine replica {replica} to CPUs {cpus}"))?;
            let child = spawn(job, replica)?;
            started.groups.extend(child.id().map(|pid| Pid::from_raw(pid.cast_signed())));
            tokio::spawn(wait(child, replica, sender.clone()));
            Ok(())
        });
        let confined = self.cpus.origin.confine(0);
        spawned.and(confined.context("cannot confine the harness to its CPUs")).map(|()| started)
    }
}

/// Replicas that are children of this process. Dropping them ends them.
#[derive(Debug)]
pub struct Children {
    news: Receiver<News>,
    groups: Vec<Pid>,
}

impl Children {
    fn kill(&mut self) {
        // Once: later the number may be another group's. One that has ended already has no group any more.
        for group in self.groups.drain(..) {
            let _ = killpg(group, Signal::SIGKILL);
        }
    }
}

impl Replicas for Children {
    fn news(&mut self) -> &mut Receiver<News> {
        &mut self.news
    }

    fn container_id(&self, _: &str) -> Option<String> {
        None
    }

    async fn remove(&mut self) -> Result<()> {
        self.kill();
        Ok(())
    }
}

impl Drop for Children {
    fn drop(&mut self) {
        self.kill();
    }
}

fn spawn(job: &Job, replica: u32) -> Result<Child> {
    let CommandLine { program, arguments, environment } = &job.program.command;
    let mut command = Command::new(program);
    forget(&mut command, &["BENCHMARK_"]);
    command
        .args(arguments)
        .envs(environment.iter().chain(&job.environment).map(|(name, value)| (name, value)))
        .env("BENCHMARK_REPLICA", replica.to_string())
        .envs(job.tokens.get(replica as usize).map(|token| ("BENCHMARK_TOKEN", token)))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true);
    command.spawn().with_context(|| format!("cannot start `{}`", program.display()))
}

async fn wait(mut child: Child, replica: u32, news: Sender<News>) {
    let mut tail = Tail::default();
    if let Some(mut stderr) = child.stderr.take() {
        let mut piece = [0; 4096];
        while let Ok(read @ 1..) = stderr.read(&mut piece).await {
            tail.extend(&piece[..read]);
        }
    }
    let failure = match child.wait().await {
        Ok(status) => failure_of(status),
        Err(error) => Some(format!("lost from sight: {error}")),
    };
    // Nobody listens once the run is over.
    let exit = Exit { replica: Identity::Index(replica), failure, stderr: tail.text() };
    let _ = news.send(News::Ended(exit)).await;
}

fn failure_of(status: ExitStatus) -> Option<String> {
    match (status.code(), status.signal()) {
        (Some(0), _) => None,
        (Some(code), _) => Some(format!("exit code {code}")),
        (None, Some(signal)) => Some(format!("killed by signal {signal}")),
        (None, None) => Some(status.to_string()),
    }
}

//! Both runners behind one: each job goes to the one that its case names, so that a campaign may compare them.

use std::net::{IpAddr, Ipv4Addr};

use anyhow::{Result, anyhow};
use tokio::sync::mpsc::Receiver;

use super::compose::Containers;
use super::process::Children;
use super::{Capabilities, Compose, Job, News, Processes, Replicas, Runner};
use crate::case::RunnerName;

impl RunnerName {
    /// What the runner of this name can do; what is open can do what the best can, until it is decided.
    #[must_use]
    pub const fn capabilities(self) -> Capabilities {
        match self {
            Self::Process => Processes::CAPABILITIES,
            Self::Compose | Self::Auto => Compose::CAPABILITIES,
        }
    }
}

/// The runners of a campaign.
#[derive(Debug)]
pub struct Runners {
    /// Of cases with the runner `process`.
    pub processes: Processes,
    /// Of cases with the runner `compose`, where there are any.
    pub compose: Option<Compose>,
}

impl Runner for Runners {
    type Replicas = Started;

    /// Where containers reach this host; processes reach it there too.
    fn host_address(&self) -> IpAddr {
        self.compose.as_ref().map_or(Ipv4Addr::LOCALHOST.into(), Runner::host_address)
    }

    fn host_name(&self) -> Option<&'static str> {
        self.compose.as_ref().and_then(Runner::host_name)
    }

    fn start(&self, job: &Job) -> Result<Started> {
        match (job.case.runner, &self.compose) {
            (RunnerName::Process, _) => self.processes.start(job).map(Started::Processes),
            (RunnerName::Compose, Some(compose)) => {
                compose.start(job).map(|started| Started::Containers(Box::new(started)))
            }
            (other, _) => Err(anyhow!("there is no runner `{other}` here")),
        }
    }
}

/// Replicas of either kind.
#[derive(Debug)]
pub enum Started {
    /// Children of this process.
    Processes(Children),
    /// Containers.
    Containers(Box<Containers>),
}

impl Replicas for Started {
    fn news(&mut self) -> &mut Receiver<News> {
        match self {
            Self::Processes(children) => children.news(),
            Self::Containers(containers) => containers.news(),
        }
    }

    fn container_id(&self, host_name: &str) -> Option<String> {
        match self {
            Self::Processes(children) => children.container_id(host_name),
            Self::Containers(containers) => containers.container_id(host_name),
        }
    }

    fn throttled_seconds(&self) -> Option<f64> {
        match self {
            Self::Processes(children) => children.throttled_seconds(),
            Self::Containers(containers) => containers.throttled_seconds(),
        }
    }

    async fn remove(&mut self) -> Result<()> {
        match self {
            Self::Processes(children) => children.remove().await,
            Self::Containers(containers) => containers.remove().await,
        }
    }
}

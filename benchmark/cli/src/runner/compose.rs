//! Replicas as containers: `docker compose up --scale` starts them from the checkout's docker-compose.yaml, the Engine's API watches
//! and removes them. A campaign has one network, made first, so that the coordinator can listen at its gateway.

use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use futures_util::future::join_all;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::Command;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::alone::forget;
use super::engine::{Engine, harness_label};
use super::engine_address::EngineAddress;
use super::stderr::Tail;
use super::{Capabilities, Exit, Identity, Job, Known, News, Replicas, Runner};
use crate::exit::Missing;
use crate::machine::{Cgroup, CpuSplit, Group, Shares};

/// The service of docker-compose.yaml that is scaled.
const SERVICE: &str = "benchmark-runner";

/// How long compose may take to say its version: docker's own command asks the Engine first.
const ANSWER: Duration = Duration::from_secs(5);

/// How long a container's id is as its host name.
const SHORT_ID: usize = 12;

/// The program that reads compose files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ComposeTool {
    words: Vec<String>,
    version: String,
    /// The Engine that it is to use, whatever it would follow itself.
    engine: Arc<EngineAddress>,
}

impl ComposeTool {
    /// Finds it, for this Engine: what `BENCHMARK_COMPOSE` names, else `docker compose`, else `docker-compose`.
    ///
    /// # Errors
    /// [`Missing`] where there is none.
    pub async fn find(engine: &Engine) -> Result<Self> {
        let named = std::env::var("BENCHMARK_COMPOSE").ok().filter(|words| !words.is_empty());
        let candidates = named.as_deref().map_or_else(|| vec!["docker compose", "docker-compose"], |named| vec![named]);
        for candidate in &candidates {
            let words: Vec<String> = candidate.split_whitespace().map(str::to_owned).collect();
            if words.is_empty() {
                continue;
            }
            let mut tool = Self { words, version: String::new(), engine: Arc::clone(engine.address()) };
            let mut command = tool.command();
            command.args(["version", "--short"]).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
            let Ok(group) = Group::spawn(&mut command) else { continue };
            if let Ok(Ok(output)) = timeout(ANSWER, group.output()).await
                && output.status.success()
            {
                String::from_utf8_lossy(&output.stdout).trim().clone_into(&mut tool.version);
                return Ok(tool);
            }
        }
        Err(Missing(format!(
            "`{}` does not work here: install docker compose (Debian: `apt-get install docker-compose`), or take `--runner process`",
            candidates.join("` or `")
        ))
        .into())
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.words[0]);
        command.args(&self.words[1..]);
        self.engine.give_to(&mut command);
        command
    }
}

impl std::fmt::Display for ComposeTool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "`{}` {}", self.words.join(" "), self.version)
    }
}

/// Starts replicas as containers.
#[derive(Debug)]
pub struct Compose {
    engine: Engine,
    tool: ComposeTool,
    root: PathBuf,
    cpus: CpuSplit,
    campaign_id: String,
    network: String,
    gateway: IpAddr,
}

impl Compose {
    /// Containers on this host's kernel, and so by its clock.
    pub const CAPABILITIES: Capabilities =
        Capabilities { limits: true, own_network: true, watched: true, known: Known::ByHostName };

    /// Makes the network of a campaign.
    ///
    /// # Errors
    /// When the Engine refuses.
    pub async fn new(
        engine: Engine,
        tool: ComposeTool,
        root: &Path,
        cpus: CpuSplit,
        campaign_id: &str,
    ) -> Result<Self> {
        let network = format!("benchmark-{campaign_id}");
        let gateway = engine.create_network(&network).await?;
        Ok(Self { engine, tool, root: root.to_owned(), cpus, campaign_id: campaign_id.to_owned(), network, gateway })
    }

    /// The gateway of the campaign's network.
    #[must_use]
    pub const fn gateway(&self) -> IpAddr {
        self.gateway
    }

    /// Removes the network.
    ///
    /// # Errors
    /// When it is left, with the command that removes it.
    pub async fn close(self) -> Result<()> {
        self.engine.remove_network(&self.network).await
    }

    /// `compose up`, confined to nothing: it ends before the load begins.
    fn up(&self, job: &Job) -> Command {
        let case = &job.case;
        let mut command = self.tool.command();
        forget(&mut command, &["BENCHMARK_", "COMPOSE_"]);
        command
            // Nor what a `.env` in the checkout says.
            .args(["--env-file", "docker-compose.harness.env"])
            .args(["--project-name", &format!("benchmark-{}", job.run_id)])
            .args(["--file", "docker-compose.yaml", "--file", "docker-compose.harness.yaml"])
            .args([
                "up",
                "--detach",
                "--no-deps",
                "--no-build",
                "--scale",
                &format!("{SERVICE}={}", case.replicas),
                SERVICE,
            ])
            .current_dir(&self.root)
            .envs(job.environment.iter().map(|(name, value)| (name, value)))
            .env("BENCHMARK_OWN_NETWORK", "true")
            .env("BENCHMARK_IMAGE_TAG", job.program.image_tag.as_deref().unwrap_or_default())
            .env("BENCHMARK_LIBRARY", &case.library)
            .env("BENCHMARK_TEST", case.test.name())
            .env("BENCHMARK_CAMPAIGN_ID", &self.campaign_id)
            .env("BENCHMARK_HARNESS", harness_label())
            .env("BENCHMARK_NETWORK", &self.network)
            .env("BENCHMARK_CPUSET", self.cpus.clients.to_string())
            .env("BENCHMARK_CPUS", case.cpu_limit.unwrap_or(0.0).to_string())
            .env("BENCHMARK_MEMORY", case.memory_limit.unwrap_or(0).to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }
}

impl Runner for Compose {
    type Replicas = Containers;

    fn host_address(&self) -> IpAddr {
        // In a virtual machine the gateway is not this host's: there the loopback is reached by a name.
        if self.engine.desktop() { Ipv4Addr::LOCALHOST.into() } else { self.gateway }
    }

    fn host_name(&self) -> Option<&'static str> {
        self.engine.desktop().then_some("host.docker.internal")
    }

    fn start(&self, job: &Job) -> Result<Containers> {
        let (sender, news) = channel(64);
        let ids = Arc::new(Mutex::new(Vec::new()));
        let cgroups = Arc::new(Mutex::new(Vec::new()));
        let watch = Watch {
            engine: self.engine.clone(),
            run_id: job.run_id.clone(),
            replicas: job.case.replicas as usize,
            tool: self.tool.to_string(),
            ids: Arc::clone(&ids),
            limited: job.case.cpu_limit.is_some(),
            cgroups: Arc::clone(&cgroups),
            cpus: job.cpus.clone(),
            news: sender,
        };
        let task = tokio::spawn(watch.run(self.up(job)));
        Ok(Containers { engine: self.engine.clone(), run_id: job.run_id.clone(), ids, cgroups, news, task })
    }
}

/// Replicas that are containers.
#[derive(Debug)]
pub struct Containers {
    engine: Engine,
    run_id: String,
    ids: Arc<Mutex<Vec<String>>>,
    cgroups: Arc<Mutex<Vec<Cgroup>>>,
    news: Receiver<News>,
    task: JoinHandle<()>,
}

impl Replicas for Containers {
    fn news(&mut self) -> &mut Receiver<News> {
        &mut self.news
    }

    fn container_id(&self, host_name: &str) -> Option<String> {
        let ids = self.ids.lock().unwrap_or_else(PoisonError::into_inner);
        ids.iter().find(|id| id.get(..SHORT_ID) == Some(host_name)).cloned()
    }

    fn throttled_seconds(&self) -> Option<f64> {
        let cgroups = self.cgroups.lock().unwrap_or_else(PoisonError::into_inner);
        cgroups.iter().filter_map(Cgroup::throttled_seconds).reduce(|a, b| a + b)
    }

    async fn remove(&mut self) -> Result<()> {
        // Compose itself goes first: what it has begun, the Engine may still finish.
        self.task.abort();
        let _ = (&mut self.task).await;
        self.engine.remove_run(&self.run_id).await
    }
}

/// What brings the containers up and tells of their ends.
struct Watch {
    engine: Engine,
    run_id: String,
    replicas: usize,
    tool: String,
    ids: Arc<Mutex<Vec<String>>>,
    /// Whether the containers have a CPU limit, at which the kernel may hold them back.
    limited: bool,
    cgroups: Arc<Mutex<Vec<Cgroup>>>,
    cpus: Shares,
    news: Sender<News>,
}

impl Watch {
    async fn run(self, up: Command) {
        if let Err(error) = self.bring_up(up).await {
            // Nobody listens once the run is over.
            let _ = self.news.send(News::Failed(format!("{error:#}"))).await;
        }
    }

    async fn bring_up(&self, mut up: Command) -> Result<()> {
        let tool = &self.tool;
        let mut child = Group::spawn(&mut up).with_context(|| format!("cannot start {tool}"))?;
        let (stdout, stderr) = (child.stdout(), child.stderr());
        let (_, said, status) = tokio::join!(tail_of(stdout), tail_of(stderr), child.wait());
        let status = status.with_context(|| format!("{tool} was lost from sight"))?;
        if !status.success() {
            bail!("{tool} could not start the containers ({status}): {}", cause(&said));
        }
        let ids = self.engine.containers_of(&self.run_id).await?;
        let found = ids.len();
        // All containers of a service start alike. None has its seat before it is listed, and so none its load before it has its CPUs.
        let confined =
            ids.iter().enumerate().filter_map(|(place, id)| Some(self.engine.confine(id, self.cpus.get(place)?)));
        join_all(confined).await.into_iter().collect::<Result<()>>()?;
        self.ids.lock().unwrap_or_else(PoisonError::into_inner).clone_from(&ids);
        if self.limited {
            let cgroups = join_all(ids.iter().map(|id| self.engine.cgroup_of(id))).await;
            *self.cgroups.lock().unwrap_or_else(PoisonError::into_inner) = cgroups.into_iter().flatten().collect();
        }
        for id in ids {
            tokio::spawn(tell_end(self.engine.clone(), id, self.news.clone()));
        }
        if found != self.replicas {
            bail!("{found} of {} containers are there", self.replicas);
        }
        Ok(())
    }
}

/// Tells of a container's end. The task ends with it, at the latest as the container is removed.
async fn tell_end(engine: Engine, id: String, news: Sender<News>) {
    let message = match engine.end_of(&id).await {
        Ok(end) => {
            let replica = Identity::HostName(id.chars().take(SHORT_ID).collect());
            News::Ended(Exit { replica, failure: end.failure, stderr: end.stderr })
        }
        Err(error) => News::Failed(format!("{error:#}")),
    };
    let _ = news.send(message).await;
}

async fn tail_of(stream: Option<impl AsyncRead + Unpin>) -> String {
    let mut tail = Tail::default();
    if let Some(mut stream) = stream {
        let mut piece = [0; 4096];
        while let Ok(read @ 1..) = stream.read(&mut piece).await {
            tail.extend(&piece[..read]);
        }
    }
    tail.text()
}

/// Of all that compose says, the lines that name an error; everything where none does.
fn cause(said: &str) -> String {
    let names_error = |line: &&str| line.to_lowercase().contains("error") || line.contains("Cannot");
    let mut errors: Vec<&str> = said.lines().map(str::trim).filter(names_error).collect();
    errors.dedup();
    if errors.is_empty() { said.to_owned() } else { errors.into_iter().take(3).collect::<Vec<_>>().join("; ") }
}

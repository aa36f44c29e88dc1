//! The Docker Engine through its API: the network of a campaign, the containers of a run, and what a dead harness left.

use std::collections::HashMap;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use bollard::Docker;
use bollard::errors::Error;
use bollard::models::{
    ContainerCreateBody, ContainerInspectResponse, ContainerUpdateBody, HostConfig, NetworkCreateRequest,
};
use bollard::query_parameters::{
    BuildImageOptions, CreateContainerOptions, InspectContainerOptions, InspectNetworkOptions,
    ListContainersOptionsBuilder, ListNetworksOptionsBuilder, LogsOptionsBuilder, RemoveContainerOptionsBuilder,
    StartContainerOptions, TagImageOptionsBuilder, WaitContainerOptions,
};
use futures_util::StreamExt;
use futures_util::future::join_all;
use nix::ifaddrs::getifaddrs;
use tokio::time::{sleep, timeout};

use super::engine_address::{EngineAddress, is_of_this_host};
use super::stderr::Tail;
use crate::exit::Missing;
use crate::machine;
use crate::machine::{Cgroup, Cpus, ProcessIdentity};

/// The label with the run that a container belongs to.
const RUN_LABEL: &str = "benchmark.run_id";

/// The label with the harness that made a thing. Carried by a dead harness's things, it says that they are left over.
const HARNESS_LABEL: &str = "benchmark.harness";

/// How long the Engine may take to say that it is there.
const PRESENCE: Duration = Duration::from_secs(3);

/// How long it may take for anything else but a build and the end of a container: one that hangs must not hang us.
const ANSWER: Duration = Duration::from_secs(10);

/// A Docker Engine that answers.
#[derive(Clone, Debug)]
pub struct Engine {
    docker: Docker,
    /// Where it is, and who says so.
    address: Arc<EngineAddress>,
    /// Its version, for people.
    version: String,
    /// Whether containers run in a virtual machine of their own, to which this host is `host.docker.internal`.
    desktop: bool,
}

/// What a dead harness left behind and was removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Leftovers {
    /// Containers.
    pub containers: usize,
    /// Networks.
    pub networks: usize,
}

impl std::fmt::Display for Leftovers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { containers, networks } = self;
        write!(f, "removed what a harness that is dead had left: {containers} containers, {networks} networks")
    }
}

/// `20.10.24 at `unix:///var/run/docker.sock``.
impl std::fmt::Display for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} at {}", self.version, self.address)
    }
}

/// How a container ended.
pub(super) struct End {
    /// How, where it was not good.
    pub(super) failure: Option<String>,
    /// The end of its standard error.
    pub(super) stderr: String,
}

impl Engine {
    /// Finds the Engine: the one that `docker` would take, by `DOCKER_HOST`, by a context, or at the usual socket.
    ///
    /// # Errors
    /// [`Missing`] where none answers, or none that containers of this harness could run at.
    pub async fn connect() -> Result<Self> {
        let refused = |why: String| Missing(format!("{why}, or take `--runner process`"));
        let address = EngineAddress::find().map_err(refused)?;
        timeout(PRESENCE, address.check_is_here()).await.unwrap_or(Ok(())).map_err(refused)?;
        let missing = |why: &dyn std::fmt::Display| missing(&address, why);
        let docker = Docker::connect_with_host(&address.host).map_err(|error| missing(&error))?;
        let found = timeout(PRESENCE, async {
            let docker = docker.negotiate_version().await?;
            let info = docker.info().await?;
            Ok::<_, Error>((docker, info))
        });
        let (docker, info) = match found.await {
            Ok(found) => found.map_err(|error| missing(&error))?,
            Err(_) => return Err(missing(&format!("no answer within {} s", PRESENCE.as_secs()))),
        };
        let version = info.server_version.unwrap_or_else(|| "of unknown version".to_owned());
        let desktop = info.operating_system.is_some_and(|system| system.contains("Docker Desktop"));
        Ok(Self { docker, address: Arc::new(address), version, desktop })
    }

    /// Whether somebody named an Engine, so that it is worth a word why there is none.
    #[must_use]
    pub fn is_named() -> bool {
        EngineAddress::is_named()
    }

    /// Where it is.
    pub(super) fn address(&self) -> &Arc<EngineAddress> {
        &self.address
    }

    /// Whether containers run in a virtual machine of their own.
    pub(super) const fn desktop(&self) -> bool {
        self.desktop
    }

    /// Makes a network for the containers of a campaign. Its gateway is this host's address there.
    ///
    /// # Errors
    /// When the Engine refuses, or [`Missing`] where its networks are not this host's: it runs elsewhere, whatever its address says.
    pub(super) async fn create_network(&self, name: &str) -> Result<IpAddr> {
        let gateway = self.make_network(name).await?;
        if self.desktop || is_of_this_host(gateway) {
            return Ok(gateway);
        }
        self.remove_network(name).await?;
        Err(Missing(format!(
            "the Docker Engine at {} has its networks elsewhere (the gateway {gateway} is no address of this host), and containers would \
             not reach this harness: {}, or take `--runner process`",
            self.address,
            self.address.way_out()
        ))
        .into())
    }

    async fn make_network(&self, name: &str) -> Result<IpAddr> {
        let request = NetworkCreateRequest {
            name: name.to_owned(),
            driver: Some("bridge".to_owned()),
            labels: Some(HashMap::from([(HARNESS_LABEL.to_owned(), harness_label())])),
            ..NetworkCreateRequest::default()
        };
        within(self.docker.create_network(request))
            .await
            .with_context(|| format!("cannot make the network `{name}`"))?;
        let network = within(self.docker.inspect_network(name, None::<InspectNetworkOptions>)).await?;
        let gateway = network.ipam.and_then(|ipam| ipam.config).into_iter().flatten().find_map(|config| config.gateway);
        let gateway = gateway.with_context(|| format!("the network `{name}` has no gateway"))?;
        gateway.parse().with_context(|| format!("the gateway `{gateway}` of the network `{name}` is no address"))
    }

    /// Whether it makes networks, which a campaign needs one of: an Engine that answers may have no addresses left, or give no rights.
    ///
    /// # Errors
    /// What it says instead.
    pub async fn try_out(&self) -> Result<()> {
        let name = format!("benchmark-{}", uuid::Uuid::now_v7());
        self.create_network(&name).await?;
        self.remove_network(&name).await
    }

    /// Removes a network that no container is in any more.
    pub(super) async fn remove_network(&self, name: &str) -> Result<()> {
        match within(self.docker.remove_network(name)).await {
            Err(error) if !is_gone(&error) => {
                Err(error).with_context(|| format!("the network `{name}` is left: `docker network rm {name}`"))
            }
            _ => Ok(()),
        }
    }

    /// The address of docker0, by which a container on any network finds this host as `host-gateway`. Not what the Engine says of the
    /// network's gateway: it leaves that out where it chose the address itself.
    pub async fn host_gateway(&self) -> Option<IpAddr> {
        let network = within(self.docker.inspect_network("bridge", None::<InspectNetworkOptions>)).await.ok()?;
        let bridge = network.options?.remove("com.docker.network.bridge.name")?;
        let interface = getifaddrs().ok()?.find(|interface| {
            interface.interface_name == bridge
                && interface.address.is_some_and(|address| address.as_sockaddr_in().is_some())
        })?;
        Some(interface.address?.as_sockaddr_in()?.ip().into())
    }

    /// The ids of a run's containers.
    pub(super) async fn containers_of(&self, run_id: &str) -> Result<Vec<String>> {
        Ok(self.labelled_containers(&format!("{RUN_LABEL}={run_id}")).await?.into_iter().map(|(id, _)| id).collect())
    }

    /// The cgroup of a running container, where it is one of this host's kernel.
    pub(super) async fn cgroup_of(&self, container_id: &str) -> Option<Cgroup> {
        let inspected = within(self.docker.inspect_container(container_id, None::<InspectContainerOptions>));
        let container = inspected.await.ok()?;
        let pid = container.state?.pid.filter(|pid| *pid > 0)?;
        let text = std::fs::read_to_string(format!("/proc/{pid}/cgroup")).ok()?;
        Cgroup::of(Path::new("/sys/fs/cgroup"), &text).ok()
    }

    /// Runs a container to its end, with as few rights as a replica's, and removes it.
    pub(super) async fn run_once(&self, image: &str, command: Vec<String>, network: &str) -> Result<End> {
        let request = ContainerCreateBody {
            image: Some(image.to_owned()),
            cmd: Some(command),
            labels: Some(HashMap::from([(HARNESS_LABEL.to_owned(), harness_label())])),
            host_config: Some(HostConfig {
                network_mode: Some(network.to_owned()),
                readonly_rootfs: Some(true),
                cap_drop: Some(vec!["ALL".to_owned()]),
                security_opt: Some(vec!["no-new-privileges:true".to_owned()]),
                ..HostConfig::default()
            }),
            ..ContainerCreateBody::default()
        };
        let container = within(self.docker.create_container(None::<CreateContainerOptions>, request)).await?;
        let end = async {
            within(self.docker.start_container(&container.id, None::<StartContainerOptions>)).await?;
            timeout(ANSWER, self.end_of(&container.id))
                .await
                .unwrap_or_else(|_| bail!("a container did not end within {} s", ANSWER.as_secs()))
        };
        let end = end.await;
        self.remove_container(&container.id).await;
        end
    }

    /// Waits for a container's end.
    ///
    /// # Errors
    /// When the Engine is lost from sight.
    pub(super) async fn end_of(&self, container_id: &str) -> Result<End> {
        match self.docker.wait_container(container_id, None::<WaitContainerOptions>).next().await {
            Some(Ok(_) | Err(Error::DockerContainerWaitError { .. })) => {}
            Some(Err(error)) if is_gone(&error) => {}
            Some(Err(error)) => return Err(anyhow!(error).context("the Docker Engine was lost from sight")),
            None => bail!("the Docker Engine was lost from sight"),
        }
        let inspected = within(self.docker.inspect_container(container_id, None::<InspectContainerOptions>));
        let container = match inspected.await {
            Ok(container) => container,
            Err(error) if is_gone(&error) => {
                let failure = Some("its container was removed by somebody else".to_owned());
                return Ok(End { failure, stderr: String::new() });
            }
            Err(error) => return Err(anyhow!(error).context("the Docker Engine was lost from sight")),
        };
        Ok(End { failure: failure_of(&container), stderr: self.stderr_of(container_id).await })
    }

    async fn stderr_of(&self, container_id: &str) -> String {
        let options = LogsOptionsBuilder::default().stderr(true).tail("100").build();
        let mut lines = self.docker.logs(container_id, Some(options));
        let mut tail = Tail::default();
        while let Some(Ok(line)) = lines.next().await {
            tail.extend(&line.into_bytes());
        }
        tail.text()
    }

    /// Removes every container of a run, also one that the Engine is still making.
    pub(super) async fn remove_run(&self, run_id: &str) -> Result<()> {
        let mut pause = Duration::ZERO;
        for _ in 0..10 {
            sleep(pause).await;
            let containers = self.containers_of(run_id).await?;
            if containers.is_empty() {
                return Ok(());
            }
            join_all(containers.iter().map(|id| self.remove_container(id))).await;
            pause = Duration::from_millis(50);
        }
        let left = self.containers_of(run_id).await?;
        if left.is_empty() {
            return Ok(());
        }
        bail!("containers are left: `docker rm -f {}`", left.join(" "))
    }

    async fn remove_container(&self, id: &str) -> bool {
        let options = RemoveContainerOptionsBuilder::default().force(true).v(true).build();
        match within(self.docker.remove_container(id, Some(options))).await {
            Ok(()) => true,
            Err(error) => is_gone(&error),
        }
    }

    /// Removes what carries the label of a harness that is dead; what a living one made stays.
    ///
    /// # Errors
    /// When the Engine does not answer.
    pub async fn remove_leftovers(&self) -> Result<Leftovers> {
        let mut removed = Leftovers::default();
        for (id, harness) in self.labelled_containers(HARNESS_LABEL).await? {
            removed.containers += usize::from(is_dead(&harness) && self.remove_container(&id).await);
        }
        let filters = HashMap::from([("label", vec![HARNESS_LABEL])]);
        let options = ListNetworksOptionsBuilder::default().filters(&filters).build();
        for network in within(self.docker.list_networks(Some(options))).await? {
            let harness = network.labels.and_then(|labels| labels.get(HARNESS_LABEL).cloned()).unwrap_or_default();
            let Some(name) = network.name.filter(|_| is_dead(&harness)) else { continue };
            removed.networks += usize::from(within(self.docker.remove_network(&name)).await.is_ok());
        }
        Ok(removed)
    }

    /// Containers with a label, running or not: id, and which harness made it.
    async fn labelled_containers(&self, label: &str) -> Result<Vec<(String, String)>> {
        let filters = HashMap::from([("label", vec![label])]);
        let options = ListContainersOptionsBuilder::default().all(true).filters(&filters).build();
        let containers =
            within(self.docker.list_containers(Some(options))).await.context("the Docker Engine does not answer")?;
        let harness = |labels: Option<HashMap<String, String>>| labels?.remove(HARNESS_LABEL);
        Ok(containers
            .into_iter()
            .filter_map(|container| Some((container.id?, harness(container.labels).unwrap_or_default())))
            .collect())
    }

    /// Keeps a running container to these CPUs, without a quota, which would hold it back in the midst of a period.
    pub(super) async fn confine(&self, container_id: &str, cpus: &Cpus) -> Result<()> {
        let update = ContainerUpdateBody { cpuset_cpus: Some(cpus.to_string()), ..ContainerUpdateBody::default() };
        match within(self.docker.update_container(container_id, update)).await {
            Err(error) if !is_gone(&error) => {
                Err(error).with_context(|| format!("cannot keep a container to CPUs {cpus}"))
            }
            _ => Ok(()),
        }
    }

    /// Whether there is an image of this name.
    pub(crate) async fn has_image(&self, name: &str) -> Result<bool> {
        match within(self.docker.inspect_image(name)).await {
            Ok(_) => Ok(true),
            Err(error) if is_gone(&error) => Ok(false),
            Err(error) => Err(error).with_context(|| format!("cannot ask the Docker Engine for image `{name}`")),
        }
    }

    /// Gives an image the name that a person would use.
    pub(crate) async fn tag_latest(&self, image: &str, name: &str) -> Result<()> {
        let options = TagImageOptionsBuilder::default().repo(name).tag("latest").build();
        within(self.docker.tag_image(image, Some(options))).await.with_context(|| format!("cannot tag image `{image}`"))
    }

    /// Builds an image from a tar archive that holds all it needs; the error ends with what the Engine said.
    pub(crate) async fn build_image(&self, options: BuildImageOptions, context: Vec<u8>) -> Result<()> {
        let mut said = Vec::new();
        let mut steps = self.docker.build_image(options, None, Some(bollard::body_full(context.into())));
        while let Some(step) = steps.next().await {
            let step = step.map_err(|error| anyhow!("{error}\n{}", said.concat()))?;
            said.extend(step.stream);
            if let Some(error) = step.error_detail.and_then(|detail| detail.message) {
                bail!("{error}\n{}", said.concat());
            }
        }
        Ok(())
    }
}

/// What the Engine answers, within the time that it has.
async fn within<T>(answer: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    timeout(ANSWER, answer).await.unwrap_or(Err(Error::RequestTimeoutError))
}

/// The label of what this harness makes.
pub(super) fn harness_label() -> String {
    machine::this_process().to_string()
}

/// Whether the harness that a label names is seen to be gone; one that cannot be seen from here is not, and a label that is none of ours
/// names nobody.
fn is_dead(label: &str) -> bool {
    ProcessIdentity::parse(label).is_some_and(|process| machine::is_dead(&process))
}

fn failure_of(container: &ContainerInspectResponse) -> Option<String> {
    let state = container.state.as_ref()?;
    if state.oom_killed == Some(true) {
        let limit = container.host_config.as_ref().and_then(|config| config.memory).filter(|limit| *limit > 0);
        let limit = limit.map(|limit| format!(" of {} MiB", limit >> 20)).unwrap_or_default();
        return Some(format!("out of memory: the kernel killed it at its limit{limit}"));
    }
    match state.exit_code {
        Some(0) => None,
        // A shell's convention that the Engine keeps: 128 and the signal.
        Some(code @ 129..=192) => Some(format!("killed by signal {}", code - 128)),
        Some(code) => Some(format!("exit code {code}")),
        None => Some("its container ended".to_owned()),
    }
}

/// Whether what was asked for is no longer there, or being removed by somebody else.
fn is_gone(error: &Error) -> bool {
    matches!(error, Error::DockerResponseServerError { status_code: 404 | 409, .. })
}

fn missing(address: &EngineAddress, why: &dyn std::fmt::Display) -> anyhow::Error {
    Missing(format!(
        "no Docker Engine answers at {address} ({why}): install it (Debian: `apt-get install docker.io docker-compose`), start it \
         (`systemctl start docker`), or take `--runner process`"
    ))
    .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_names_a_living_or_a_dead_harness_or_nobody() {
        assert!(!is_dead(&harness_label()));
        let here = harness_label().splitn(4, ':').nth(3).unwrap().to_owned();
        assert!(is_dead(&format!("another-boot:1:1:{here}")));
        assert!(is_dead(&harness_label().replacen(':', ":9", 1)), "no such process");
        assert!(!is_dead(&format!("{}-of-another", harness_label())), "not to be seen from here");
        assert!(!is_dead("somebody else's label"));
        assert!(!is_dead(""));
    }
}

//! What starts replicas: N copies of a program with an environment. A runner says when they exit and with what, and removes every
//! trace of them when told or when the harness dies. Results come through the protocol, whatever the engine.

mod alone;
mod compose;
mod each;
mod engine;
mod engine_address;
mod process;
mod reach;
mod stderr;

use std::net::IpAddr;

use anyhow::Result;
use tokio::sync::mpsc::Receiver;

use crate::case::Case;
use crate::library::CommandLine;
use crate::machine::Shares;

pub use alone::output_of;
pub use compose::{Compose, ComposeTool};
pub use each::Runners;
pub use engine::{Engine, Leftovers};
pub use process::Processes;
pub use reach::prove_reach;

/// What to start.
#[derive(Clone, Debug)]
pub struct Job {
    /// The run, also the label of its containers.
    pub run_id: String,
    /// What is run.
    pub case: Case,
    /// What it is run with.
    pub program: Program,
    /// The variables that it gets beside the harness's own environment.
    pub environment: Vec<(String, String)>,
    /// The token of each replica, where each has its own.
    pub tokens: Vec<String>,
    /// The CPUs of each replica.
    pub cpus: Shares,
}

/// A test that was built.
#[derive(Clone, Debug)]
pub struct Program {
    /// How a replica that is a process is started.
    pub command: CommandLine,
    /// The tag of the library's image that holds it, where the runner needs one.
    pub image_tag: Option<String>,
    /// The SHA-256 of the file.
    pub sha256: String,
}

/// Something that happened to replicas outside the protocol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// A replica ended.
    Ended(Exit),
    /// The replicas cannot be started, or are lost from sight, and why.
    Failed(String),
}

/// The end of a replica.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exit {
    /// Which one.
    pub replica: Identity,
    /// How, where it was not good: `exit code 1`, `killed by signal 9`.
    pub failure: Option<String>,
    /// The end of what it printed on stderr.
    pub stderr: String,
}

/// What a runner knows a replica by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identity {
    /// The index that it was started with.
    Index(u32),
    /// The host name that it will say in `hello`: copies of a container all start alike.
    HostName(String),
}

/// How a replica's seat in a run is told from another's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// Each is started with variables of its own, and so with a token of its own.
    ByToken,
    /// All start alike, and the runner lists their host names.
    ByHostName,
    /// All start alike, and nobody knows where.
    ByNothing,
}

/// What a runner can do: asked for instead of its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// Replicas may be held to a share of the CPU and to so much memory.
    pub limits: bool,
    /// Each replica has a network of its own: its devices' counters are its traffic alone, and this host's loopback is not theirs.
    pub own_network: bool,
    /// cAdvisor sees the replicas, so that Prometheus can be asked about them.
    pub watched: bool,
    /// How one replica is told from another.
    pub known: Known,
}

/// Something that can start replicas.
pub trait Runner {
    /// What it started.
    type Replicas: Replicas;

    /// The address of this host at which to listen for replicas.
    fn host_address(&self) -> IpAddr;

    /// What replicas call that address, where it is not itself.
    fn host_name(&self) -> Option<&'static str> {
        None
    }

    /// Starts the replicas; news may come before all of them have started.
    ///
    /// # Errors
    /// When they cannot be started; then none is left.
    fn start(&self, job: &Job) -> Result<Self::Replicas>;
}

/// Replicas that were started.
pub trait Replicas {
    /// What happens to them; the channel ends after the last one's end.
    fn news(&mut self) -> &mut Receiver<News>;

    /// The container of the replica with this host name.
    fn container_id(&self, host_name: &str) -> Option<String>;

    /// For how long the kernel has held them back at their CPU limit, in seconds over all of them; `None` where none has a limit.
    fn throttled_seconds(&self) -> Option<f64> {
        None
    }

    /// Ends those that still run, at once, and removes every trace of them.
    ///
    /// # Errors
    /// When something is left, with its name.
    fn remove(&mut self) -> impl Future<Output = Result<()>>;
}

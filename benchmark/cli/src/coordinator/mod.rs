//! The coordinator: gathers the replicas of a run, starts them at one instant, and takes their results. PROTOCOL.md has the messages.

mod connection;
mod session;
pub mod timeouts;

use std::net::SocketAddr;

use anyhow::{Context, Result};
use benchmark_protocol::message::Object;
use tokio::net::TcpListener;

pub use session::{Conducted, Hooks, conduct};

/// Where replicas connect.
#[derive(Debug)]
pub struct Coordinator {
    listener: TcpListener,
    address: SocketAddr,
}

/// What a run expects of its replicas.
#[derive(Clone, Debug)]
pub struct Expected {
    /// The run.
    pub run_id: String,
    /// The secret that only its replicas know.
    pub token: String,
    /// The measured library.
    pub library: String,
    /// The test.
    pub test: String,
    /// How many replicas.
    pub replicas: u32,
    /// The seed of the workload.
    pub seed: u64,
    /// The objects of a foreign bucket.
    pub objects: Vec<Object>,
    /// Length of the warm-up.
    pub warm_up: std::time::Duration,
    /// From the warm-up's end to the last moment at which a result may come, where that is known.
    pub longest: Option<std::time::Duration>,
}

impl Coordinator {
    /// Listens on the loopback, on a free port.
    ///
    /// # Errors
    /// When no port can be bound.
    pub async fn bind() -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.context("cannot listen on 127.0.0.1 for replicas")?;
        let address = listener.local_addr().context("a listener without an address")?;
        Ok(Self { listener, address })
    }

    /// Where replicas connect.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }
}

//! The coordinator: gathers the replicas of a run, starts them at one instant, and takes their results. PROTOCOL.md has the messages.

mod admission;
mod clock;
mod connection;
mod figures;
mod gate;
mod hooks;
pub mod limits;
mod seat;
mod seats;
mod session;
pub mod timeouts;
mod understood;
mod writer;

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use anyhow::{Context, Result};
use benchmark_protocol::message::Object;
use tokio::net::{TcpListener, TcpStream};

pub use admission::Admission;
pub(crate) use connection::read_message;
pub(super) use figures::MOST_NS;
pub use hooks::{Hooks, Plateau};
pub use session::{Conducted, conduct};
pub(super) use understood::asked;

/// Where replicas connect.
#[derive(Debug)]
pub struct Coordinator {
    listener: TcpListener,
    /// As replicas call it.
    address: String,
}

/// What a run expects of its replicas.
#[derive(Clone, Debug)]
pub struct Expected {
    /// The run.
    pub run_id: String,
    /// What its replicas show to take their seats.
    pub admission: Admission,
    /// The measured library.
    pub library: String,
    /// The test.
    pub test: String,
    /// The options as each replica is to understand them, by name. Nothing is compared where there are none.
    pub options: BTreeMap<String, String>,
    /// How many replicas.
    pub replicas: u32,
    /// The seed of the workload.
    pub seed: u64,
    /// The objects of a foreign bucket.
    pub objects: Vec<Object>,
    /// The certificates to trust, as PEM, where not the usual ones.
    pub ca: Option<String>,
    /// Length of the warm-up.
    pub warm_up: std::time::Duration,
    /// From the warm-up's end to the last moment at which a result may come, where that is known.
    pub longest: Option<std::time::Duration>,
}

impl Coordinator {
    /// Listens on this address of the host, on a free port. Replicas call the host `name`, or else by the address; where that is every
    /// address, by `reached`.
    ///
    /// # Errors
    /// When no port can be bound.
    pub async fn bind(address: IpAddr, name: Option<&str>, reached: IpAddr) -> Result<Self> {
        let listener = TcpListener::bind((address, 0))
            .await
            .with_context(|| format!("cannot listen on {address} for replicas"))?;
        let port = listener.local_addr().context("a listener without an address")?.port();
        let reached = if address.is_unspecified() { reached } else { address };
        let address = name.map_or_else(|| SocketAddr::new(reached, port).to_string(), |name| format!("{name}:{port}"));
        Ok(Self { listener, address })
    }

    /// Where replicas connect, as they call it.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The next connection. Out of files, or a peer that left at once: either passes.
    async fn accept(&self) -> TcpStream {
        loop {
            match self.listener.accept().await {
                Ok((stream, _)) => return stream,
                Err(_) => tokio::time::sleep(timeouts::ACCEPT).await,
            }
        }
    }
}

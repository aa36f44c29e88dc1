//! `benchmark reach`: run in a container by `doctor`, to see whether it reaches the harness.

use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result};
use clap::Args;

use crate::exit::Exit;

/// How long a connection may take.
const ANSWER: Duration = Duration::from_secs(2);

/// Options of `reach`.
#[derive(Debug, Args)]
pub(super) struct Reach {
    /// Where somebody should listen
    #[arg(required = true, value_name = "ADDRESS:PORT")]
    addresses: Vec<SocketAddr>,
}

impl Reach {
    pub(super) fn run(self) -> Result<Exit> {
        for address in self.addresses {
            TcpStream::connect_timeout(&address, ANSWER).with_context(|| format!("no way to {address}"))?;
        }
        Ok(Exit::Good)
    }
}

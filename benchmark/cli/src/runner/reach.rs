//! The proof that a container reaches the harness: one that connects to a listener of ours at each address that is used.

use std::net::{IpAddr, SocketAddr};

use anyhow::{Context, Result, bail};
use tokio::net::TcpListener;

use super::engine::Engine;
use crate::library::pack_origin;

/// Starts a container that connects to the gateway of a network made for it (where the coordinator and the origin listen) and to
/// docker0 (where `/metrics` does). The addresses, for people.
///
/// # Errors
/// When it does not come through, with what it said.
pub async fn prove_reach(engine: &Engine) -> Result<String> {
    let image = pack_origin(engine).await?;
    let name = format!("benchmark-doctor-{}", uuid::Uuid::now_v7());
    let gateway = engine.create_network(&name).await?;
    let proof = connect_from(engine, &format!("{}:{}", image.name, image.tag), &name, gateway).await;
    // Why there is no proof says more than what is left of the attempt.
    let removed = engine.remove_network(&name).await;
    proof.and_then(|addresses| removed.map(|()| addresses))
}

async fn connect_from(engine: &Engine, image: &str, network: &str, gateway: IpAddr) -> Result<String> {
    let mut listeners = Vec::new();
    for address in [Some(gateway), engine.host_gateway().await].into_iter().flatten() {
        let listener = TcpListener::bind((address, 0)).await.with_context(|| format!("cannot listen on {address}"))?;
        listeners.push(listener);
    }
    let addresses = listeners.iter().map(TcpListener::local_addr).collect::<Result<Vec<SocketAddr>, _>>()?;
    let mut command = vec!["/benchmark".to_owned(), "reach".to_owned()];
    command.extend(addresses.iter().map(ToString::to_string));
    // The kernel takes the connections in: nobody needs to accept them.
    let end = engine.run_once(image, command, network).await?;
    match end.failure {
        None => Ok(addresses.iter().map(|address| address.ip().to_string()).collect::<Vec<_>>().join(" and ")),
        Some(how) => bail!("{how} {}", end.stderr),
    }
}

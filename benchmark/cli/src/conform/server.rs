//! A server of one cell: a thread with a runtime of its own, so that one that sends for ever holds up nothing else.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::thread::JoinHandle;

use anyhow::{Context, Result};
use benchmark_origin::misbehave::{Counters, Manner, serve};
use tokio::net::TcpListener;
use tokio::runtime::Builder;
use tokio::sync::oneshot;

/// A server that runs until it is dropped.
pub(super) struct Running {
    pub(super) address: SocketAddr,
    pub(super) counters: Arc<Counters>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Running {
    /// Serves in this manner at any free port of an address.
    ///
    /// # Errors
    /// When the address is none of this host's, or a thread cannot be had.
    pub(super) fn start(ip: IpAddr, manner: &'static Manner, elsewhere: Option<SocketAddr>) -> Result<Self> {
        let listener = std::net::TcpListener::bind((ip, 0)).with_context(|| format!("cannot listen on {ip}"))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let counters = Arc::<Counters>::default();
        let (stop, stopped) = oneshot::channel();
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let serving = Arc::clone(&counters);
        let thread = std::thread::Builder::new().name(manner.name.to_owned()).spawn(move || {
            runtime.block_on(async {
                // Whoever drops the sender wants it to end as well.
                let shutdown = async { drop(stopped.await) };
                let served = match TcpListener::from_std(listener) {
                    Ok(listener) => serve(listener, manner, elsewhere, serving, shutdown).await,
                    Err(error) => Err(error),
                };
                if let Err(error) = served {
                    tracing::warn!("the server `{}` ended: {error}", manner.name);
                }
            });
        })?;
        Ok(Self { address, counters, stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // One that panicked has said so.
            let _ = thread.join();
        }
    }
}

//! A server of one cell: a thread with a runtime of its own, so that one that sends for ever holds up nothing else.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::thread::JoinHandle;

use anyhow::{Context, Result};
use benchmark_origin::misbehave::{Counters, Manner};
use benchmark_origin::{Config, Credentials, misbehave};
use tokio::net::TcpListener;
use tokio::runtime::Builder;
use tokio::sync::oneshot;

use super::tls::{Certified, terminate};

/// What requests to the origin are signed with.
pub(super) const ACCESS_KEY: &str = "conform";
pub(super) const SECRET_KEY: &str = "conform-secret";

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
        let counters = Arc::<Counters>::default();
        let counting = Arc::clone(&counters);
        Self::with(ip, counters, async move |listener, shutdown| {
            misbehave::serve(TcpListener::from_std(listener)?, manner, elsewhere, counting, shutdown).await
        })
    }

    /// Speaks TLS in front of a server.
    ///
    /// # Errors
    /// As [`Running::start`].
    pub(super) fn terminator(ip: IpAddr, certified: &Certified, behind: SocketAddr) -> Result<Self> {
        let acceptor = certified.acceptor.clone();
        Self::with(ip, Arc::default(), async move |listener, shutdown| {
            terminate(TcpListener::from_std(listener)?, acceptor, behind, shutdown).await
        })
    }

    /// Our origin, where every bucket exists, and a signature is a good one or refused. It counts nothing here.
    ///
    /// # Errors
    /// As [`Running::start`].
    pub(super) fn origin(ip: IpAddr) -> Result<Self> {
        let credentials = Credentials { access_key: ACCESS_KEY.to_owned(), secret_key: SECRET_KEY.to_owned() };
        let config = Config {
            credentials: Some(credentials),
            open: true,
            object_size: misbehave::OBJECT_SIZE,
            ..Config::new(uuid::Uuid::new_v4().to_string())
        };
        Self::with(ip, Arc::default(), async move |listener, shutdown| {
            benchmark_origin::serve(vec![listener], config, shutdown).await
        })
    }

    fn with<F>(ip: IpAddr, counters: Arc<Counters>, serve: F) -> Result<Self>
    where
        F: AsyncFnOnce(std::net::TcpListener, Shutdown) -> std::io::Result<()> + Send + 'static,
    {
        let listener = std::net::TcpListener::bind((ip, 0)).with_context(|| format!("cannot listen on {ip}"))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let (stop, stopped) = oneshot::channel();
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let thread = std::thread::Builder::new().name("conform-server".to_owned()).spawn(move || {
            // Whoever drops the sender wants it to end as well.
            let shutdown: Shutdown = Box::pin(async { drop(stopped.await) });
            if let Err(error) = runtime.block_on(serve(listener, shutdown)) {
                tracing::warn!("the server at {address} ended: {error}");
            }
        })?;
        Ok(Self { address, counters, stop: Some(stop), thread: Some(thread) })
    }
}

/// When a server is to end.
type Shutdown = std::pin::Pin<Box<dyn Future<Output = ()> + Send>>;

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // One that panicked has said so.
            let _ = thread.join();
        }
    }
}

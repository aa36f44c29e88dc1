//! GET /metrics, for a Prometheus on this host or in a container of it.

use std::convert::Infallible;
use std::io::ErrorKind;
use std::net::{IpAddr, SocketAddr, TcpListener as BoundListener};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::CONTENT_TYPE;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use thiserror::Error;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::exposition::LiveMetrics;

/// The first of the ports that prometheus.yml lists.
pub const FIRST_PORT: u16 = 9464;

/// The last of them.
pub const LAST_PORT: u16 = 9467;

/// How long a connection may take to send a request.
const HEAD: Duration = Duration::from_secs(30);

/// How long a connection may last. A Prometheus opens another one.
const CONNECTION: Duration = Duration::from_secs(600);

/// Connections at a time, of Prometheus and of whoever looks: more are closed unheard.
pub const CONNECTIONS: usize = 128;

/// The server of the live metrics. It ends when this is dropped.
#[derive(Debug)]
pub struct MetricsServer {
    live: LiveMetrics,
    port: u16,
    addresses: Vec<IpAddr>,
    skipped: Vec<IpAddr>,
    accepting: JoinSet<()>,
}

/// Why the live metrics are not served. A campaign goes on without them.
#[derive(Debug, Error)]
pub enum ServeError {
    /// Another program has each of the ports on one address or another.
    #[error(
        "no live metrics: the ports {FIRST_PORT} to {LAST_PORT} are all taken on {} (`ss -ltnp` names by whom)",
        list(addresses)
    )]
    AllTaken {
        /// Where it was tried.
        addresses: Vec<IpAddr>,
    },
    /// None of the addresses is one of this host.
    #[error("no live metrics: this host has none of the addresses {}", list(addresses))]
    NoAddress {
        /// The addresses.
        addresses: Vec<IpAddr>,
    },
    /// The system refused for another reason.
    #[error("no live metrics: cannot listen on `{address}`")]
    Listen {
        /// Where it was tried.
        address: SocketAddr,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
}

/// Serves the live metrics on the first port of [`FIRST_PORT`] to [`LAST_PORT`] that is free on all these addresses.
/// One that this host does not have is skipped ([`MetricsServer::skipped`]). Wants a tokio runtime around it.
///
/// # Errors
/// When no port is free on all of them, or none of the addresses is this host's.
pub fn serve(live: LiveMetrics, addresses: &[IpAddr]) -> Result<MetricsServer, ServeError> {
    for port in FIRST_PORT..=LAST_PORT {
        let Some(listeners) = listen_on_all(addresses, port)? else { continue };
        if listeners.is_empty() {
            return Err(ServeError::NoAddress { addresses: addresses.to_vec() });
        }
        let mut server =
            MetricsServer { live, port, addresses: Vec::new(), skipped: Vec::new(), accepting: JoinSet::new() };
        for (address, listener) in listeners {
            server.accept_on(address, listener);
        }
        server.skipped = addresses.iter().filter(|address| !server.addresses.contains(address)).copied().collect();
        for address in &server.skipped {
            tracing::warn!("no live metrics on {address}: this host has no such address");
        }
        return Ok(server);
    }
    Err(ServeError::AllTaken { addresses: addresses.to_vec() })
}

impl MetricsServer {
    /// The port, the same on every address.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Where it listens.
    #[must_use]
    pub fn addresses(&self) -> &[IpAddr] {
        &self.addresses
    }

    /// Addresses that this host does not have.
    #[must_use]
    pub fn skipped(&self) -> &[IpAddr] {
        &self.skipped
    }

    /// Listens on one more address, such as the gateway of a network that was made meanwhile. Nothing changes where it
    /// already does.
    ///
    /// # Errors
    /// When the port is taken there, or the address is not this host's.
    pub fn also_listen(&mut self, address: IpAddr) -> Result<(), ServeError> {
        if self.addresses.contains(&address) {
            return Ok(());
        }
        let listener = listen(address, self.port).map_err(|source| match source.kind() {
            ErrorKind::AddrNotAvailable => ServeError::NoAddress { addresses: vec![address] },
            _ => ServeError::Listen { address: SocketAddr::new(address, self.port), source },
        })?;
        self.accept_on(address, listener);
        Ok(())
    }

    fn accept_on(&mut self, address: IpAddr, listener: TcpListener) {
        self.addresses.push(address);
        self.accepting.spawn(accept(listener, self.live.clone()));
    }
}

/// Listeners on this port of all addresses that exist; `None` where another program has it on one of them.
fn listen_on_all(addresses: &[IpAddr], port: u16) -> Result<Option<Vec<(IpAddr, TcpListener)>>, ServeError> {
    let mut listeners: Vec<(IpAddr, TcpListener)> = Vec::new();
    for address in addresses {
        if listeners.iter().any(|(known, _)| known == address) {
            continue;
        }
        match listen(*address, port) {
            Ok(listener) => listeners.push((*address, listener)),
            Err(error) if error.kind() == ErrorKind::AddrInUse => return Ok(None),
            Err(error) if error.kind() == ErrorKind::AddrNotAvailable => {}
            Err(source) => return Err(ServeError::Listen { address: SocketAddr::new(*address, port), source }),
        }
    }
    Ok(Some(listeners))
}

fn listen(address: IpAddr, port: u16) -> std::io::Result<TcpListener> {
    let listener = BoundListener::bind((address, port))?;
    listener.set_nonblocking(true)?;
    TcpListener::from_std(listener)
}

async fn accept(listener: TcpListener, live: LiveMetrics) {
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        let Ok((stream, _)) = listener.accept().await else {
            // Out of files, or a peer that left at once: either passes.
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        if connections.len() >= CONNECTIONS {
            continue;
        }
        let live = live.clone();
        connections.spawn(async move {
            let service = service_fn(|request| {
                let response = answer(&live, &request);
                async move { Ok::<_, Infallible>(response) }
            });
            let mut server = http1::Builder::new();
            server.timer(TokioTimer::new()).header_read_timeout(HEAD);
            // A scraper that leaves in the middle is no news.
            drop(timeout(CONNECTION, server.serve_connection(TokioIo::new(stream), service)).await);
        });
    }
}

fn answer(live: &LiveMetrics, request: &Request<Incoming>) -> Response<Full<Bytes>> {
    let is_read = [Method::GET, Method::HEAD].contains(request.method());
    let (status, content_type, body) = match (is_read, request.uri().path()) {
        (true, "/metrics") => (StatusCode::OK, ::prometheus::TEXT_FORMAT, live.text()),
        _ => (StatusCode::NOT_FOUND, "text/plain", "the live metrics are at /metrics\n".to_owned()),
    };
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, hyper::header::HeaderValue::from_static(content_type));
    response
}

fn list(addresses: &[IpAddr]) -> String {
    addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

//! Listening: one thread, one runtime and one listener for each worker.

use std::cell::Cell;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use benchmark_protocol::inject::check_together;
use s3s::service::S3Service;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::TcpListener;
use tokio::runtime::{Builder, LocalOptions};
use tokio::sync::{oneshot, watch};

use crate::config::Config;
use crate::connection;
use crate::run::Runs;
use crate::s3;
use crate::worker::Worker;

/// How many connections wait to be accepted before the kernel turns more away: a stall must not look like a refusal.
const BACKLOG: i32 = 4096;

/// How long accepting rests after an error: with no file descriptor left it would fail again at once.
const REST: Duration = Duration::from_millis(50);

/// Listens at an address, once for each worker. All share one port, also where the address names port 0.
///
/// # Errors
/// What the operating system says: the address is in use, or not ours.
pub fn bind(address: SocketAddr, workers: usize) -> io::Result<Vec<std::net::TcpListener>> {
    let mut address = address;
    let mut listeners = Vec::with_capacity(workers.max(1));
    for _ in 0..workers.max(1) {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
        // Connections of the last origin may linger on the port.
        socket.set_reuse_address(true)?;
        // Only where it is needed: it would let a second origin take half the connections of the first.
        socket.set_reuse_port(workers > 1)?;
        socket.bind(&address.into())?;
        socket.listen(BACKLOG)?;
        let listener = std::net::TcpListener::from(socket);
        address = listener.local_addr()?;
        listeners.push(listener);
    }
    Ok(listeners)
}

/// Serves until `shutdown` ends and every request under way is answered (2 s at most), on a thread for each listener.
///
/// # Errors
/// A thread or its runtime cannot be had, or `config.inject` contradicts itself ([`io::ErrorKind::InvalidInput`]).
pub async fn serve(
    listeners: Vec<std::net::TcpListener>,
    config: Config,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    check_together(&config.inject).map_err(|text| io::Error::new(io::ErrorKind::InvalidInput, text))?;
    let runs = Arc::new(Runs::new(config));
    let s3 = s3::service(Arc::clone(&runs));
    // The pattern is made here, and not by the first request.
    let _ = benchmark_protocol::content::piece(0, 0, 1);
    let (stop, stopped) = watch::channel(());
    let mut workers = Vec::with_capacity(listeners.len());
    for (index, listener) in listeners.into_iter().enumerate() {
        let (runs, s3, stopped) = (Arc::clone(&runs), s3.clone(), stopped.clone());
        let (ended, end) = oneshot::channel();
        std::thread::Builder::new().name(format!("origin-{index}")).spawn(move || {
            let _ = ended.send(work(listener, runs, s3, stopped));
        })?;
        workers.push(end);
    }
    drop(stopped);
    let ended = async {
        for worker in &mut workers {
            worker.await.map_err(|_| io::Error::other("a worker of the origin panicked"))??;
        }
        Ok(())
    };
    let mut ended = std::pin::pin!(ended);
    tokio::select! {
        // A worker ends by itself only in error.
        result = &mut ended => return result,
        () = shutdown => drop(stop),
    }
    ended.await
}

/// One worker, from start to end.
fn work(
    listener: std::net::TcpListener,
    runs: Arc<Runs>,
    s3: S3Service,
    stopped: watch::Receiver<()>,
) -> io::Result<()> {
    listener.set_nonblocking(true)?;
    // Accepted connections inherit it, which saves a system call for each.
    rustix::net::sockopt::set_tcp_nodelay(&listener, true)?;
    // Its tasks stay on this thread, without the second queue of a LocalSet.
    let runtime = Builder::new_current_thread().enable_all().build_local(LocalOptions::default())?;
    runtime.block_on(async {
        let listener = TcpListener::from_std(listener)?;
        let worker = Worker::new(runs, s3)?;
        tokio::select! {
            result = worker.timer.drive() => result,
            () = accept_until(listener, &worker, stopped) => Ok(()),
        }
    })
}

async fn accept_until(listener: TcpListener, worker: &Rc<Worker>, mut stopped: watch::Receiver<()>) {
    let accepting = async {
        loop {
            match listener.accept().await {
                Ok((stream, _)) => {
                    let busy = Rc::new(Cell::new(false));
                    worker.spawn(Rc::clone(&busy), connection::serve(stream, Rc::clone(worker), busy));
                }
                // The client left before it was accepted.
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
                Err(error) => {
                    tracing::warn!("cannot accept a connection: {error}; trying again in {REST:?}");
                    tokio::time::sleep(REST).await;
                }
            }
        }
    };
    tokio::select! {
        () = accepting => {}
        // Nothing is ever sent: the sender is dropped.
        _ = stopped.changed() => {}
    }
    drop(listener);
    worker.drain().await;
}

//! Lines to a replica. Each connection has a task that writes: a replica that does not read holds up nobody but itself.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use benchmark_origin::clock::now_ns;
use benchmark_protocol::message::CoordinatorMessage;
use tokio::io::AsyncWriteExt;
use tokio::net::tcp::OwnedWriteHalf;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::timeouts;

/// Messages that may wait: more than there are in the way of a connection.
const QUEUE: usize = 16;

/// The way to a replica. Once it is dropped, what waits is written and the connection closed.
#[derive(Debug)]
pub(super) struct Writer {
    queue: Sender<CoordinatorMessage>,
    pinged_ns: Arc<AtomicU64>,
}

/// Tells why nothing can be written any more; closed without a word where the [`Writer`] was dropped.
pub(super) type Stuck = oneshot::Receiver<String>;

impl Writer {
    /// Begins to write to a connection.
    pub(super) fn start(half: OwnedWriteHalf) -> (Self, Stuck) {
        let (sender, queue) = channel(QUEUE);
        let (stuck, told) = oneshot::channel();
        let pinged_ns = Arc::new(AtomicU64::new(0));
        tokio::spawn(write(half, queue, Arc::clone(&pinged_ns), stuck));
        (Self { queue: sender, pinged_ns }, told)
    }

    /// Sends one message. A replica that is gone is told of by its closed connection, one that does not read by its [`Stuck`].
    pub(super) fn send(&self, message: CoordinatorMessage) {
        let _ = self.queue.try_send(message);
    }

    /// When the last `ping` was written, on CLOCK_MONOTONIC.
    pub(super) fn pinged_ns(&self) -> u64 {
        self.pinged_ns.load(Ordering::Acquire)
    }

    pub(super) fn reject(&self, reason: impl Into<String>) {
        self.send(CoordinatorMessage::Reject { reason: reason.into() });
    }
}

async fn write(
    mut half: OwnedWriteHalf,
    mut queue: Receiver<CoordinatorMessage>,
    pinged_ns: Arc<AtomicU64>,
    stuck: oneshot::Sender<String>,
) {
    let mut open = true;
    while let Some(message) = queue.recv().await {
        if !open {
            continue;
        }
        let Ok(mut line) = serde_json::to_vec(&message) else { continue };
        line.push(b'\n');
        if let CoordinatorMessage::Ping { .. } = message {
            pinged_ns.store(now_ns(), Ordering::Release);
        }
        match timeout(timeouts::WRITE, half.write_all(&line)).await {
            // What it said before it went is still to be read.
            Ok(written) => open = written.is_ok(),
            Err(_) => {
                let _ = stuck.send(format!("it read nothing for {} s", timeouts::WRITE.as_secs()));
                return;
            }
        }
    }
}

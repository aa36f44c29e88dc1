//! Lines to a replica. Each connection has a task that writes: a replica that does not read holds up nobody but itself.

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
pub(super) struct Writer(Sender<CoordinatorMessage>);

/// Tells why nothing can be written any more; closed without a word where the [`Writer`] was dropped.
pub(super) type Stuck = oneshot::Receiver<String>;

impl Writer {
    /// Begins to write to a connection.
    pub(super) fn start(half: OwnedWriteHalf) -> (Self, Stuck) {
        let (sender, queue) = channel(QUEUE);
        let (stuck, told) = oneshot::channel();
        tokio::spawn(write(half, queue, stuck));
        (Self(sender), told)
    }

    /// Sends one message. A replica that is gone is told of by its closed connection, one that does not read by its [`Stuck`].
    pub(super) fn send(&self, message: CoordinatorMessage) {
        let _ = self.0.try_send(message);
    }

    pub(super) fn reject(&self, reason: impl Into<String>) {
        self.send(CoordinatorMessage::Reject { reason: reason.into() });
    }
}

async fn write(mut half: OwnedWriteHalf, mut queue: Receiver<CoordinatorMessage>, stuck: oneshot::Sender<String>) {
    let mut open = true;
    while let Some(message) = queue.recv().await {
        if !open {
            continue;
        }
        let Ok(mut line) = serde_json::to_vec(&message) else { continue };
        line.push(b'\n');
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

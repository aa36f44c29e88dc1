//! One connection to a replica: lines in, lines out, both bounded.

use std::io;

use benchmark_protocol::message::{CoordinatorMessage, Hello, MAX_MESSAGE_BYTES, ReplicaMessage};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::mpsc::Sender;
use tokio::time::timeout;

use super::timeouts;

/// What a connection brings.
#[derive(Debug)]
pub(super) enum Incoming {
    /// A replica introduced itself.
    Hello { connection: u64, hello: Hello, writer: Writer },
    /// A replica said something.
    Message { connection: u64, message: ReplicaMessage },
    /// The connection is over: the reason, or `None` where the replica closed it.
    Closed { connection: u64, reason: Option<String> },
}

/// The way to a replica.
#[derive(Debug)]
pub(super) struct Writer(OwnedWriteHalf);

impl Writer {
    /// Sends one message. A replica that is gone is told of by its closed connection.
    pub(super) async fn send(&mut self, message: &CoordinatorMessage) {
        if let Ok(mut line) = serde_json::to_vec(message) {
            line.push(b'\n');
            let _ = self.0.write_all(&line).await;
        }
    }

    pub(super) async fn reject(&mut self, reason: impl Into<String>) {
        self.send(&CoordinatorMessage::Reject { reason: reason.into() }).await;
    }
}

/// Reads a connection to its end.
pub(super) async fn read(connection: u64, stream: TcpStream, incoming: Sender<Incoming>) {
    // Small messages at instants that matter.
    let _ = stream.set_nodelay(true);
    let (reader, writer) = stream.into_split();
    let mut lines = Lines { reader: BufReader::new(reader), line: Vec::new() };
    let mut writer = Writer(writer);
    let hello = match timeout(timeouts::HELLO, lines.next()).await {
        Ok(Ok(Some(ReplicaMessage::Hello(hello)))) => hello,
        // Not one of ours: no run depends on it.
        Ok(Ok(Some(_))) => return writer.reject("the first message must be `hello`").await,
        Ok(Ok(None)) => return,
        Ok(Err(error)) => return writer.reject(error.to_string()).await,
        Err(_) => return writer.reject(format!("no `hello` within {} s", timeouts::HELLO.as_secs())).await,
    };
    if incoming.send(Incoming::Hello { connection, hello, writer }).await.is_err() {
        return;
    }
    let reason = loop {
        match lines.next().await {
            Ok(Some(message)) => {
                if incoming.send(Incoming::Message { connection, message }).await.is_err() {
                    return;
                }
            }
            Ok(None) => break None,
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => break None,
            Err(error) => break Some(error.to_string()),
        }
    };
    let _ = incoming.send(Incoming::Closed { connection, reason }).await;
}

struct Lines {
    reader: BufReader<OwnedReadHalf>,
    line: Vec<u8>,
}

impl Lines {
    /// The next message; `None` at the end.
    async fn next(&mut self) -> io::Result<Option<ReplicaMessage>> {
        self.line.clear();
        let mut limited = (&mut self.reader).take(MAX_MESSAGE_BYTES as u64 + 1);
        let read = limited.read_until(b'\n', &mut self.line).await?;
        if read > MAX_MESSAGE_BYTES {
            return Err(io::Error::other(format!("a message longer than {MAX_MESSAGE_BYTES} bytes")));
        }
        if read == 0 || self.line.last() != Some(&b'\n') {
            return Ok(None);
        }
        read_message(&self.line).map(Some)
    }
}

/// Reads a line.
pub(crate) fn read_message(line: &[u8]) -> io::Result<ReplicaMessage> {
    serde_json::from_slice(line).map_err(|error| {
        let start = String::from_utf8_lossy(&line[..line.len().min(80)]).trim().to_owned();
        io::Error::other(format!("an unreadable message `{start}`: {error}"))
    })
}

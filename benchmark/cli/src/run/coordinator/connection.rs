//! One connection to a replica: first its `hello`, within narrow limits, then its messages at the pace of one that ticks once a second.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use benchmark_origin::clock::now_ns;
use benchmark_protocol::message::{CoordinatorMessage, Hello, MAX_MESSAGE_BYTES, ReplicaMessage};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::mpsc::Sender;
use tokio::time::{Instant, timeout};

use super::admission::Claim;
use super::writer::{Stuck, Writer};
use super::{Expected, limits, timeouts};

/// What a connection brings.
#[derive(Debug)]
pub(super) enum Incoming {
    /// A replica introduced itself, and has a right to a seat.
    Hello(Arrival),
    /// A replica said something; when that was read, on CLOCK_MONOTONIC.
    Message { connection: u64, message: ReplicaMessage, heard_ns: u64 },
    /// The connection is over: the reason, or `None` where the replica closed it.
    Closed { connection: u64, reason: Option<String> },
}

/// A replica that was let in.
#[derive(Debug)]
pub(super) struct Arrival {
    pub(super) connection: u64,
    pub(super) claim: Claim,
    pub(super) hello: Hello,
    pub(super) writer: Writer,
}

/// Reads a connection to its end. Says in `admitted` that its `hello` was good.
pub(super) async fn read(
    connection: u64,
    stream: TcpStream,
    expected: Arc<Expected>,
    admitted: Arc<AtomicBool>,
    incoming: Sender<Incoming>,
) {
    // Small messages at instants that matter.
    let _ = stream.set_nodelay(true);
    let (reader, writer) = stream.into_split();
    let mut lines = Lines { reader: BufReader::new(reader), line: Vec::new(), heard_ns: 0 };
    let (claim, hello) = match greeted(&mut lines, &expected).await {
        Ok(Some(welcome)) => welcome,
        Ok(None) => return,
        // Not one of ours: no run depends on it.
        Err(reason) => return turn_away(lines, writer, reason).await,
    };
    admitted.store(true, Ordering::Relaxed);
    let (writer, stuck) = Writer::start(writer);
    if incoming.send(Incoming::Hello(Arrival { connection, claim, hello, writer })).await.is_err() {
        return;
    }
    if let Some(reason) = listen(connection, &mut lines, stuck, &incoming).await {
        let _ = incoming.send(Incoming::Closed { connection, reason }).await;
    }
}

/// The first message; `None` where the connection closed without one.
async fn greeted(lines: &mut Lines, expected: &Expected) -> Result<Option<(Claim, Hello)>, String> {
    match timeout(timeouts::HELLO, lines.next(limits::HELLO_BYTES)).await {
        Ok(Ok(Some(ReplicaMessage::Hello(hello)))) => expected.judge(&hello).map(|claim| Some((claim, hello))),
        Ok(Ok(Some(_))) => Err("the first message must be `hello`".to_owned()),
        Ok(Ok(None)) => Ok(None),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(format!("no `hello` within {} s", timeouts::HELLO.as_secs())),
    }
}

/// Says why, and closes. What still comes is thrown away: closing upon unread bytes would take the reason with it.
async fn turn_away(mut lines: Lines, mut writer: OwnedWriteHalf, reason: String) {
    let said = async {
        let mut line = serde_json::to_vec(&CoordinatorMessage::Reject { reason })?;
        line.push(b'\n');
        writer.write_all(&line).await?;
        writer.shutdown().await?;
        let mut rest = (&mut lines.reader).take(MAX_MESSAGE_BYTES as u64);
        tokio::io::copy(&mut rest, &mut tokio::io::sink()).await
    };
    let _ = timeout(timeouts::HELLO, said).await;
}

/// Passes messages on until the connection is over, and says why it is; `None` where nobody wants to know.
async fn listen(
    connection: u64,
    lines: &mut Lines,
    mut stuck: Stuck,
    incoming: &Sender<Incoming>,
) -> Option<Option<String>> {
    let since = Instant::now();
    let mut messages = 0;
    loop {
        let read = tokio::select! {
            read = lines.next(MAX_MESSAGE_BYTES) => read,
            why = &mut stuck => return why.ok().map(Some),
        };
        let message = match read {
            Ok(Some(message)) => message,
            Ok(None) => return Some(None),
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => return Some(None),
            Err(error) => return Some(Some(error.to_string())),
        };
        messages += 1;
        let elapsed = since.elapsed();
        if messages > limits::messages_within(elapsed) {
            let seconds = elapsed.as_secs_f64();
            return Some(Some(format!("it sent {messages} messages in {seconds:.1} s: a replica ticks once a second")));
        }
        incoming.send(Incoming::Message { connection, message, heard_ns: lines.heard_ns }).await.ok()?;
    }
}

struct Lines {
    reader: BufReader<OwnedReadHalf>,
    line: Vec<u8>,
    /// When the last line was read, on CLOCK_MONOTONIC.
    heard_ns: u64,
}

impl Lines {
    /// The next message, no longer than so many bytes; `None` at the end.
    async fn next(&mut self, most: usize) -> io::Result<Option<ReplicaMessage>> {
        self.line.clear();
        let mut limited = (&mut self.reader).take(most as u64 + 1);
        let read = limited.read_until(b'\n', &mut self.line).await?;
        self.heard_ns = now_ns();
        if read > most {
            return Err(io::Error::other(format!("a message longer than {most} bytes")));
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

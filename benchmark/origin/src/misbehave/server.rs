//! Accepting connections, reading requests, and performing what a manner says.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::asked::Asked;
use super::reply::Reply;
use super::script::{Script, Step};
use super::world::World;
use super::{HONEST, Manner};

/// The longest head of a request, in bytes.
const LONGEST_HEAD: usize = 64 << 10;

/// How long a client may take to end its side of a connection that was ended in order.
const PATIENCE: Duration = Duration::from_secs(2);

/// What was asked of a server, and who ended its connections first. The harness's own requests are in none of them.
#[derive(Debug, Default)]
pub struct Counters {
    connections: AtomicU64,
    requests: AtomicU64,
    ended_by_client: AtomicU64,
    ended_by_server: AtomicU64,
}

impl Counters {
    /// Connections that were accepted.
    pub fn connections(&self) -> u64 {
        self.connections.load(Ordering::SeqCst)
    }

    /// Requests whose head was read.
    pub fn requests(&self) -> u64 {
        self.requests.load(Ordering::SeqCst)
    }

    /// Connections that the client ended first.
    pub fn ended_by_client(&self) -> u64 {
        self.ended_by_client.load(Ordering::SeqCst)
    }

    /// Connections that the server ended first.
    pub fn ended_by_server(&self) -> u64 {
        self.ended_by_server.load(Ordering::SeqCst)
    }
}

fn count(counter: &AtomicU64) -> u64 {
    counter.fetch_add(1, Ordering::SeqCst) + 1
}

/// Serves in this manner until `shutdown` ends; connections end with it. Responses that send a client elsewhere name `elsewhere`.
///
/// # Errors
/// When the listener fails.
pub async fn serve(
    listener: TcpListener,
    manner: &'static Manner,
    elsewhere: Option<SocketAddr>,
    counters: Arc<Counters>,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    let world = Arc::new(World::beside(elsewhere));
    let mut connections = JoinSet::new();
    tokio::pin!(shutdown);
    loop {
        let stream = tokio::select! {
            accepted = listener.accept() => accepted?.0,
            () = &mut shutdown => return Ok(()),
            Some(_) = connections.join_next() => continue,
        };
        stream.set_nodelay(true)?;
        count(&counters.connections);
        let connection = Connection {
            stream,
            buffer: Vec::new(),
            manner,
            world: Arc::clone(&world),
            counters: Arc::clone(&counters),
        };
        connections.spawn(connection.serve());
    }
}

/// A connection, and what was read of it and not yet used.
struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
    manner: &'static Manner,
    world: Arc<World>,
    counters: Arc<Counters>,
}

/// Whether a connection goes on.
#[derive(PartialEq, Eq)]
enum Next {
    Request,
    Nothing,
}

impl Connection {
    async fn serve(mut self) {
        // A client that is gone was counted, and needs no answer.
        let _ = match self.manner.greeting {
            Some(greeting) => self.perform(greeting()).await.map(drop),
            None => self.converse().await,
        };
    }

    async fn converse(&mut self) -> io::Result<()> {
        let mut nth = 0;
        while let Some(mut asked) = self.head(nth > 0).await? {
            nth += 1;
            asked.nth = nth;
            let manner = if asked.is_of_harness() && !self.manner.to_all { &HONEST } else { self.manner };
            if !asked.is_of_harness() {
                asked.overall = count(&self.counters.requests);
            }
            if asked.waits() && manner.continues {
                self.stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await?;
            }
            if !manner.early {
                self.body(&mut asked).await?;
            }
            let script = (manner.answer)(&asked, &self.world);
            if self.perform(script).await? == Next::Nothing {
                return Ok(());
            }
            if asked.closes() {
                return self.end().await;
            }
            if manner.early {
                self.body(&mut asked).await?;
            }
        }
        Ok(())
    }

    /// The next head; `None` where the connection ended instead.
    async fn head(&mut self, idle: bool) -> io::Result<Option<Asked>> {
        loop {
            match Asked::parse(&self.buffer) {
                Ok(Some((asked, length))) => {
                    self.buffer.drain(..length);
                    return Ok(Some(asked));
                }
                Ok(None) if self.buffer.len() < LONGEST_HEAD => {}
                _ => {
                    let reply = Reply::new(400, "Bad Request", "no head").with("connection", "close");
                    self.perform(Script::of(&reply)).await?;
                    return Ok(None);
                }
            }
            let is_idle = idle && self.buffer.is_empty();
            let read = match self.manner.idle.filter(|_| is_idle) {
                Some((patience, script)) => match timeout(patience, self.read()).await {
                    Ok(read) => read?,
                    Err(_) => {
                        if self.perform(script()).await? == Next::Nothing {
                            return Ok(None);
                        }
                        self.read().await?
                    }
                },
                None => self.read().await?,
            };
            if read == 0 {
                return Ok(None);
            }
        }
    }

    /// Reads more; 0 once the client has ended the connection, which is counted.
    async fn read(&mut self) -> io::Result<usize> {
        let read = self.stream.read_buf(&mut self.buffer).await;
        if matches!(read, Ok(0) | Err(_)) {
            count(&self.counters.ended_by_client);
        }
        read
    }

    /// Reads the body of a request: by its length, or by its chunks, of which the last is the only empty one.
    async fn body(&mut self, asked: &mut Asked) -> io::Result<()> {
        const LAST: &[u8] = b"0\r\n\r\n";
        let length = asked.length() as usize;
        let is_whole = |buffer: &[u8]| {
            if asked.is_chunked() { buffer.ends_with(LAST) } else { buffer.len() >= length }
        };
        while !is_whole(&self.buffer) {
            if self.read().await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        let end = if asked.is_chunked() { self.buffer.len() } else { length };
        asked.body = self.buffer.drain(..end).collect();
        Ok(())
    }

    async fn perform(&mut self, script: Script) -> io::Result<Next> {
        for step in script.0 {
            match step {
                Step::Send(bytes) => self.stream.write_all(&bytes).await?,
                Step::Repeat { piece, times, every } => {
                    for _ in 0..times {
                        self.stream.write_all(&piece).await?;
                        if !every.is_zero() {
                            sleep(every).await;
                        }
                    }
                }
                Step::Pause(pause) => sleep(pause).await,
                Step::End => {
                    self.end().await?;
                    return Ok(Next::Nothing);
                }
                Step::Reset => {
                    count(&self.counters.ended_by_server);
                    self.stream.set_zero_linger()?;
                    return Ok(Next::Nothing);
                }
                Step::Hang => {
                    while self.read().await? > 0 {}
                    return Ok(Next::Nothing);
                }
            }
        }
        Ok(Next::Request)
    }

    /// Ends the connection in order, and says who did it first.
    async fn end(&mut self) -> io::Result<()> {
        let mut byte = [0];
        let is_ended = matches!(self.stream.try_read(&mut byte), Ok(0));
        count(if is_ended { &self.counters.ended_by_client } else { &self.counters.ended_by_server });
        self.stream.shutdown().await?;
        // A socket with unread bytes would send a reset instead.
        let mut sink = [0; 4096];
        let drain = async { while matches!(self.stream.read(&mut sink).await, Ok(1..)) {} };
        let _ = timeout(PATIENCE, drain).await;
        Ok(())
    }
}

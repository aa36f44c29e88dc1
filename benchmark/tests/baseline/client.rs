//! The ceiling: HTTP/1.1 by hand on tokio's `TcpStream`, with nothing to spare. One write and one read for a small response.

use std::io::{IoSlice, Write as _};
use std::net::{SocketAddr, ToSocketAddrs};
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use benchmark_sdk::{AsyncClient, ConstructError, Failure, FailureKind, Operation, Options, Request, Response};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Holds the head and a whole small body, so that one read is enough.
const BUFFER: usize = 128 << 10;

/// Idle connections; the last one used is the first to be used again.
type Pool = Arc<Mutex<Vec<Connection>>>;

/// A pool of connections to one server.
struct Client {
    authority: String,
    host: String,
    resolved: Option<SocketAddr>,
    keep_alive: bool,
    idle: Pool,
}

struct Connection {
    stream: TcpStream,
    request: Vec<u8>,
    buffer: Vec<u8>,
    /// Looks that the connection has been idle for.
    age: u32,
}

/// What of a response's head is needed to read its body.
struct Head {
    /// `None` of a body that comes in chunks.
    length: Option<u64>,
    body_at: usize,
    reusable: bool,
}

impl AsyncClient for Client {
    fn new(options: &Options) -> Result<Self, ConstructError> {
        let target = options.target()?;
        if target.tls {
            return Err("baseline speaks plain HTTP only".into());
        }
        let resolved = if options.use_dns_cache { target.authority.to_socket_addrs()?.next() } else { None };
        let idle = Pool::default();
        tokio::spawn(age(Arc::downgrade(&idle), options.keep_alive_timeout));
        let host = target.host().to_owned();
        Ok(Self { authority: target.authority, host, resolved, keep_alive: options.keep_alive, idle })
    }

    async fn perform(&self, request: &Request<'_>, response: &mut Response) -> Result<(), Failure> {
        let mut connection = match self.take() {
            Some(connection) => connection,
            None => self.connect().await?,
        };
        let body = request.body();
        connection.write_head(request, body.as_ref().map(|body| body.len()), &self.host, self.keep_alive);
        connection.send(body.as_deref()).await.map_err(|error| Failure::from_error(&error))?;
        let reusable = connection.read_response(request.operation() == Operation::Head, response).await?;
        if reusable && self.keep_alive {
            connection.age = 0;
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        }
        Ok(())
    }
}

impl Client {
    fn take(&self) -> Option<Connection> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    async fn connect(&self) -> Result<Connection, Failure> {
        let connected = match self.resolved {
            Some(address) => TcpStream::connect(address).await,
            None => {
                let mut addresses = tokio::net::lookup_host(&self.authority)
                    .await
                    .map_err(|error| Failure::new(FailureKind::Dns, error.to_string()))?;
                let address = addresses.next().ok_or_else(|| Failure::new(FailureKind::Dns, "no address"))?;
                TcpStream::connect(address).await
            }
        };
        let stream = connected.map_err(|error| Failure::new(FailureKind::Connect, error.to_string()))?;
        stream.set_nodelay(true).map_err(|error| Failure::from_error(&error))?;
        Ok(Connection { stream, request: Vec::with_capacity(512), buffer: vec![0; BUFFER], age: 0 })
    }
}

impl Connection {
    fn write_head(&mut self, request: &Request<'_>, length: Option<usize>, host: &str, keep_alive: bool) {
        let head = &mut self.request;
        head.clear();
        head.extend_from_slice(request.method().as_bytes());
        head.push(b' ');
        head.extend_from_slice(request.path().as_bytes());
        head.extend_from_slice(b" HTTP/1.1\r\nhost: ");
        head.extend_from_slice(host.as_bytes());
        for (name, value) in request.headers() {
            // Writing to memory does not fail.
            let _ = write!(head, "\r\n{name}: {value}");
        }
        // A request that could send something says that it sends nothing.
        if let Some(length) = length.or_else(|| (request.operation() == Operation::CreateUpload).then_some(0)) {
            let _ = write!(head, "\r\ncontent-length: {length}");
        }
        if !keep_alive {
            head.extend_from_slice(b"\r\nconnection: close");
        }
        head.extend_from_slice(b"\r\n\r\n");
    }

    /// Sends head and body, both at once where the socket takes them.
    async fn send(&mut self, body: Option<&[u8]>) -> std::io::Result<()> {
        let Some(mut body) = body else { return self.stream.write_all(&self.request).await };
        let mut head = &self.request[..];
        while !head.is_empty() {
            let written = self.stream.write_vectored(&[IoSlice::new(head), IoSlice::new(body)]).await?;
            if written == 0 {
                return Err(std::io::ErrorKind::WriteZero.into());
            }
            body = &body[written.saturating_sub(head.len())..];
            head = &head[written.min(head.len())..];
        }
        self.stream.write_all(body).await
    }

    /// Reads to the body's last byte. `true` when the connection may be used again.
    async fn read_response(&mut self, is_head: bool, response: &mut Response) -> Result<bool, Failure> {
        let mut filled = 0;
        let head = loop {
            if filled == self.buffer.len() {
                return Err(Failure::new(FailureKind::Other, "a response head longer than 128 KiB"));
            }
            match self.read(filled).await? {
                0 => return Err(Failure::new(FailureKind::Reset, "connection closed before a response")),
                read => filled += read,
            }
            if let Some(head) = parse(&self.buffer[..filled], response)? {
                break head;
            }
        };
        if is_head {
            return Ok(head.reusable);
        }
        let Some(mut left) = head.length else {
            self.read_chunks((head.body_at, filled), response).await?;
            return Ok(head.reusable);
        };
        let mut piece = &self.buffer[head.body_at..filled];
        loop {
            if piece.len() as u64 > left {
                return Err(Failure::new(FailureKind::BadBytes, "more bytes than announced"));
            }
            left -= piece.len() as u64;
            response.chunk(piece);
            if left == 0 {
                return Ok(head.reusable);
            }
            let read = self.read(0).await?;
            if read == 0 {
                return Err(Failure::new(FailureKind::ShortBody, format!("closed {left} bytes early")));
            }
            piece = &self.buffer[..read];
        }
    }

    /// Reads chunks to the last one, and the trailers behind it, of which the buffer holds what lies in this range.
    async fn read_chunks(
        &mut self,
        (mut at, mut filled): (usize, usize),
        response: &mut Response,
    ) -> Result<(), Failure> {
        let bad = |text: &str| Failure::new(FailureKind::BadBytes, text);
        loop {
            let mut left = loop {
                match httparse::parse_chunk_size(&self.buffer[at..filled]) {
                    Ok(httparse::Status::Complete((used, size))) => {
                        at += used;
                        break size;
                    }
                    Ok(httparse::Status::Partial) => (at, filled) = self.more(at, filled).await?,
                    Err(_) => return Err(bad("a chunk without a size")),
                }
            };
            let is_last = left == 0;
            while left > 0 {
                if at == filled {
                    (at, filled) = self.more(at, filled).await?;
                }
                let piece = left.min((filled - at) as u64) as usize;
                response.chunk(&self.buffer[at..at + piece]);
                at += piece;
                left -= piece as u64;
            }
            // A chunk ends with its line; behind the last one are trailers, and a line that is empty.
            loop {
                match self.buffer[at..filled].windows(2).position(|end| end == b"\r\n") {
                    Some(0) => break at += 2,
                    Some(_) if !is_last => return Err(bad("a chunk longer than its size")),
                    Some(length) => at += length + 2,
                    None => (at, filled) = self.more(at, filled).await?,
                }
            }
            if is_last {
                return if at == filled { Ok(()) } else { Err(bad("more bytes than announced")) };
            }
        }
    }

    /// Reads on behind what is not used up yet.
    async fn more(&mut self, at: usize, filled: usize) -> Result<(usize, usize), Failure> {
        self.buffer.copy_within(at..filled, 0);
        let filled = filled - at;
        if filled == self.buffer.len() {
            return Err(Failure::new(FailureKind::Other, "a line longer than 128 KiB"));
        }
        match self.read(filled).await? {
            0 => Err(Failure::new(FailureKind::ShortBody, "closed before the last chunk")),
            read => Ok((0, filled + read)),
        }
    }

    async fn read(&mut self, from: usize) -> Result<usize, Failure> {
        self.stream.read(&mut self.buffer[from..]).await.map_err(|error| Failure::from_error(&error))
    }
}

/// Parses the head and reports it; `None` while it is incomplete.
fn parse(bytes: &[u8], response: &mut Response) -> Result<Option<Head>, Failure> {
    let mut headers = [httparse::EMPTY_HEADER; 48];
    let mut parsed = httparse::Response::new(&mut headers);
    let status = parsed.parse(bytes).map_err(|error| Failure::new(FailureKind::Other, error.to_string()))?;
    let httparse::Status::Complete(body_at) = status else { return Ok(None) };
    let (mut length, mut chunked, mut reusable) = (None, false, parsed.version == Some(1));
    for header in parsed.headers.iter() {
        let value = || str::from_utf8(header.value).unwrap_or_default();
        // Lengths first: most headers are told apart without comparing letters.
        match header.name.len() {
            14 if header.name.eq_ignore_ascii_case("content-length") => length = value().parse().ok(),
            10 if header.name.eq_ignore_ascii_case("connection") => reusable &= !value().eq_ignore_ascii_case("close"),
            17 if header.name.eq_ignore_ascii_case("transfer-encoding") => {
                chunked = value().eq_ignore_ascii_case("chunked")
            }
            _ => {}
        }
    }
    let status = parsed.code.unwrap_or(0);
    response.head(status, |name| {
        parsed.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name)).map(|header| header.value)
    });
    let length = if chunked { None } else { length.or_else(|| (status == 204).then_some(0)) };
    if length.is_none() && !chunked {
        return Err(Failure::new(FailureKind::Other, "a response without content-length"));
    }
    Ok(Some(Head { length, body_at, reusable }))
}

/// Drops connections that idled too long or that the server closed. Looks are enough: no clock is read for a request.
async fn age(idle: std::sync::Weak<Mutex<Vec<Connection>>>, timeout: Duration) {
    let look = Duration::from_secs(1).min(timeout / 2).max(Duration::from_millis(1));
    let oldest = (timeout.as_nanos() / look.as_nanos()) as u32;
    loop {
        tokio::time::sleep(look).await;
        let Some(idle) = idle.upgrade() else { return };
        idle.lock().unwrap_or_else(PoisonError::into_inner).retain_mut(|connection| {
            connection.age += 1;
            connection.age < oldest && connection.is_open()
        });
    }
}

impl Connection {
    /// Nothing may arrive on an idle connection: bytes or an end mean that it is of no use.
    fn is_open(&self) -> bool {
        let mut byte = [0];
        matches!(self.stream.try_read(&mut byte), Err(error) if error.kind() == std::io::ErrorKind::WouldBlock)
    }
}

fn main() -> ExitCode {
    benchmark_sdk::run_async::<Client>(benchmark_sdk::program!("baseline"))
}

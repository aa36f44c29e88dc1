//! The ceiling: HTTP/1.1 by hand on tokio's `TcpStream`, with nothing to spare. One write and one read for a small response.

use std::io::{ErrorKind, IoSlice, Write as _};
use std::net::{SocketAddr, ToSocketAddrs};
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use benchmark_sdk::{AsyncClient, ConstructError, Failure, FailureKind, Operation, Options, Request, Response};
use tokio::io::{AsyncReadExt, AsyncWriteExt, Interest};
use tokio::net::TcpStream;

/// Holds the head and a whole small body, so that one read is enough.
const BUFFER: usize = 128 << 10;

/// Headers that a head usually has at most: room for more is made where one has.
const USUAL_HEADERS: usize = 48;

/// Headers that a head may have: as many as hyper takes, and those that are built on it.
const MOST_HEADERS: usize = 100;

/// Idle connections; the last one used is the first to be used again.
type Pool = Arc<Mutex<Vec<Connection>>>;

/// A pool of connections to one server.
struct Client {
    authority: String,
    host: String,
    /// Empty where the name is looked up for each connection.
    resolved: Vec<SocketAddr>,
    keep_alive: bool,
    idle: Pool,
}

struct Connection {
    stream: TcpStream,
    request: Vec<u8>,
    buffer: Vec<u8>,
    /// What the buffer holds of a response.
    filled: usize,
    /// Looks that the connection has been idle for.
    age: u32,
}

/// What of a response's head is needed to read its body.
struct Head {
    body: Body,
    body_at: usize,
    reusable: bool,
}

/// How the end of a body is known.
enum Body {
    Length(u64),
    Chunks,
    /// By the connection's.
    Close,
}

/// Why there is no good response.
enum Lost {
    /// The connection was gone before a byte was written: nobody has seen the request, and it goes out on another.
    Unsent,
    Failed(Failure),
}

impl From<Failure> for Lost {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl AsyncClient for Client {
    fn new(options: &Options) -> Result<Self, ConstructError> {
        let target = options.target()?;
        if target.tls {
            return Err("baseline speaks plain HTTP only".into());
        }
        let resolved = if options.use_dns_cache { target.authority.to_socket_addrs()?.collect() } else { Vec::new() };
        let idle = Pool::default();
        tokio::spawn(age(Arc::downgrade(&idle), options.keep_alive_timeout));
        let host = target.host().to_owned();
        Ok(Self { authority: target.authority, host, resolved, keep_alive: options.keep_alive, idle })
    }

    async fn perform(&self, request: &Request<'_>, response: &mut Response) -> Result<(), Failure> {
        loop {
            let (connection, is_new) = match self.take() {
                Some(connection) => (connection, false),
                None => (self.connect().await?, true),
            };
            match self.perform_on(connection, request, response).await {
                Ok(()) => return Ok(()),
                Err(Lost::Failed(failure)) => return Err(failure),
                Err(Lost::Unsent) if is_new => return Err(Failure::new(FailureKind::Reset, "closed before a request")),
                Err(Lost::Unsent) => {}
            }
        }
    }
}

impl Client {
    /// An idle connection that nothing is known against: no call to the kernel unless something has happened on it.
    fn take(&self) -> Option<Connection> {
        loop {
            let connection = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()?;
            if connection.is_open() {
                return Some(connection);
            }
        }
    }

    /// A connection to the first of the name's addresses that takes one.
    async fn connect(&self) -> Result<Connection, Failure> {
        let connected = if self.resolved.is_empty() {
            let addresses = tokio::net::lookup_host(&self.authority).await;
            let addresses = addresses.map_err(|error| Failure::new(FailureKind::Dns, error.to_string()))?;
            TcpStream::connect(&*addresses.collect::<Vec<_>>()).await
        } else {
            TcpStream::connect(&*self.resolved).await
        };
        let stream = connected.map_err(|error| match Failure::from_error(&error) {
            Failure { kind: FailureKind::Other, text } => Failure::new(FailureKind::Connect, text),
            failure => failure,
        })?;
        stream.set_nodelay(true).map_err(|error| Failure::from_error(&error))?;
        Ok(Connection { stream, request: Vec::with_capacity(512), buffer: vec![0; BUFFER], filled: 0, age: 0 })
    }

    async fn perform_on(
        &self,
        mut connection: Connection,
        request: &Request<'_>,
        response: &mut Response,
    ) -> Result<(), Lost> {
        let body = request.body();
        connection.write_head(request, body.as_ref().map(|body| body.len()), &self.host);
        let whole = match &body {
            None => connection.send_head().await?,
            Some(body) => connection.send(body).await?,
        };
        let reusable = connection.read_response(request.operation() == Operation::Head, response).await?;
        if !whole {
            return Err(Failure::unsent().into());
        }
        if reusable && self.keep_alive {
            connection.age = 0;
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        }
        Ok(())
    }
}

impl Connection {
    fn write_head(&mut self, request: &Request<'_>, length: Option<usize>, host: &str) {
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
        head.extend_from_slice(b"\r\n\r\n");
    }

    /// Sends a request that has no body. `true` where all of it was taken: what was answered before that is read all the same.
    async fn send_head(&mut self) -> Result<bool, Lost> {
        match self.stream.write(&self.request).await {
            Ok(0) | Err(_) => Err(Lost::Unsent),
            Ok(written) => Ok(self.stream.write_all(&self.request[written..]).await.is_ok()),
        }
    }

    /// Sends head and body, both at once where the socket takes them. A server that answers in the midst of it may read no more.
    async fn send(&mut self, mut body: &[u8]) -> Result<bool, Lost> {
        let mut sent = 0;
        loop {
            let head = &self.request[sent.min(self.request.len())..];
            match self.stream.try_write_vectored(&[IoSlice::new(head), IoSlice::new(body)]) {
                Ok(written @ 1..) => {
                    sent += written;
                    body = &body[written.saturating_sub(head.len())..];
                    if sent >= self.request.len() && body.is_empty() {
                        return Ok(true);
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    let ready = self.stream.ready(Interest::READABLE | Interest::WRITABLE).await;
                    if ready.is_ok_and(|ready| ready.is_readable()) && self.is_answered() {
                        return Ok(false);
                    }
                }
                _ if sent == 0 => return Err(Lost::Unsent),
                _ => return Ok(false),
            }
        }
    }

    /// Whether more has arrived than the news that a response is still to come.
    fn is_answered(&mut self) -> bool {
        match self.stream.try_read(&mut self.buffer[self.filled..]) {
            Ok(0) => return true,
            Ok(read) => self.filled += read,
            Err(error) => return error.kind() != ErrorKind::WouldBlock,
        }
        while let Some(length) = interim(&self.buffer[..self.filled]) {
            self.drop_front(length);
        }
        self.filled > 0
    }

    fn drop_front(&mut self, length: usize) {
        self.buffer.copy_within(length..self.filled, 0);
        self.filled -= length;
    }

    /// Reads to the body's last byte. `true` when the connection may be used again.
    async fn read_response(&mut self, is_head: bool, response: &mut Response) -> Result<bool, Failure> {
        let head = self.read_head(response).await?;
        let filled = std::mem::take(&mut self.filled);
        match head.body {
            // What follows the head of no body is nobody's: the connection is of no use.
            _ if is_head => return Ok(head.reusable && filled == head.body_at),
            Body::Length(length) => self.read_length(length, (head.body_at, filled), response).await?,
            Body::Chunks => self.read_chunks((head.body_at, filled), response).await?,
            Body::Close => self.read_to_close((head.body_at, filled), response).await?,
        }
        Ok(head.reusable && !response.is_over())
    }

    /// Reads the head of the response, behind those that only say that it is to come.
    async fn read_head(&mut self, response: &mut Response) -> Result<Head, Failure> {
        // What came while the request was sent is looked at first.
        let mut may_parse = self.filled > 0;
        loop {
            if may_parse && let Some(head) = parse(&self.buffer[..self.filled], response)? {
                return Ok(head);
            }
            if self.filled == self.buffer.len() {
                return Err(Failure::new(FailureKind::Other, "a response head longer than 128 KiB"));
            }
            match self.read(self.filled).await? {
                0 => return Err(Failure::new(FailureKind::Reset, "connection closed before a response")),
                read => self.filled += read,
            }
            while let Some(length) = interim(&self.buffer[..self.filled]) {
                self.drop_front(length);
            }
            may_parse = self.filled > 0;
        }
    }

    /// Reads so many bytes, of which the buffer holds those in this range.
    async fn read_length(
        &mut self,
        mut left: u64,
        (at, filled): (usize, usize),
        response: &mut Response,
    ) -> Result<(), Failure> {
        let mut piece = &self.buffer[at..filled];
        loop {
            if piece.len() as u64 > left {
                return Err(too_much());
            }
            left -= piece.len() as u64;
            response.chunk(piece);
            if left == 0 || response.is_over() {
                return Ok(());
            }
            let read = self.read(0).await?;
            if read == 0 {
                return Err(Failure::new(FailureKind::ShortBody, format!("closed {left} bytes early")));
            }
            piece = &self.buffer[..read];
        }
    }

    /// Reads to the connection's end, behind what the buffer holds in this range.
    async fn read_to_close(&mut self, (at, filled): (usize, usize), response: &mut Response) -> Result<(), Failure> {
        response.chunk(&self.buffer[at..filled]);
        while !response.is_over() {
            match self.read(0).await? {
                0 => break,
                read => response.chunk(&self.buffer[..read]),
            }
        }
        Ok(())
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
                    // It reads a line without a digit as 0.
                    Ok(_) if at < filled && !self.buffer[at].is_ascii_hexdigit() => {
                        return Err(bad("a chunk without a size"));
                    }
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
                if response.is_over() {
                    return Ok(());
                }
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
                return if at == filled { Ok(()) } else { Err(too_much()) };
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

/// The length of the head that a response begins with and that only says that another is to come: `100 Continue`, `103 Early Hints`.
fn interim(bytes: &[u8]) -> Option<usize> {
    // Nearly every response is none: looked at before it is parsed.
    if bytes.len() < 12 || bytes[8..10] != *b" 1" || bytes[10..12] == *b"01" {
        return None;
    }
    let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
    match httparse::Response::new(&mut headers).parse(bytes) {
        Ok(httparse::Status::Complete(end)) => Some(end),
        _ => None,
    }
}

/// Parses the head and reports it; `None` while it is incomplete.
fn parse(bytes: &[u8], response: &mut Response) -> Result<Option<Head>, Failure> {
    let mut headers = [httparse::EMPTY_HEADER; USUAL_HEADERS];
    let mut more;
    let mut parsed = httparse::Response::new(&mut headers);
    let mut status = parsed.parse(bytes);
    if status == Err(httparse::Error::TooManyHeaders) {
        more = [httparse::EMPTY_HEADER; MOST_HEADERS];
        parsed = httparse::Response::new(&mut more);
        status = parsed.parse(bytes);
    }
    match status {
        Ok(httparse::Status::Complete(body_at)) => head_of(&parsed, body_at, response).map(Some),
        Ok(httparse::Status::Partial) => Ok(None),
        Err(error) => Err(Failure::new(FailureKind::Other, error.to_string())),
    }
}

fn head_of(parsed: &httparse::Response<'_, '_>, body_at: usize, response: &mut Response) -> Result<Head, Failure> {
    let (mut length, mut coding, mut reusable) = (None, None, parsed.version == Some(1));
    for header in parsed.headers.iter() {
        let value = || str::from_utf8(header.value).unwrap_or_default();
        // Lengths first: most headers are told apart without comparing letters.
        match header.name.len() {
            14 if header.name.eq_ignore_ascii_case("content-length") => {
                // It may be said several times, in a line or in several, as long as it is the same.
                for said in value().split(',').map(str::trim) {
                    let said = said.parse::<u64>().ok().filter(|_| !said.starts_with('+'));
                    if said.is_none() || length.is_some_and(|length| Some(length) != said) {
                        return Err(Failure::new(FailureKind::Other, "a content-length that says nothing"));
                    }
                    length = said;
                }
            }
            10 if header.name.eq_ignore_ascii_case("connection") => {
                for token in value().split(',').map(str::trim) {
                    reusable &= !token.eq_ignore_ascii_case("close");
                    reusable |= token.eq_ignore_ascii_case("keep-alive");
                }
            }
            17 if header.name.eq_ignore_ascii_case("transfer-encoding") => coding = value().rsplit(',').next(),
            _ => {}
        }
    }
    let status = parsed.code.unwrap_or(0);
    response.head(status, |name| {
        parsed.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name)).map(|header| header.value)
    });
    let body = match (coding, length) {
        _ if matches!(status, 101 | 204 | 304) => Body::Length(0),
        (Some(coding), _) if coding.trim().eq_ignore_ascii_case("chunked") => Body::Chunks,
        (None, Some(length)) => Body::Length(length),
        _ => Body::Close,
    };
    reusable &= !matches!(body, Body::Close);
    Ok(Head { body, body_at, reusable })
}

fn too_much() -> Failure {
    Failure::new(FailureKind::BadBytes, "more bytes than announced")
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
        matches!(self.stream.try_read(&mut byte), Err(error) if error.kind() == ErrorKind::WouldBlock)
    }
}

fn main() -> ExitCode {
    benchmark_sdk::run_async::<Client>(benchmark_sdk::program!("baseline"))
}

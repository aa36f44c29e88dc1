//! `fetch_range` of baseline without the SDK: the same client, the same ranges, and nothing recorded. `scripts/bench --only sdk` compares the two.

#[path = "../../bare.rs"]
mod bare;

use std::io::Write as _;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::{Mutex, PoisonError};

use bare::Failure;
use benchmark_protocol::target::{Object, Target};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const BUFFER: usize = 128 << 10;

struct Client {
    host: String,
    address: SocketAddr,
    idle: Mutex<Vec<Connection>>,
}

struct Connection {
    stream: TcpStream,
    request: Vec<u8>,
    buffer: Vec<u8>,
}

impl bare::Client for Client {
    fn new(target: &Target, _concurrency: usize) -> Result<Self, Failure> {
        let address = target.authority.to_socket_addrs()?.next().ok_or("no address")?;
        Ok(Self { host: target.host().to_owned(), address, idle: Mutex::default() })
    }

    async fn get(&self, object: &Object, first: u64, last: u64) -> Result<u64, Failure> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut connection = match idle {
            Some(connection) => connection,
            None => Connection::open(self.address).await?,
        };
        let head = &mut connection.request;
        head.clear();
        write!(head, "GET {} HTTP/1.1\r\nhost: {}\r\nrange: bytes={first}-{last}\r\n\r\n", object.path, self.host)?;
        connection.stream.write_all(&connection.request).await?;
        let bytes = connection.read_response().await?;
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        Ok(bytes)
    }
}

impl Connection {
    async fn open(address: SocketAddr) -> Result<Self, Failure> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, request: Vec::with_capacity(512), buffer: vec![0; BUFFER] })
    }

    async fn read_response(&mut self) -> Result<u64, Failure> {
        let mut filled = 0;
        let (body_at, length) = loop {
            match self.stream.read(&mut self.buffer[filled..]).await? {
                0 => return Err("connection closed before a response".into()),
                read => filled += read,
            }
            if let Some(head) = parse(&self.buffer[..filled])? {
                break head;
            }
        };
        let mut received = (filled - body_at) as u64;
        while received < length {
            match self.stream.read(&mut self.buffer).await? {
                0 => return Err("closed early".into()),
                read => received += read as u64,
            }
        }
        Ok(received)
    }
}

/// Where the body begins, and its length; `None` while the head is incomplete.
fn parse(bytes: &[u8]) -> Result<Option<(usize, u64)>, Failure> {
    let mut headers = [httparse::EMPTY_HEADER; 48];
    let mut parsed = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(body_at) = parsed.parse(bytes)? else { return Ok(None) };
    if parsed.code != Some(206) {
        return Err(format!("status {:?}", parsed.code).into());
    }
    let length = parsed.headers.iter().find(|header| header.name.eq_ignore_ascii_case("content-length"));
    let length = str::from_utf8(length.ok_or("a response without content-length")?.value)?.parse()?;
    Ok(Some((body_at, length)))
}

fn main() -> Result<(), Failure> {
    bare::run::<Client>()
}

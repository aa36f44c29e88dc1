//! What the SDK alone takes for a request: a client that is its own server, over TCP, in one thread. Nothing else is in the way, so that
//! the difference to `--bare`, the same without the SDK, says more than a load over a network can.
//!
//! `cargo run --release -p benchmark-sdk --example ruler -- --test fetch_range --origin --target http://h/bench [--bare]`

use std::collections::VecDeque;
use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};

use benchmark_protocol::content;
use benchmark_sdk::{AsyncClient, ConstructError, Failure, Options, Request, Response};

/// Of each object.
const SIZE: u64 = 64 << 20;

/// Connections take turns, as those of a load do.
struct Client(Mutex<VecDeque<Connection>>);

/// Both ends.
struct Connection {
    client: TcpStream,
    server: TcpStream,
    head: Vec<u8>,
    buffer: Vec<u8>,
}

impl AsyncClient for Client {
    fn new(options: &Options) -> Result<Self, ConstructError> {
        let connections = (0..options.concurrency).map(|_| connect()).collect::<io::Result<_>>()?;
        Ok(Self(Mutex::new(connections)))
    }

    async fn perform(&self, request: &Request<'_>, response: &mut Response) -> Result<(), Failure> {
        tokio::task::yield_now().await;
        let mut connections = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(mut connection) = connections.pop_front() {
            connection.exchange(request, response).map_err(|error| Failure::from_error(&error))?;
            connections.push_back(connection);
        }
        Ok(())
    }
}

fn connect() -> io::Result<Connection> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let client = TcpStream::connect(listener.local_addr()?)?;
    let (server, _) = listener.accept()?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    Ok(Connection { client, server, head: Vec::new(), buffer: vec![0; 128 << 10] })
}

impl Connection {
    fn exchange(&mut self, request: &Request<'_>, response: &mut Response) -> io::Result<()> {
        let Self { client, server, head, buffer } = self;
        head.clear();
        write!(head, "{} {} HTTP/1.1\r\n", request.method(), request.path())?;
        for (name, value) in request.headers() {
            write!(head, "{name}: {value}\r\n")?;
        }
        client.write_all(head)?;
        let _asked = server.read(buffer)?;
        let range = request.range().unwrap_or(0..=0);
        let (first, length) = (*range.start(), range.end() - range.start() + 1);
        head.clear();
        write!(head, "bytes {first}-{}/{SIZE}", range.end())?;
        server.write_all(content::piece(content::origin_of(request.key()), first, length))?;
        let mut left = client.read(buffer)?;
        response.head(206, |name| (name == "content-range").then_some(&head[..]));
        response.chunk(&buffer[..left]);
        while (left as u64) < length {
            let read = client.read(buffer)?;
            response.chunk(&buffer[..read]);
            left += read;
        }
        Ok(())
    }
}

fn main() -> ExitCode {
    benchmark_sdk::run_async::<Client>(benchmark_sdk::program!("ruler"))
}

//! An open origin, for measuring it: `cargo run --release --example origin -- 127.0.0.1:8080 1`.

use std::io;

use benchmark_origin::{Config, bind, serve};

fn main() -> io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let address = arguments.next().unwrap_or_else(|| "127.0.0.1:8080".to_owned());
    let workers = arguments.next().and_then(|workers| workers.parse().ok()).unwrap_or(1);
    let listeners = bind(address.parse().map_err(io::Error::other)?, workers)?;
    println!("listening on {}", listeners[0].local_addr()?);
    let config = Config { open: true, object_size: 8 << 20, ..Config::new("token") };
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    runtime.block_on(serve(listeners, config, std::future::pending()))
}

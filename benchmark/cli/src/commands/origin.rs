//! `benchmark origin`.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use benchmark_origin::{Config, Credentials, bind, serve};
use benchmark_protocol::inject::{Inject, check_together};
use benchmark_protocol::origin::Listening;
use benchmark_protocol::units::parse_size;
use clap::Args;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use tokio::io::AsyncReadExt;
use tokio::signal::unix::{SignalKind, signal};

use crate::exit::{Exit, Usage};
use crate::output::{say, tell};

/// Options of `origin`.
#[derive(Debug, Args)]
#[command(after_help = "\
Every bucket exists: http://ADDRESS/BUCKET/object-000000 and so on are objects, /BUCKET/api/7?delay=20ms is a document.
Requests may be signed with the credentials of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.

Examples:
  benchmark origin
  benchmark origin --listen 127.0.0.1:9000 --inject latency=constant:20ms
  wrk -c 32 -t 1 -H 'Range: bytes=0-16383' http://127.0.0.1:9000/bucket/object-000000")]
pub(super) struct Origin {
    /// Where to listen; port 0 is any free one
    #[arg(long, default_value = "127.0.0.1:9000", value_name = "ADDRESS:PORT", value_parser = parse_address)]
    listen: SocketAddr,
    /// Threads that serve
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=256))]
    workers: u16,
    /// Objects of a bucket
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    objects: u64,
    /// Size of each object
    #[arg(long, default_value = "64MiB", value_parser = parse_object_size)]
    object_size: u64,
    /// What to do to the requests, from the first on: latency=constant:20ms, error=503:1%, ...; repeatable
    #[arg(long, value_name = "SPEC")]
    inject: Vec<Inject>,
    /// Seed of what is injected
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Serve announced runs only, and end with the standard input: what the harness starts
    #[arg(long, hide = true)]
    harness: bool,
}

impl Origin {
    pub(super) async fn run(self) -> Result<Exit> {
        check_together(&self.inject).map_err(Usage)?;
        raise_open_files();
        let listeners = bind(self.listen, usize::from(self.workers))
            .with_context(|| format!("cannot listen on {}: choose another address with --listen", self.listen))?;
        let Some(address) = listeners.first().and_then(|listener| listener.local_addr().ok()) else {
            bail!("no listener");
        };
        let variable = |name| std::env::var(name).ok().filter(|value: &String| !value.is_empty());
        let credentials = match (variable("AWS_ACCESS_KEY_ID"), variable("AWS_SECRET_ACCESS_KEY")) {
            (Some(access_key), Some(secret_key)) => Some(Credentials { access_key, secret_key }),
            (None, None) => None,
            (access_key, _) => {
                let (set, missing) = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY");
                let (set, missing) = if access_key.is_some() { (set, missing) } else { (missing, set) };
                tell!("warning: {set} is set and {missing} is not: signed requests will be refused");
                None
            }
        };
        let config = Config {
            credentials,
            open: !self.harness,
            inject: self.inject,
            seed: self.seed,
            objects: self.objects,
            object_size: self.object_size,
            ..Config::new(variable("BENCHMARK_ORIGIN_TOKEN").unwrap_or_else(|| uuid::Uuid::new_v4().to_string()))
        };
        let listening = serde_json::to_string(&Listening { listening: address.to_string() })?;
        say!("{listening}");
        if !self.harness {
            tell!("origin listens on http://{address}/BUCKET/object-000000 (Ctrl-C ends it)");
        }
        serve(listeners, config, ended(self.harness)).await.context("the origin failed")?;
        Ok(if self.harness { Exit::Good } else { Exit::Interrupted })
    }
}

fn parse_address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "write an IP address and a port (127.0.0.1:9000, [::1]:9000, 0.0.0.0:0)".to_owned())
}

fn parse_object_size(text: &str) -> Result<u64, String> {
    let size = parse_size(text).map_err(|error| error.to_string())?;
    if i64::try_from(size).is_err() {
        return Err(format!("more than S3 can name: at most {} bytes", i64::MAX));
    }
    Ok(size)
}

/// A signal, or under the harness its death: the standard input that it holds ends then. Signals are the harness's to answer there.
async fn ended(harness: bool) {
    if harness {
        let mut byte = [0];
        while matches!(tokio::io::stdin().read(&mut byte).await, Ok(1..)) {}
        // Whoever still holds a connection has no harness either.
        tokio::spawn(async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            std::process::exit(0);
        });
        return;
    }
    let signals = [SignalKind::interrupt(), SignalKind::terminate()].map(signal);
    if let [Ok(mut interrupt), Ok(mut terminate)] = signals {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    }
}

/// As many connections as the system allows.
fn raise_open_files() {
    if let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE)
        && soft < hard
        && setrlimit(Resource::RLIMIT_NOFILE, hard, hard).is_err()
    {
        tell!("warning: at most {soft} open files, and the limit cannot be raised to {hard}");
    }
}

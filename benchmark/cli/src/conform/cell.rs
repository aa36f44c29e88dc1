//! One cell: a server of its own, the harness run against it as a user would, and what came of it.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use benchmark_origin::misbehave;
use socket2::{Domain, Socket, Type};
use tokio::process::Command;
use tokio::time::timeout;

use super::mode::{Mode, Server};
use super::outcome::{Ended, Outcome, Seen};
use super::server::{ACCESS_KEY, Running, SECRET_KEY};
use super::tls::Certified;
use crate::library::Library;
use crate::machine::Group;

/// How long a cell may take in all: many times what any needs.
const LIMIT: Duration = Duration::from_secs(90);

/// Flags of every mode, unless it says others.
const USUAL: [(&str, &str); 9] = [
    ("--requests", "60"),
    ("--concurrency", "4"),
    ("--warmup", "0s"),
    ("--timeout", "2s"),
    ("--drain", "1s"),
    ("--trials", "1"),
    ("--seed", "1"),
    ("--prometheus", "off"),
    ("--keep-alive", "true"),
];

/// Variables of the caller's that change what is run, by the beginning of their names.
const FORGOTTEN: [&str; 4] = ["BENCHMARK_", "AWS_", "COMPOSE_", "SSL_CERT_"];

/// Those of them that say how and not what.
const KEPT: [&str; 2] = ["BENCHMARK_ROOT", "BENCHMARK_COMPOSE"];

/// Where replicas run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Where {
    /// As processes of this host.
    Process,
    /// In containers, which find this host at its address on docker0.
    Compose(IpAddr),
}

impl Where {
    /// The runner's name.
    #[must_use]
    pub const fn runner(self) -> &'static str {
        match self {
            Self::Process => "process",
            Self::Compose(_) => "compose",
        }
    }

    /// The address at which servers listen: never all of them.
    const fn ip(self) -> IpAddr {
        match self {
            Self::Process => IpAddr::V4(Ipv4Addr::LOCALHOST),
            Self::Compose(ip) => ip,
        }
    }
}

/// What all cells share.
#[derive(Clone, Debug)]
pub struct Bench {
    /// The program that is run: this one.
    pub program: PathBuf,
    /// A folder for databases, that somebody else removes.
    pub folder: PathBuf,
}

/// Runs one library against one server.
///
/// # Errors
/// When the server or the harness cannot be started, or its database not be read; whatever the library does is an outcome.
pub async fn run_cell(bench: &Bench, library: &Library, mode: &Mode, place: Where) -> Result<Outcome> {
    let cell = format!("{}-{}-{}", mode.name, library.name, place.runner());
    let servers = Servers::start(mode, place.ip())?;
    let folder = bench.folder.join(&cell);
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot make `{}`", folder.display()))?;
    let docker = folder.join("docker");
    if mode.environment.iter().any(|(name, _)| *name == "DOCKER_CONFIG") {
        std::fs::create_dir_all(&docker)?;
        let proxy = format!("http://{}", servers.proxy.address);
        let proxies = serde_json::json!({"proxies": {"default": {"httpProxy": proxy, "httpsProxy": proxy}}});
        std::fs::write(docker.join("config.json"), proxies.to_string())?;
    }
    let ca = folder.join("ca.pem");
    if let Some(authority) = &servers.authority {
        std::fs::write(&ca, authority)?;
    }
    let database = folder.join("conform.db");
    let filled = |text: &str| {
        text.replace("{address}", &servers.address.to_string())
            .replace("{ip}", &servers.address.ip().to_string())
            .replace("{port}", &servers.address.port().to_string())
            .replace("{proxy}", &servers.proxy.address.to_string())
            .replace("{docker_config}", &docker.display().to_string())
            .replace("{ca}", &ca.display().to_string())
            .replace("{access_key}", ACCESS_KEY)
            .replace("{secret_key}", SECRET_KEY)
    };
    let mut command = Command::new(&bench.program);
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        let proxy = name.to_ascii_lowercase().ends_with("_proxy");
        if !KEPT.contains(&&*name) && (proxy || FORGOTTEN.iter().any(|beginning| name.starts_with(beginning))) {
            command.env_remove(&name);
        }
    }
    command.args(["run-test", &library.name, mode.test, "--runner", place.runner(), "--db"]).arg(&database);
    let usual = USUAL.into_iter().filter(|(name, _)| !mode.flags.iter().any(|(own, _)| own == name));
    let flags = usual.chain(mode.flags.iter().copied());
    command.args(flags.map(|(name, value)| format!("{name}={}", filled(value))));
    command.envs(mode.environment.iter().map(|(name, value)| (*name, filled(value))));
    command.current_dir(&folder).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let harness = Group::spawn(&mut command).with_context(|| format!("cannot start `{}`", bench.program.display()))?;
    let outcome = match timeout(LIMIT, harness.output()).await {
        // Dropped, it has killed the harness, and its replicas end with it.
        Err(_) => Outcome::hangs(LIMIT.as_secs()),
        Ok(output) => {
            let output = output.context("the harness was lost from sight")?;
            let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
            let ended = Ended { code: output.status.code(), stderr };
            Outcome::read(mode, &ended, &database, servers.seen()).await.with_context(|| cell.clone())?
        }
    };
    // What is kept of a cell is its outcome.
    let _ = std::fs::remove_dir_all(&folder);
    Ok(outcome)
}

/// The servers of a cell.
struct Servers {
    address: SocketAddr,
    /// What is to be trusted, in PEM, where there is TLS.
    authority: Option<String>,
    main: Main,
    elsewhere: Running,
    proxy: Running,
}

/// Who is asked.
enum Main {
    Served(Running),
    /// Behind TLS, which counts nothing.
    Secured {
        behind: Running,
        _before: Running,
    },
    /// Our origin, which counts otherwise.
    Origin {
        _running: Running,
    },
    /// Bound, so that the port stays free of others, and without anybody listening.
    Nobody {
        _socket: Socket,
    },
}

impl Servers {
    fn start(mode: &Mode, ip: IpAddr) -> Result<Self> {
        let elsewhere = Running::start(ip, &misbehave::HONEST, None)?;
        let proxy = Running::start(ip, &misbehave::HONEST, None)?;
        let served = |name| {
            let Some(manner) = misbehave::named(name) else { bail!("unknown manner `{name}`") };
            Running::start(ip, manner, Some(elsewhere.address))
        };
        let mut authority = None;
        let (address, main) = match mode.server {
            Server::Manner(name) => {
                let running = served(name)?;
                (running.address, Main::Served(running))
            }
            Server::Tls(name) => {
                let (behind, certified) = (served(name)?, Certified::make(ip)?);
                let before = Running::terminator(ip, &certified, behind.address)?;
                authority = Some(certified.authority);
                (before.address, Main::Secured { behind, _before: before })
            }
            Server::Origin => {
                let running = Running::origin(ip)?;
                (running.address, Main::Origin { _running: running })
            }
            Server::Nobody => {
                let address = SocketAddr::from((ip, 0));
                let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
                socket.bind(&address.into())?;
                let bound = socket.local_addr()?.as_socket().context("a socket without an address")?;
                (bound, Main::Nobody { _socket: socket })
            }
        };
        Ok(Self { address, authority, main, elsewhere, proxy })
    }

    fn seen(&self) -> Seen {
        let elsewhere = self.elsewhere.counters.requests();
        let at_proxy = self.proxy.counters.connections();
        match &self.main {
            Main::Nobody { .. } | Main::Origin { .. } => Seen { elsewhere, at_proxy, ..Seen::default() },
            Main::Served(running) | Main::Secured { behind: running, .. } => Seen {
                requests: running.counters.requests(),
                elsewhere,
                at_proxy,
                ended_by_client: running.counters.ended_by_client(),
                ended_by_server: running.counters.ended_by_server(),
            },
        }
    }
}

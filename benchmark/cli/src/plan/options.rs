//! The options that shape the load, shared by every command that runs tests.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use benchmark_protocol::inject::Inject;
use benchmark_protocol::units::{parse_duration, parse_size};
use clap::builder::BoolishValueParser;
use clap::{ArgAction, Args, Parser};

use crate::case::{Arrivals, Rate, RunnerName};
use crate::machine::Cpus;
use crate::shell::{DATABASE_VARIABLES, USUAL_DATABASE};

/// Options of `run-test` and `run-all`.
#[derive(Clone, Debug, Args)]
pub struct LoadOptions {
    /// What starts the replicas: auto takes compose where a Docker Engine answers, else process
    #[arg(long, env = "BENCHMARK_RUNNER", value_enum, default_value = "auto")]
    pub runner: RunnerName,
    /// Processes of a run, each with the whole concurrency
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub replicas: u32,
    /// Requests in flight, per replica
    #[arg(long, default_value_t = 32, value_parser = clap::value_parser!(u32).range(1..=65536))]
    pub concurrency: u32,
    /// End the window after so many requests, per replica, instead of after --duration
    #[arg(long, conflicts_with = "duration", value_parser = clap::value_parser!(u64).range(1..))]
    pub requests: Option<u64>,
    /// Length of the window [default: 10s]
    #[arg(long, value_parser = positive_duration)]
    pub duration: Option<Duration>,
    /// Load before the window, in no figure [default: 2s]
    #[arg(long, value_parser = parse_duration)]
    pub warmup: Option<Duration>,
    /// How long what was started in the window may still take
    #[arg(long, default_value = "5s", value_parser = parse_duration)]
    pub drain: Duration,
    /// From issue to the last byte of each request
    #[arg(long, default_value = "30s", value_parser = positive_duration)]
    pub timeout: Duration,
    /// Open loop: requests become due at this rate over all replicas, `1000` a second or `50%` of the capacity measured just before
    ///
    /// Latency then counts from the instant at which a request was due, and --concurrency caps what is in flight.
    #[arg(long, value_name = "RATE")]
    pub rate: Option<Rate>,
    /// How due instants follow each other [default: constant]
    #[arg(long, value_enum)]
    pub arrivals: Option<Arrivals>,
    /// Trials of each case, one for each block of runs in seeded random order [default: run-all 5, with --quick 1; run-test 1]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub trials: Option<u32>,
    /// Passes over all cases in each block: a trial is so many runs, in turn with those of the other cases
    ///
    /// Where the machine's speed wanders within seconds, ten short runs by turns say more than one long run: what is compared then
    /// had the same moments.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub passes: u32,
    /// Go on until the 99 % intervals of rate and CPU/request are this narrow (`2%`: +-2 %), for at most --trials [default: 40] blocks
    #[arg(long, value_name = "PERCENT", value_parser = narrow)]
    pub until: Option<f64>,
    /// Seed of everything that is drawn: keys, offsets, faults, the order of runs
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// A parameter of the test (see `benchmark list`); repeatable
    #[arg(long = "param", value_name = "NAME=VALUE")]
    pub params: Vec<String>,
    /// What the origin does to the requests: latency=constant:20ms, error=503:1%, ...; repeatable
    ///
    /// latency=constant:20ms, latency=bimodal:1ms,150ms,0.1 (share of the second), latency=pareto:5ms,1.5 (scale, shape),
    /// error=503:1%, truncate=1%, reset=1%, stall=1s@2s (length @ offset in the window), throttle=100/s, concurrency=20.
    /// Drawn from the seed, from the start of the warm-up on.
    #[arg(long, value_name = "SPEC")]
    pub inject: Vec<Inject>,
    /// Sockets at most, per replica [default: as many as --concurrency]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=65536))]
    pub pool_size: Option<u32>,
    /// Use connections again
    #[arg(long, default_value = "true", num_args = 0..=1, require_equals = false, default_missing_value = "true", action = ArgAction::Set, value_parser = BoolishValueParser::new())]
    pub keep_alive: bool,
    /// How long an idle connection is kept
    #[arg(long, default_value = "90s", value_parser = positive_duration)]
    pub keep_alive_timeout: Duration,
    /// Resolve the target's name once
    #[arg(long, default_value = "false", num_args = 0..=1, require_equals = false, default_missing_value = "true", action = ArgAction::Set, value_parser = BoolishValueParser::new())]
    pub use_dns_cache: bool,
    /// Threads that run requests, per replica: 1 is a current-thread runtime (blocking libraries: a thread for each slot) [default: 1]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub threads: Option<u32>,
    /// A server that is not ours: http://host:port/path, or s3://bucket[/key] with --endpoint [default: our origin]
    #[arg(long, value_name = "URL")]
    pub target: Option<String>,
    /// Where an s3:// target is: http://host:port
    #[arg(long, value_name = "URL")]
    pub endpoint: Option<String>,
    /// CPUs of the origin and the harness, as `0-3,6` [default: half of them]
    #[arg(long, value_name = "CPUS")]
    pub origin_cpus: Option<Cpus>,
    /// CPUs of the replicas [default: the other half]
    #[arg(long, value_name = "CPUS")]
    pub client_cpus: Option<Cpus>,
    /// CPUs that each container may use at most, as `1.5` [default: no limit]
    #[arg(long, value_name = "CPUS", value_parser = positive_number)]
    pub cpus: Option<f64>,
    /// Memory that each container may use at most, as `256MiB` [default: no limit]
    #[arg(long, value_name = "SIZE", value_parser = container_memory)]
    pub memory: Option<u64>,
    /// Address of this host at which the harness listens for replicas [default: the loopback, or the gateway of the containers' network]
    #[arg(long, value_name = "ADDRESS")]
    pub listen: Option<IpAddr>,
    /// Prometheus that watches the containers; `off` for none [default: http://127.0.0.1:9090, where it answers]
    #[arg(long, env = "BENCHMARK_PROMETHEUS", value_name = "URL")]
    pub prometheus: Option<String>,
    /// Short runs for a first look: a window of 3 s after 1 s, unless told otherwise
    #[arg(long)]
    pub quick: bool,
    /// Where runs are recorded.
    #[command(flatten)]
    pub database: Database,
}

/// Blocks of a campaign that goes on until its intervals are narrow, unless told otherwise.
const MOST_BLOCKS: u32 = 40;

/// Where the database is.
#[derive(Clone, Debug, Args)]
pub struct Database {
    /// The database [env: BENCHMARK_DB, or DATABASE_URL where it starts with sqlite:] [default: benchmark.db]
    #[arg(long = "db", value_name = "FILE", overrides_with = "file")]
    file: Option<PathBuf>,
}

impl Database {
    /// The database's file: the flag, else the environment, else `benchmark.db` here.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        let [path, url] = DATABASE_VARIABLES;
        let variable = |name| std::env::var(name).ok().filter(|value: &String| !value.is_empty());
        let url = || variable(url).and_then(|url| Some(url.strip_prefix("sqlite:")?.trim_start_matches("//").into()));
        self.file
            .clone()
            .or_else(|| variable(path).map(PathBuf::from))
            .or_else(|| url().map(|path: String| PathBuf::from(path.split('?').next().unwrap_or_default())))
            .unwrap_or_else(|| PathBuf::from(USUAL_DATABASE))
    }
}

impl Default for LoadOptions {
    /// What applies where nothing is told, in flags or in the environment.
    fn default() -> Self {
        Self::parse(&[]).unwrap_or_else(|error| error.exit())
    }
}

impl LoadOptions {
    /// Reads flags as a command would.
    pub(super) fn parse(flags: &[&str]) -> Result<Self, clap::Error> {
        #[derive(Parser)]
        struct Flags {
            #[command(flatten)]
            load: LoadOptions,
        }
        Flags::try_parse_from([&["benchmark"], flags].concat()).map(|flags| flags.load)
    }

    /// The window's length, where requests do not end it.
    pub(super) fn window(&self) -> Duration {
        self.duration.unwrap_or(Duration::from_secs(if self.quick { 3 } else { 10 }))
    }

    /// Blocks: as told, else the command's own number; without an end in sight where the intervals' width is the end.
    pub(super) fn blocks(&self, usual: u32) -> u32 {
        let usual = if self.until.is_some() { MOST_BLOCKS } else { usual };
        self.trials.unwrap_or(if self.quick && self.until.is_none() { 1 } else { usual })
    }

    /// The warm-up's length.
    pub(super) fn warm_up(&self) -> Duration {
        self.warmup.unwrap_or(Duration::from_secs(if self.quick { 1 } else { 2 }))
    }
}

/// A half-width as a share.
fn narrow(text: &str) -> Result<f64, String> {
    let number = text.strip_suffix('%').and_then(|number| number.trim().parse().ok());
    number
        .filter(|percent: &f64| (0.1..=50.0).contains(percent))
        .map(|percent| percent / 100.0)
        .ok_or_else(|| format!("`{text}` is no width of an interval: write a percentage from 0.1% to 50%, as `2%`"))
}

fn positive_number(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|number: &f64| number.is_finite() && *number >= 0.01)
        .ok_or_else(|| format!("`{text}` is no number of CPUs: write `0.5` or `2`"))
}

/// The least that the Engine accepts is 6 MiB.
fn container_memory(text: &str) -> Result<u64, String> {
    match parse_size(text) {
        Ok(size) if size >= 6 << 20 => Ok(size),
        Ok(_) => Err(format!("`{text}` is too little: a container needs 6MiB or more")),
        Err(error) => Err(error.to_string()),
    }
}

/// A duration above zero.
fn positive_duration(text: &str) -> Result<Duration, String> {
    match parse_duration(text) {
        Ok(Duration::ZERO) => Err(format!("`{text}` is too short: more than 0s is needed")),
        Ok(duration) => Ok(duration),
        Err(error) => Err(error.to_string()),
    }
}

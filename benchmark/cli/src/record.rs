//! What is known of a run when it ends: the case, what every replica said, the origin's audit and the verdict.
//! The coordinator fills it, the store keeps it, the statistics are pure functions of it.

use std::time::Duration;

use benchmark_protocol::counts::Counts;
use benchmark_protocol::inject::Inject;
use benchmark_protocol::message::{ReplicaResult, Tick};
use benchmark_protocol::origin::Audit;
use benchmark_protocol::parameter::Values;
use benchmark_protocol::test::Test;

use crate::metrics::{Span, Totals};
use crate::rate::{Arrivals, Rate};
use crate::stats::Samples;

/// A library, a test and every option that shapes the load. Two runs of equal cases may be pooled.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// The measured library.
    pub library: String,
    /// Its version.
    pub library_version: String,
    /// The workload.
    pub test: Test,
    /// The test's own parameters.
    pub params: Values,
    /// What the origin does to the requests.
    pub inject: Vec<Inject>,
    /// How many replicas run.
    pub replicas: u32,
    /// What starts them: `process` or `compose`.
    pub runner: String,
    /// CPUs that each container may use at most; `None` is no limit.
    pub cpu_limit: Option<f64>,
    /// Memory that each container may use at most, in bytes; `None` is no limit.
    pub memory_limit: Option<u64>,
    /// The target as the user named it; `None` is the origin.
    pub target: Option<String>,
    /// The endpoint of an `s3://` target.
    pub endpoint: Option<String>,
    /// Options of the load.
    pub load: Load,
    /// Whether it is the second of an A/A pair: the same as another case in all that could make a difference.
    pub twin: bool,
}

/// The options of a case that every test has.
#[derive(Clone, Debug, PartialEq)]
pub struct Load {
    /// Requests in flight, per replica.
    pub concurrency: u32,
    /// How long the window is.
    pub amount: Amount,
    /// How long the warm-up is.
    pub warm_up: Duration,
    /// How long what was started in the window may still take.
    pub drain: Duration,
    /// Sockets, per replica.
    pub pool_size: u32,
    /// Whether connections are used again.
    pub keep_alive: bool,
    /// How long an idle connection is kept.
    pub keep_alive_timeout: Duration,
    /// Whether the target's name is resolved once.
    pub use_dns_cache: bool,
    /// From issue to the last byte.
    pub timeout: Duration,
    /// Threads that run requests, per replica.
    pub threads: u32,
    /// Requests that become due, over all replicas; `None` is a closed loop.
    pub rate: Option<Rate>,
    /// How due instants follow each other, in an open loop.
    pub arrivals: Arrivals,
}

/// What ends the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Amount {
    /// So much time.
    Duration(Duration),
    /// So many requests, per replica.
    Requests(u64),
}

/// One execution of a case.
#[derive(Clone, Debug)]
pub struct Run {
    /// UUIDv7, also the bucket at the origin.
    pub run_id: String,
    /// The campaign it belongs to.
    pub campaign_id: String,
    /// What was run.
    pub case: Case,
    /// Which trial of the case it belongs to, from 1: the block it ran in.
    pub trial: u32,
    /// The seed of its workload and of its injected faults.
    pub seed: u64,
    /// Requests a second that were asked for, over all replicas; `None` in a closed loop.
    pub rate_per_second: Option<f64>,
    /// Wall clock at the window's start, in microseconds since the epoch (the run's own start, where no window began).
    pub started_us: i64,
    /// Wall clock at the window's end, in microseconds since the epoch.
    pub ended_us: i64,
    /// Every replica, by index.
    pub replicas: Vec<Replica>,
    /// What the origin saw; `None` for a foreign target.
    pub audit: Option<Audit>,
    /// Share of its CPUs that the origin used in the window, 0 to 1.
    pub origin_cpu_share: Option<f64>,
    /// CPU time that the harness used in the window, in seconds.
    pub harness_cpu_seconds: Option<f64>,
    /// CPU time that cAdvisor and Prometheus used in the window, in seconds.
    pub monitoring_cpu_seconds: Option<f64>,
    /// Why the run is invalid; empty for a valid one.
    pub invalid_reasons: Vec<String>,
    /// What a careful reader of a valid row should know: `origin_bound`, `no_audit`, ...
    pub marks: Vec<String>,
    /// Where curves come from: `replica` (body bytes and the replicas' own counters), `replica_network` (their network devices'
    /// counters) or `prometheus`.
    pub metrics_source: String,
    /// Why Prometheus has no totals of it, where one was asked.
    pub prometheus_refusal: Option<String>,
    /// Where its phases lie in wall-clock time, where it came that far.
    pub span: Option<Span>,
    /// From the command to start the replicas to the end of the last of them, in nanoseconds.
    pub wall_ns: u64,
}

/// One replica of a run.
#[derive(Clone, Debug, Default)]
pub struct Replica {
    /// Its index in the run, from 0.
    pub index: u32,
    /// The host name it gave.
    pub host_name: Option<String>,
    /// The process id it gave.
    pub pid: Option<u32>,
    /// The container it ran in: 64 hex digits.
    pub container_id: Option<String>,
    /// What it measured; `None` where it was lost.
    pub result: Option<ReplicaResult>,
    /// The requests it made to verify the target, where it failed before `ready` and so has no result.
    pub verify: Option<Counts>,
    /// Its ticks, in order.
    pub ticks: Vec<Tick>,
    /// What Prometheus saw of its container between `ready` and after the drain.
    pub seen: Option<Totals>,
    /// Samples of the window as Prometheus saw them, to take the place of those from ticks.
    pub seen_samples: Option<Samples>,
    /// How it ended where that was not good: `killed by signal 9`, with the end of what it printed on stderr.
    pub failure: Option<String>,
}

/// The program that was measured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Build {
    /// The library it links.
    pub library: String,
    /// The version of that library.
    pub library_version: String,
    /// The test it is.
    pub test: Test,
    /// SHA-256 of the program, in hex.
    pub sha256: String,
    /// SHA-256 of the Cargo.lock it was built with, in hex.
    pub lock_sha256: String,
    /// `rustc --version`.
    pub compiler: String,
    /// The target triple and its features: `x86_64-unknown-linux-gnu, crt-static`.
    pub target: String,
    /// The pinned crates that the test links, with their versions and features.
    pub features: String,
}

/// The machine of a campaign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    /// The host's name.
    pub name: String,
    /// The CPU's model.
    pub cpu_model: String,
    /// Logical CPUs.
    pub cpus: u32,
    /// Main memory, in bytes.
    pub memory_bytes: u64,
    /// The kernel's release.
    pub kernel: String,
    /// The source of CLOCK_MONOTONIC.
    pub clock_source: Option<String>,
    /// The frequency governor of the first CPU.
    pub governor: Option<String>,
    /// `v1` or `v2`.
    pub cgroup: Option<String>,
}

/// All runs of one command.
#[derive(Clone, Debug, PartialEq)]
pub struct Campaign {
    /// UUIDv7.
    pub campaign_id: String,
    /// Wall clock at its start, in microseconds since the epoch.
    pub started_us: i64,
    /// The exact command that repeats it.
    pub command: String,
    /// The command's arguments, to plan it again.
    pub arguments: Vec<String>,
    /// The level of the intervals that are shown of it: 0.99, or higher where it may end early.
    pub interval_level: f64,
    /// Sources of noise that were found at its start, each with the way out.
    pub noise: Vec<String>,
    /// The seed that every draw comes from.
    pub seed: u64,
    /// Version and revision of the harness, with `-dirty` where the tree had changes.
    pub harness: String,
    /// Who runs it: lets another harness tell a dead campaign from a living one.
    pub process: ProcessIdentity,
}

/// A process that can be told from any other, even after its pid was given away again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcessIdentity {
    /// The boot's id.
    pub boot_id: String,
    /// The process id.
    pub pid: u32,
    /// When it started, in clock ticks since boot (field 22 of /proc/PID/stat).
    pub start_ticks: u64,
}

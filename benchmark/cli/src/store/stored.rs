//! What is read back: cases, runs and replicas as results need them.

use std::ops::Range;

use benchmark_protocol::counts::Counts;
use benchmark_protocol::message::FailureSample;
use benchmark_protocol::operation::ByOperation;
use sqlx::FromRow;

use crate::case::Settings;
use crate::machine::Host;
use crate::run::{Mark, Reason};
use crate::stats::Summary;
use crate::stats::comparison::{BEFORE_THE_BLOCKS, Found, Trials};

/// The row of a case.
pub type CaseId = i64;

/// The row of a run.
pub type RunKey = i64;

/// Which cases to read; `None` is any.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// Of this campaign.
    pub campaign_id: Option<String>,
    /// Of this library.
    pub library: Option<String>,
    /// Of this test.
    pub test: Option<String>,
}

/// What finished runs there are to select from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// Campaigns, oldest first; those without a finished run included.
    pub campaigns: Vec<String>,
    /// Libraries with a finished run, by name.
    pub libraries: Vec<String>,
    /// Tests with a finished run, by name.
    pub tests: Vec<String>,
}

/// A case of a campaign, with its options and its finished runs.
#[derive(Clone, Debug, PartialEq, FromRow)]
#[expect(missing_docs, reason = "the columns of `cases`, `campaigns` and `hosts`, explained in the migration")]
pub struct StoredCase {
    #[sqlx(rename = "id")]
    pub case_id: CaseId,
    #[sqlx(rename = "campaign_id")]
    pub campaign: i64,
    #[sqlx(rename = "campaign_uuid")]
    pub campaign_id: String,
    pub campaign_seed: String,
    pub harness: String,
    pub host_name: String,
    pub cpu_model: String,
    pub cpus: u32,
    pub memory_bytes: i64,
    pub kernel: String,
    pub clock_source: Option<String>,
    pub governor: Option<String>,
    pub cgroup: Option<String>,
    pub command: String,
    pub interval_level: Option<f64>,
    pub case_key: String,
    pub workload_key: String,
    pub library: String,
    pub library_version: String,
    pub test: String,
    pub params: String,
    pub twin: bool,
    /// Every option of the case.
    #[sqlx(flatten)]
    pub settings: Settings,
    /// Finished runs, one or more: first those before the blocks, which measured a capacity, then those of the blocks, each in the order
    /// in which they began.
    #[sqlx(skip)]
    pub runs: Vec<StoredRun>,
}

impl StoredCase {
    /// The runs that stand for the case, by their places: those of its blocks. A run before the blocks is no trial of the case, even
    /// where the same case is in the blocks as well; where there is no other, the last of them stands for itself.
    #[must_use]
    pub fn pooled(&self) -> Range<usize> {
        let before = self.runs.iter().take_while(|run| run.trial == BEFORE_THE_BLOCKS).count();
        if before < self.runs.len() {
            before..self.runs.len()
        } else {
            self.runs.len().saturating_sub(1)..self.runs.len()
        }
    }

    /// What each block gave.
    #[must_use]
    pub fn trials(&self) -> Trials {
        let mut trials = Trials::default();
        for run in &self.runs {
            trials.add(run.trial, run.found(), &run.summary);
        }
        trials
    }

    /// The machine that it ran on.
    #[must_use]
    pub fn host(&self) -> Host {
        Host {
            name: self.host_name.clone(),
            cpu_model: self.cpu_model.clone(),
            cpus: self.cpus,
            memory_bytes: self.memory_bytes.unsigned_abs(),
            kernel: self.kernel.clone(),
            clock_source: self.clock_source.clone(),
            governor: self.governor.clone(),
            cgroup: self.cgroup.clone(),
        }
    }
}

/// A finished run.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredRun {
    /// Its row.
    pub key: RunKey,
    /// UUIDv7.
    pub run_id: String,
    /// Which trial of the case it belongs to, from 1.
    pub trial: u32,
    /// The seed of its workload, in decimal.
    pub seed: String,
    /// Wall clock at the window's start, in microseconds since the epoch.
    pub started_us: i64,
    /// Wall clock at the window's end, in microseconds since the epoch.
    pub ended_us: Option<i64>,
    /// Why it is invalid; empty for a valid run.
    pub invalid_reasons: Vec<Reason>,
    /// What a careful reader should know.
    pub marks: Vec<Mark>,
    /// Where curves and totals come from.
    pub metrics_source: Option<String>,
    /// Why Prometheus has no totals, where one was asked.
    pub prometheus_refusal: Option<String>,
    /// Share of its CPUs that the origin used in the window.
    pub origin_cpu_share: Option<f64>,
    /// Requests a second that were asked for; `None` in a closed loop.
    pub rate_per_second: Option<f64>,
    /// CPU time of the harness in the window, in seconds.
    pub harness_cpu_seconds: Option<f64>,
    /// CPU time of cAdvisor and Prometheus in the window, in seconds.
    pub monitoring_cpu_seconds: Option<f64>,
    /// SHA-256 of the measured program.
    pub build_sha256: Option<String>,
    /// `rustc --version` of the measured program.
    pub compiler: Option<String>,
    /// The target triple and the compiler's flags.
    pub target: Option<String>,
    /// Features of the measured library.
    pub features: Option<String>,
    /// Whether the library reads XML answers itself.
    pub parses: Option<bool>,
    /// SHA-256 of the Cargo.lock it was built with.
    pub lock_sha256: Option<String>,
    /// What the origin saw.
    pub audit: Option<StoredAudit>,
    /// What all replicas measured together.
    pub summary: Summary,
}

impl StoredRun {
    /// What comparisons have to know of it.
    #[must_use]
    pub fn found(&self) -> Found {
        let origin_bound = self.marks.iter().any(|mark| mark.name() == "origin_bound");
        Found { valid: self.invalid_reasons.is_empty(), origin_bound }
    }
}

/// What results say of an audit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoredAudit {
    /// Requests, counted as their head was parsed.
    pub requests: u64,
    /// The same by operation; `None` in rows of before that was kept.
    pub operations: Option<ByOperation>,
    /// Good answers that were written whole, by operation.
    pub answered: Option<ByOperation>,
    /// Body bytes of intact responses.
    pub intact_bytes: u64,
    /// Body bytes of requests that were taken.
    pub taken_bytes: Option<u64>,
    /// Connections accepted.
    pub connections: u64,
    /// The most requests that were under way at once.
    pub peak_concurrency: u64,
}

/// A replica of a finished run.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredReplica {
    /// The row of its run.
    pub run: RunKey,
    /// Its index in the run.
    pub index: u32,
    /// The host name it gave.
    pub host_name: Option<String>,
    /// The process id it gave.
    pub pid: Option<u32>,
    /// The container it ran in.
    pub container_id: Option<String>,
    /// How it ended where that was not good.
    pub failure: Option<String>,
    /// The CPUs that it might run on, where it said so.
    pub cpu_list: Option<String>,
    /// Its clock less the harness's, in nanoseconds.
    pub clock_offset_ns: Option<i64>,
    /// What came of the calls before it was ready.
    pub verify: Option<Counts>,
    /// Texts of failures, a few of each kind.
    pub failure_samples: Vec<FailureSample>,
    /// What it measured.
    pub summary: Summary,
}

/// The merged histograms of a run as bytes for [`crate::stats::decode_bytes`]; empty where there is none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoredHistograms {
    /// Latency of successes.
    pub latency: Vec<u8>,
    /// Latency of failures.
    pub failure_latency: Vec<u8>,
    /// Time to the first byte.
    pub first_byte: Vec<u8>,
    /// Service time.
    pub service_time: Vec<u8>,
    /// Scheduling delay.
    pub scheduling_delay: Vec<u8>,
}

//! What is known of a run when it ends: the case, what every replica said, the origin's audit and the verdict.
//! The coordinator fills it, the store keeps it, the statistics are pure functions of it.

use benchmark_protocol::counts::Counts;
use benchmark_protocol::message::{ReplicaResult, Tick};
use benchmark_protocol::origin::Audit;

use super::clock_offset::ClockOffset;
use super::mark::Mark;
use super::reason::Reason;
use crate::case::Case;
use crate::metrics::Span;
use crate::stats::comparison::Found;
use crate::stats::{self, Measured, RunSummary, Samples, StatsError, Totals};

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
    pub invalid_reasons: Vec<Reason>,
    /// What a careful reader of a valid row should know.
    pub marks: Vec<Mark>,
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

impl Run {
    /// What comparisons have to know of it.
    #[must_use]
    pub fn found(&self) -> Found {
        let origin_bound = self.marks.iter().any(|mark| mark.name() == "origin_bound");
        Found { valid: self.invalid_reasons.is_empty(), origin_bound }
    }
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
    /// How far its clock is off; `None` where it was lost before that was known.
    pub clock: Option<ClockOffset>,
    /// What it measured, its instants on the harness's clock; `None` where it was lost.
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

impl Replica {
    /// What statistics are made of.
    fn measured(&self) -> Measured<'_> {
        Measured {
            index: self.index,
            clock_uncertainty_ns: self.clock.map(|clock| clock.uncertainty_ns),
            result: self.result.as_ref(),
            verify: self.verify,
            ticks: &self.ticks,
            seen: self.seen,
            seen_samples: self.seen_samples.as_ref(),
        }
    }
}

/// Reduces a run's raw data.
///
/// # Errors
/// A histogram that cannot be read.
pub fn summarise(run: &Run) -> Result<RunSummary, StatsError> {
    let replicas: Vec<Measured<'_>> = run.replicas.iter().map(Replica::measured).collect();
    stats::summarise(&replicas)
}

//! The verdict on a run: what makes it invalid, and what a careful reader of a valid one should know. All thresholds are here;
//! METHODOLOGY.md explains each.

use std::time::Duration;

use benchmark_protocol::counts::Counts;
use benchmark_protocol::message::ReplicaResult;

use super::audit;
use crate::case::Amount;
use crate::machine::Cpus;
use crate::plan::least_delay;
use crate::run::{Mark, Reason, Run};
use crate::stats::{Histograms, Observation, RunSummary, Summary};

/// Share of requests of the window that may fail.
const FAILED_SHARE: f64 = 0.001;

/// Share of requests of the window that may be censored.
const CENSORED_SHARE: f64 = 0.01;

/// Share of the requests due in the window that must have been issued before its end (open loop).
const ACHIEVED_SHARE: f64 = 0.99;

/// Share of the CPUs that the replicas could use from which on they are what limits the rate.
const GENERATOR_SATURATED: f64 = 0.95;

/// Share of its CPUs from which on the origin is what is measured.
const ORIGIN_BOUND: f64 = 0.90;

/// Share by which mean latency x rate may differ from the concurrency (closed loop).
const LITTLES_LAW: f64 = 0.05;

/// Requests of each slot from which on Little's law is looked at.
const LITTLES_LAW_FROM: f64 = 20.0;

/// Spread of the replicas' first requests that is worth a mark.
const START_SKEW: Duration = Duration::from_millis(5);

/// Difference of the slowest and the fastest replica, as a share of the fastest, that is worth a mark.
const REPLICA_SPREAD: f64 = 0.10;

/// Share of a client CPU that other programs may use in the window.
const FOREIGN_LOAD: f64 = 0.05;

/// Share by which Prometheus's totals may differ from the replicas' own counters over the same span.
const METRICS_DIFFERENCE: f64 = 0.02;

/// CPU time by which they may differ beside that, in seconds: what a container does before and after its replica counts.
const METRICS_DIFFERENCE_CPU_SECONDS: f64 = 0.05;

/// How far below the injected delay a latency may be: the origin's timer and the client's clock are read apart.
const FLOOR_TOLERANCE: Duration = Duration::from_micros(100);

/// What was seen beside the replicas' own results.
#[derive(Clone, Copy, Debug, Default)]
pub struct Surroundings {
    /// CPU time of other programs on the replicas' CPUs in the window, as a share of one CPU.
    pub foreign_load: Option<f64>,
    /// For how long the kernel held the replicas back at their CPU limit, in seconds over all of them.
    pub throttled_seconds: Option<f64>,
    /// CPUs that the replicas may use.
    pub client_cpus: usize,
    /// As many as all their threads would need for each to have its own.
    pub wanted_cpus: usize,
    /// Whether origin and replicas had to share a CPU.
    pub shared_cpus: bool,
}

/// Reasons why a run that was conducted to its end is invalid. Empty for a valid one.
#[must_use]
pub fn reasons(run: &Run, summary: &RunSummary) -> Vec<Reason> {
    let mut reasons = Vec::new();
    if let Some(window) = &summary.total.window {
        reasons.extend(failures(window));
        reasons.extend(censored(window));
        if window.successes == 0 {
            reasons.push(Reason::NoSuccess);
        }
    }
    reasons.extend(ports(run));
    reasons.extend(achieved(run, summary));
    reasons.extend(percentile_order(&summary.histograms));
    reasons.extend(floor(run, summary));
    reasons.extend(audit::differences(run));
    reasons
}

/// Marks of a run.
#[must_use]
pub fn marks(run: &Run, summary: &RunSummary, surroundings: Surroundings) -> Vec<Mark> {
    // Where a schedule says when each replica's first request is due, they are apart on purpose.
    let closed = run.case.load.rate.is_none();
    // The first and the last of them are off by as much as their clocks, either way.
    let clock_uncertainty_ns = summary.total.clock_uncertainty_ns;
    let unexplained_ns =
        |skew_ns: u64| skew_ns.saturating_sub(clock_uncertainty_ns.unwrap_or_default().saturating_mul(2));
    let skew = summary
        .total
        .start_skew_ns
        .filter(|skew_ns| closed && u128::from(unexplained_ns(*skew_ns)) > START_SKEW.as_nanos());
    let above = |figure: Option<f64>, bound: f64| figure.filter(|figure| figure.is_finite() && *figure > bound);
    let origin_share = run.origin_cpu_share.filter(|share| share.is_finite() && *share >= ORIGIN_BOUND);
    let throttled = above(surroundings.throttled_seconds, 0.0);
    let foreign = above(surroundings.foreign_load, FOREIGN_LOAD);
    [
        origin_share.map(|share| Mark::OriginBound { share }),
        generator_saturated(run, summary, surroundings.client_cpus),
        littles_law(run, summary),
        replica_spread(summary),
        skew.map(|skew_ns| Mark::StartSkew { skew_ns, clock_uncertainty_ns }),
        metrics_difference(&summary.total.observation),
        foreign.map(|share| Mark::ForeignLoad { share }),
        throttled.map(|seconds| Mark::Throttled { seconds }),
        surroundings.shared_cpus.then_some(Mark::SharedCpus),
        few_cpus(surroundings),
        (run.audit.is_none() && run.case.target.is_some()).then_some(Mark::NoAudit),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn failures(window: &Counts) -> Option<Reason> {
    let failures = window.failures;
    let finished = window.successes + failures.total();
    let share = failures.total() as f64 / finished.max(1) as f64;
    (share > FAILED_SHARE).then_some(Reason::Failures { failures, finished })
}

fn censored(window: &Counts) -> Option<Reason> {
    let Counts { censored, attempts, .. } = *window;
    let share = censored as f64 / attempts.max(1) as f64;
    (share > CENSORED_SHARE).then_some(Reason::Censored { censored, attempts })
}

/// Ports that ran out: what was measured then is how fast the kernel gives them back.
fn ports(run: &Run) -> Option<Reason> {
    let ports = || run.replicas.iter().filter_map(|replica| replica.result.as_ref()?.ports);
    let refused: u64 = ports().map(|ports| ports.refused).sum();
    let (all, waiting) = (ports().filter_map(|ports| ports.all).min(), ports().filter_map(|ports| ports.waiting).max());
    (refused > 0).then_some(Reason::Ports { refused, all, waiting })
}

/// Of the rate asked for, what was achieved: a client or an origin that does not keep up makes every latency a backlog's.
fn achieved(run: &Run, summary: &RunSummary) -> Option<Reason> {
    let (asked, total) = (run.rate_per_second?, &summary.total);
    if total.window.is_some() && total.scheduled.is_none() {
        return Some(Reason::NoSchedule { asked });
    }
    total.achieved_share().filter(|share| *share < ACHIEVED_SHARE)?;
    Some(Reason::Rate { asked, issued: total.issued?, scheduled: total.scheduled? })
}

/// Replicas that have to share CPUs, or threads of one that have to: more of them make no more load.
fn few_cpus(surroundings: Surroundings) -> Option<Mark> {
    let Surroundings { client_cpus: cpus, wanted_cpus: wanted, .. } = surroundings;
    (cpus < wanted).then_some(Mark::FewCpus { cpus, wanted })
}

/// The replicas used all the CPU time there was for them: the rate is theirs to give, whatever the target could take.
fn generator_saturated(run: &Run, summary: &RunSummary, client_cpus: usize) -> Option<Mark> {
    let results = run.replicas.iter().filter_map(|replica| replica.result.as_ref());
    // A thread runs on one CPU at a time, and on those of its replica alone.
    let own = |result: &ReplicaResult| result.cpu_list.as_ref()?.parse().ok().map(|cpus: Cpus| cpus.count());
    let threads: f64 =
        results.map(|result| f64::from(result.threads).min(own(result).unwrap_or(client_cpus) as f64)).sum();
    let seconds = summary.total.window_ns.filter(|window_ns| *window_ns > 0)? as f64 / 1e9;
    let limit = run.case.cpu_limit.map_or(f64::INFINITY, |limit| limit * f64::from(run.case.replicas));
    let usable = threads.min(client_cpus as f64).min(limit);
    let share = summary.total.cpu_us()? as f64 / 1e6 / seconds / usable;
    (usable > 0.0 && share >= GENERATOR_SATURATED).then_some(Mark::GeneratorSaturated { share })
}

fn percentile_order(histograms: &Histograms) -> Option<Reason> {
    let latency = histograms.latency.as_ref().filter(|latency| !latency.is_empty())?;
    let (p50_ns, p99_ns, max_ns) = (latency.value_at_quantile(0.5), latency.value_at_quantile(0.99), latency.max());
    let good = p50_ns <= p99_ns && p99_ns <= max_ns && latency.mean() <= max_ns as f64;
    (!good).then_some(Reason::PercentileOrder { p50_ns, p99_ns, max_ns })
}

/// No request is faster than the delay that the origin adds to each, and no window shorter than its requests one after the other.
fn floor(run: &Run, summary: &RunSummary) -> Option<Reason> {
    let delay = least_delay(&run.case);
    let delay_ns = delay.as_nanos() as u64;
    let latency = summary.histograms.latency.as_ref().filter(|latency| !latency.is_empty())?;
    if run.case.target.is_some() || delay <= FLOOR_TOLERANCE {
        return None;
    }
    let least = Duration::from_nanos(latency.min());
    // A histogram keeps 3 digits: its smallest value may read as much lower.
    if least + FLOOR_TOLERANCE + delay / 1000 < delay {
        return Some(Reason::Floor { least_ns: latency.min(), delay_ns });
    }
    // In an open loop requests overlap as the schedule says, and a timed window ends in the midst of them.
    let (Amount::Requests(_), None) = (run.case.load.amount, run.case.load.rate) else { return None };
    summary.replicas.iter().find_map(|replica| floor_of_window(replica, run.case.load.concurrency, delay))
}

/// The slots of a replica take turns: so many rounds at least. A failure may have taken no time at all.
fn floor_of_window(replica: &Summary, concurrency: u32, delay: Duration) -> Option<Reason> {
    let (successes, window_s) = (replica.window?.successes, replica.window_ns? as f64 / 1e9);
    let rounds = successes.div_ceil(u64::from(concurrency));
    let shortest_s = delay.as_secs_f64() * rounds as f64;
    let delay_ns = delay.as_nanos() as u64;
    (window_s < shortest_s * 0.999).then_some(Reason::FloorOfWindow { successes, window_s, rounds, delay_ns })
}

/// Closed loop: the mean latency of all requests times their rate is the number of slots.
fn littles_law(run: &Run, summary: &RunSummary) -> Option<Mark> {
    if run.case.load.rate.is_some() {
        return None;
    }
    let slots = f64::from(run.case.load.concurrency) * f64::from(run.case.replicas);
    let histograms = [&summary.histograms.latency, &summary.histograms.failure_latency];
    let spent_ns: f64 =
        histograms.into_iter().flatten().map(|histogram| histogram.mean() * histogram.len() as f64).sum();
    let finished: u64 = histograms.into_iter().flatten().map(|histogram| histogram.len()).sum();
    let window_ns = summary.total.window_ns.filter(|window_ns| *window_ns > 0)? as f64;
    if (finished as f64) < slots * LITTLES_LAW_FROM {
        return None;
    }
    let residual = spent_ns / window_ns / slots - 1.0;
    (residual.abs() > LITTLES_LAW).then_some(Mark::LittlesLaw { residual })
}

fn replica_spread(summary: &RunSummary) -> Option<Mark> {
    let rates: Vec<f64> = summary.replicas.iter().filter_map(crate::stats::Summary::requests_per_second).collect();
    let fastest = rates.iter().copied().fold(0.0, f64::max);
    let slowest = rates.iter().copied().fold(f64::INFINITY, f64::min);
    let share = (fastest - slowest) / fastest;
    (rates.len() > 1 && share > REPLICA_SPREAD).then_some(Mark::ReplicaSpread { share })
}

/// Two witnesses of the same containers.
#[must_use]
pub fn metrics_difference(observation: &Observation) -> Option<Mark> {
    let differs = |percent: Option<f64>, own: Option<f64>, slack: f64| {
        let found = percent.zip(own);
        let found = found.filter(|(percent, own)| percent.abs() / 100.0 * own > METRICS_DIFFERENCE * own + slack);
        found.map(|(percent, _)| percent)
    };
    let cpu_percent =
        differs(observation.cpu_difference_percent(), observation.own_cpu_seconds, METRICS_DIFFERENCE_CPU_SECONDS);
    let received = observation.own_recv_bytes.map(|bytes| bytes as f64);
    let recv_bytes_percent = differs(observation.recv_bytes_difference_percent(), received, 0.0);
    (cpu_percent.is_some() || recv_bytes_percent.is_some())
        .then_some(Mark::MetricsDifference { cpu_percent, recv_bytes_percent })
}

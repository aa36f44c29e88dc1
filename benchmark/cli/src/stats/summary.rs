//! The summary of a run and of each of its replicas: what the store keeps beside the raw data, so that results are
//! read without it.

use benchmark_protocol::counts::Counts;
use benchmark_protocol::message::Histogram as Wire;
use thiserror::Error;

use super::histogram::{HistogramError, Histograms, decode};
use super::measured::Measured;
use super::observation::Observation;
use super::operation::{OperationSummary, add_result};
use super::percentiles::Latencies;
use super::samples::Samples;

/// A replica whose result cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("replica {replica}: {histogram} of its result is {source}")]
pub struct StatsError {
    /// The replica's index.
    pub replica: u32,
    /// Which histogram it is.
    pub histogram: &'static str,
    /// What is wrong with it.
    #[source]
    pub source: HistogramError,
}

/// Totals of a run's window over its replicas, or those of one replica. Every field is `None` where no replica that
/// has a result says it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Summary {
    /// What became of the window's requests.
    pub window: Option<Counts>,
    /// Requests started in verify, warm-up and window, those of replicas that failed before `ready` included.
    pub attempts_total: Option<u64>,
    /// Requests that went to the library in all phases, over all replicas: a call may have several.
    pub requests_issued: Option<u64>,
    /// Requests of any phase that failed before they reached the target: the audit need not have seen them.
    pub never_left: Option<u64>,
    /// Length of the longest window of a replica, in nanoseconds.
    pub window_ns: Option<u64>,
    /// User CPU time used in the window, in microseconds.
    pub cpu_user_us: Option<u64>,
    /// System CPU time used in the window, in microseconds.
    pub cpu_system_us: Option<u64>,
    /// The largest resident set that any replica ever had, in bytes.
    pub peak_rss_bytes: Option<u64>,
    /// Requests that were due in the window, in an open loop.
    pub scheduled: Option<u64>,
    /// Those of them that were issued before its end.
    pub issued: Option<u64>,
    /// From the first replica's first request to the last one's, in nanoseconds; from two replicas on.
    pub start_skew_ns: Option<u64>,
    /// By how much the offset of a replica's clock may be wrong, in nanoseconds: the largest.
    pub clock_uncertainty_ns: Option<u64>,
    /// Percentiles of the merged histograms.
    pub latencies: Latencies,
    /// Samples of the families.
    pub samples: Samples,
    /// What Prometheus saw, beside the replicas' own counters.
    pub observation: Observation,
}

/// A run reduced: the whole of it, each replica, and the merged histograms that pooling needs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RunSummary {
    /// All replicas together.
    pub total: Summary,
    /// Each replica, in their order.
    pub replicas: Vec<Summary>,
    /// The histograms of all replicas, merged.
    pub histograms: Histograms,
    /// The window's requests by operation, all replicas together; empty where the test has one operation.
    pub operations: Vec<OperationSummary>,
}

/// Reduces the raw data of a run's replicas.
///
/// # Errors
/// A histogram that cannot be read.
pub fn summarise(replicas: &[Measured<'_>]) -> Result<RunSummary, StatsError> {
    let mut summary = RunSummary::default();
    for replica in replicas {
        let histograms = histograms_of(replica)?;
        let of_replica = Summary { latencies: Latencies::of(&histograms), ..totals_of(replica) };
        summary.total.add(&of_replica);
        summary.replicas.push(of_replica);
        summary.histograms.add(histograms);
        if let Some(result) = replica.result {
            let unreadable = |(histogram, source)| StatsError { replica: replica.index, histogram, source };
            add_result(&mut summary.operations, result).map_err(unreadable)?;
        }
    }
    summary.total.latencies = Latencies::of(&summary.histograms);
    summary.total.start_skew_ns = start_skew_ns(replicas);
    summary.total.observation = Observation::sum(summary.replicas.iter().map(|replica| &replica.observation));
    Ok(summary)
}

impl Summary {
    /// Requests of the window: successes, failures and censored.
    #[must_use]
    pub fn requests(&self) -> Option<u64> {
        self.window.map(|window| window.successes + window.failures.total() + window.censored)
    }

    /// Successes per second of the window.
    #[must_use]
    pub fn requests_per_second(&self) -> Option<f64> {
        Some(self.window?.successes as f64 / self.window_seconds()?)
    }

    /// Body bytes of successes, received, per second of the window.
    #[must_use]
    pub fn goodput_bytes_per_second(&self) -> Option<f64> {
        Some(self.window?.success_bytes as f64 / self.window_seconds()?)
    }

    /// Body bytes of successes, sent, per second of the window.
    #[must_use]
    pub fn goodput_sent_bytes_per_second(&self) -> Option<f64> {
        Some(self.window?.sent_bytes as f64 / self.window_seconds()?)
    }

    /// Share of the requests due in the window that were issued before its end: of the rate asked for, what was achieved.
    #[must_use]
    pub fn achieved_share(&self) -> Option<f64> {
        let scheduled = self.scheduled.filter(|scheduled| *scheduled > 0)?;
        Some(self.issued? as f64 / scheduled as f64)
    }

    /// CPU time used in the window, user and system, in microseconds.
    #[must_use]
    pub fn cpu_us(&self) -> Option<u64> {
        Some(self.cpu_user_us? + self.cpu_system_us?)
    }

    /// Length of the window in seconds; `None` where it is empty, as nothing may be divided by it.
    fn window_seconds(&self) -> Option<f64> {
        self.window_ns.filter(|window_ns| *window_ns > 0).map(|window_ns| window_ns as f64 / 1e9)
    }

    /// Adds a replica to the totals of its run; percentiles and skew are not sums and are set apart.
    fn add(&mut self, replica: &Self) {
        self.window = sum(self.window, replica.window, |mut sum, counts| {
            sum += counts;
            sum
        });
        self.attempts_total = sum(self.attempts_total, replica.attempts_total, |a, b| a + b);
        self.requests_issued = sum(self.requests_issued, replica.requests_issued, |a, b| a + b);
        self.never_left = sum(self.never_left, replica.never_left, |a, b| a + b);
        self.window_ns = self.window_ns.max(replica.window_ns);
        self.cpu_user_us = sum(self.cpu_user_us, replica.cpu_user_us, |a, b| a + b);
        self.cpu_system_us = sum(self.cpu_system_us, replica.cpu_system_us, |a, b| a + b);
        self.peak_rss_bytes = self.peak_rss_bytes.max(replica.peak_rss_bytes);
        self.scheduled = sum(self.scheduled, replica.scheduled, |a, b| a + b);
        self.issued = sum(self.issued, replica.issued, |a, b| a + b);
        self.clock_uncertainty_ns = self.clock_uncertainty_ns.max(replica.clock_uncertainty_ns);
        self.samples.extend(&replica.samples);
    }
}

fn totals_of(replica: &Measured<'_>) -> Summary {
    let Some(result) = replica.result else {
        return Summary {
            attempts_total: replica.verify.map(|verify| verify.attempts),
            requests_issued: replica.verify.map(|verify| verify.attempts),
            never_left: replica.verify.map(|verify| verify.failures.never_left()),
            clock_uncertainty_ns: replica.clock_uncertainty_ns,
            ..Summary::default()
        };
    };
    let phases = [result.verify, result.warm_up, result.window];
    let (from, to) = (&result.resources.window_start, &result.resources.window_end);
    Summary {
        window: Some(result.window),
        attempts_total: Some(phases.iter().map(|counts| counts.attempts).sum()),
        requests_issued: Some(result.requests_issued.total()),
        never_left: Some(phases.iter().map(|counts| counts.failures.never_left()).sum()),
        window_ns: Some(result.window_end_ns.saturating_sub(result.window_start_ns)),
        cpu_user_us: Some(to.cpu_user_us.saturating_sub(from.cpu_user_us)),
        cpu_system_us: Some(to.cpu_system_us.saturating_sub(from.cpu_system_us)),
        peak_rss_bytes: Some(result.resources.drained.peak_rss_bytes),
        scheduled: result.scheduled,
        issued: result.issued,
        start_skew_ns: None,
        clock_uncertainty_ns: replica.clock_uncertainty_ns,
        latencies: Latencies::default(),
        samples: replica.seen_samples.cloned().unwrap_or_else(|| Samples::of(replica.ticks)),
        observation: Observation {
            prometheus_cpu_seconds: replica.seen.map(|seen| seen.cpu_seconds),
            prometheus_recv_bytes: replica.seen.map(|seen| seen.received_bytes),
            scrape_count: replica.seen.map(|seen| seen.scrape_count),
            ..Observation::own(&result.resources)
        },
    }
}

fn histograms_of(replica: &Measured<'_>) -> Result<Histograms, StatsError> {
    let Some(result) = replica.result else { return Ok(Histograms::default()) };
    let read = |histogram: &Wire, name| {
        decode(histogram).map_err(|source| StatsError { replica: replica.index, histogram: name, source })
    };
    let optional = |histogram: &Option<Wire>, name| {
        histogram.as_ref().map(|histogram| read(histogram, name)).transpose().map(Option::flatten)
    };
    Ok(Histograms {
        latency: read(&result.latency, "latency")?,
        failure_latency: read(&result.failure_latency, "failure_latency")?,
        first_byte: optional(&result.first_byte, "first_byte")?,
        service_time: optional(&result.service_time, "service_time")?,
        scheduling_delay: optional(&result.scheduling_delay, "scheduling_delay")?,
    })
}

/// One replica has no skew: `None`, not 0, unless two replicas or more issued a request.
fn start_skew_ns(replicas: &[Measured<'_>]) -> Option<u64> {
    let first_requests = || replicas.iter().filter_map(|replica| replica.result?.first_request_ns);
    (first_requests().count() >= 2).then(|| Some(first_requests().max()? - first_requests().min()?))?
}

/// The sum of what is there: absent plus absent is absent.
fn sum<T>(a: Option<T>, b: Option<T>, add: impl FnOnce(T, T) -> T) -> Option<T> {
    match (a, b) {
        (Some(a), Some(b)) => Some(add(a, b)),
        (one, other) => one.or(other),
    }
}

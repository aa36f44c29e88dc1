//! What a reader sees of a case: every derived number, of one run or pooled over the trials of a case.

use benchmark_protocol::counts::Counts;

use super::family::Family;
use super::mean::mean;
use super::observation::Observation;
use super::percentiles::Latencies;
use super::samples::Samples;
use super::summary::Summary;

/// The figures of one row. Pooled over trials: counts, bytes, times and CPU are summed; rates are the mean of the
/// trials' rates; samples are taken together; ratios divide sums; peaks and skew are the largest. A trial that lacks a
/// value does not take part in it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Figures {
    /// Length of the window (of the trials' windows together), in seconds.
    pub duration_seconds: Option<f64>,
    /// Successes, failures and censored of the window.
    pub requests: Option<u64>,
    /// What became of the window's requests.
    pub window: Option<Counts>,
    /// Calls started in verify, warm-up and window.
    pub attempts_total: Option<u64>,
    /// Requests that went to the library in all phases.
    pub requests_issued: Option<u64>,
    /// Successes per second.
    pub requests_per_second: Option<f64>,
    /// Failures, of the successes and failures of the window.
    pub failure_share: Option<f64>,
    /// Body bytes of successes received per second.
    pub goodput_bytes_per_second: Option<f64>,
    /// Body bytes of successes sent per second.
    pub goodput_sent_bytes_per_second: Option<f64>,
    /// Family of bytes received per second and replica.
    pub recv_bytes_per_second: Family,
    /// Family of CPU seconds per second and replica.
    pub cpu_seconds: Family,
    /// Family of bytes received per CPU second.
    pub recv_bytes_per_second_per_cpu: Family,
    /// Family of the resident set, in bytes.
    pub memory_usage_bytes: Family,
    /// Percentiles of latencies, in milliseconds.
    pub latencies: Latencies,
    /// User CPU time of the window, in seconds.
    pub cpu_user_seconds: Option<f64>,
    /// System CPU time of the window, in seconds.
    pub cpu_system_seconds: Option<f64>,
    /// CPU time, user and system, per success, in microseconds.
    pub cpu_us_per_request: Option<f64>,
    /// CPU time, user and system, per GB (10^9 bytes) of bodies of successes, received and sent, in seconds.
    pub cpu_seconds_per_gb: Option<f64>,
    /// The largest resident set of any replica, in bytes.
    pub peak_rss_bytes: Option<u64>,
    /// Requests that were due in the window, in an open loop.
    pub scheduled: Option<u64>,
    /// Share of them that were issued before its end.
    pub achieved_share: Option<f64>,
    /// Spread of the replicas' first requests, in milliseconds.
    pub start_skew_ms: Option<f64>,
    /// By how much the offset of a replica's clock may be wrong, in nanoseconds: the largest.
    pub clock_uncertainty_ns: Option<u64>,
    /// What Prometheus saw, beside the replicas' own counters; known where it is known of every trial.
    pub observation: Observation,
}

impl Figures {
    /// Of one run, or of one replica.
    #[must_use]
    pub fn of_one(summary: &Summary) -> Self {
        Self::of(&[summary], summary.latencies)
    }

    /// Of the trials of a case; `latencies` are those of their merged histograms, as percentiles are never averaged.
    #[must_use]
    pub fn of(trials: &[&Summary], latencies: Latencies) -> Self {
        let mut samples = Samples::default();
        for trial in trials {
            samples.extend(&trial.samples);
        }
        let window = trials.iter().filter_map(|trial| trial.window).reduce(|mut sum, counts| {
            sum += counts;
            sum
        });
        Self {
            duration_seconds: sum(trials, |trial| trial.window_ns).map(|nanoseconds| nanoseconds as f64 / 1e9),
            requests: sum(trials, |trial| trial.requests()),
            window,
            attempts_total: sum(trials, |trial| trial.attempts_total),
            requests_issued: sum(trials, |trial| trial.requests_issued),
            requests_per_second: mean(trials.iter().filter_map(|trial| trial.requests_per_second())),
            failure_share: window.as_ref().and_then(failure_share),
            goodput_bytes_per_second: mean(trials.iter().filter_map(|trial| trial.goodput_bytes_per_second())),
            goodput_sent_bytes_per_second: mean(
                trials.iter().filter_map(|trial| trial.goodput_sent_bytes_per_second()),
            ),
            recv_bytes_per_second: Family::of(samples.recv_bytes_per_second),
            cpu_seconds: Family::of(samples.cpu_seconds),
            recv_bytes_per_second_per_cpu: Family::of(samples.recv_bytes_per_second_per_cpu),
            memory_usage_bytes: Family::of(samples.memory_usage_bytes),
            latencies,
            cpu_user_seconds: sum(trials, |trial| trial.cpu_user_us).map(|us| us as f64 / 1e6),
            cpu_system_seconds: sum(trials, |trial| trial.cpu_system_us).map(|us| us as f64 / 1e6),
            cpu_us_per_request: cpu_us_per(trials, |window| window.successes),
            cpu_seconds_per_gb: cpu_us_per(trials, bytes_moved)
                // microseconds per byte x 10^9 bytes per GB / 10^6 microseconds per second
                .map(|us_per_byte| us_per_byte * 1e3),
            peak_rss_bytes: trials.iter().filter_map(|trial| trial.peak_rss_bytes).max(),
            scheduled: sum(trials, |trial| trial.scheduled),
            achieved_share: achieved_share(trials),
            start_skew_ms: trials.iter().filter_map(|trial| trial.start_skew_ns).max().map(|ns| ns as f64 / 1e6),
            clock_uncertainty_ns: trials.iter().filter_map(|trial| trial.clock_uncertainty_ns).max(),
            observation: Observation::sum(trials.iter().map(|trial| &trial.observation)),
        }
    }

    /// Body bytes of successes per second, received and sent.
    #[must_use]
    pub fn moved_bytes_per_second(&self) -> Option<f64> {
        Some(self.goodput_bytes_per_second? + self.goodput_sent_bytes_per_second?)
    }
}

/// Body bytes of successes, both ways.
const fn bytes_moved(window: &Counts) -> u64 {
    window.success_bytes.saturating_add(window.sent_bytes)
}

/// Of the requests that came to an end, the share that failed.
fn failure_share(window: &Counts) -> Option<f64> {
    let failures = window.failures.total();
    let finished = window.successes.saturating_add(failures);
    (finished > 0).then(|| failures as f64 / finished as f64)
}

fn sum(trials: &[&Summary], value: impl Fn(&Summary) -> Option<u64>) -> Option<u64> {
    trials.iter().filter_map(|trial| value(trial)).reduce(|a, b| a + b)
}

/// Of the requests due in the windows, the share that was issued before their ends.
fn achieved_share(trials: &[&Summary]) -> Option<f64> {
    let scheduled = sum(trials, |trial| trial.scheduled).filter(|scheduled| *scheduled > 0)?;
    Some(sum(trials, |trial| trial.issued)? as f64 / scheduled as f64)
}

/// CPU microseconds per unit of work, over the trials that know both; `None` where no work was done.
fn cpu_us_per(trials: &[&Summary], work: impl Fn(&Counts) -> u64) -> Option<f64> {
    let known = trials.iter().filter_map(|trial| Some((trial.cpu_us()?, work(trial.window.as_ref()?))));
    let (cpu_us, work) = known.reduce(|a, b| (a.0 + b.0, a.1 + b.1))?;
    (work > 0).then(|| cpu_us as f64 / work as f64)
}

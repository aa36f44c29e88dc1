//! What containers used in a run, as cAdvisor counted it: the difference between two plateaus (MEASUREMENT D 17).
//!
//! From `ready` to `start` a replica waits, and after its drain it lingers: on these plateaus the counters stand still, so
//! it does not matter when within them a sample was taken. Nothing is interpolated and there is no `rate()`; where a
//! plateau has no sample there is no total, and the reason is said.

use std::fmt;

use thiserror::Error;

use super::series::{ContainerSeries, Sample};
use crate::stats::Samples;

/// CPU time that a waiting replica may use between two idle samples, in seconds.
const IDLE_CPU_SECONDS: f64 = 0.02;

/// Bytes that a waiting replica may receive between two idle samples: address resolution and the like, no request.
const IDLE_BYTES: f64 = 4096.0;

/// The longest time between two neighbouring samples, in microseconds: ten scrapes.
const GAP_US: i64 = 10_000_000;

/// An interval shorter than this is too noisy to be a sample of a rate, in microseconds.
const SHORTEST_US: i64 = 500_000;

/// The instants of a replica's run, on the wall clock, in microseconds since the epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// The replica was ready, and waited.
    pub ready_us: i64,
    /// The warm-up began.
    pub start_us: i64,
    /// The window began.
    pub window_start_us: i64,
    /// The window ended.
    pub window_end_us: i64,
    /// The drain was over; the replica lingered.
    pub drained_us: i64,
}

/// What was used from `ready` to after the drain.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Totals {
    /// CPU time, user and system, in seconds.
    pub cpu_seconds: f64,
    /// Bytes received by the network devices, headers included.
    pub received_bytes: u64,
    /// Samples that the differences were taken over, both plateaus included; over replicas the smallest number.
    pub scrape_count: u64,
}

/// A counter of cAdvisor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counter {
    /// CPU time.
    Cpu,
    /// Bytes received.
    Received,
}

/// Why there are no totals of a replica.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum Refusal {
    /// Prometheus knows nothing of its container.
    #[error("its container is not in Prometheus")]
    Missing,
    /// Prometheus knows the container, but not this counter.
    #[error("Prometheus has no samples of its {0}")]
    NoCounter(Counter),
    /// No sample lies between `ready` and `start`.
    #[error("no idle sample of its {0} before the start")]
    NoIdleSample(Counter),
    /// It did something while it should have waited.
    #[error("not idle before the start: its {counter} grew by {growth}")]
    NotIdle {
        /// The counter.
        counter: Counter,
        /// How far apart the idle samples are, in seconds or bytes.
        growth: f64,
    },
    /// No sample lies after the drain.
    #[error("no final sample of its {0} after the drain")]
    NoFinalSample(Counter),
    /// The counter began anew.
    #[error("its {counter} fell from {from} to {to}: the counter began anew")]
    Reset {
        /// The counter.
        counter: Counter,
        /// The value before.
        from: f64,
        /// The lower one after.
        to: f64,
    },
    /// Samples are missing.
    #[error("{seconds:.1} s without a sample of its {counter}")]
    Gap {
        /// The counter.
        counter: Counter,
        /// How long.
        seconds: f64,
    },
}

/// Why there are no totals of a run.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum RunRefusal {
    /// There is nothing to add up.
    #[error("the run has no replica")]
    NoReplica,
    /// A replica has none.
    #[error("replica {replica}: {source}")]
    Replica {
        /// Its index.
        replica: u32,
        /// Why.
        #[source]
        source: Refusal,
    },
}

impl fmt::Display for Counter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cpu => "CPU time",
            Self::Received => "received bytes",
        })
    }
}

/// What a replica used from its idle plateau (the last sample between `ready` and `start`) to its final one (the last
/// sample at or after the drain's end). `None` is a replica whose container Prometheus does not know.
///
/// # Errors
/// When a plateau has no sample, or the samples between do not hang together.
pub fn totals(series: Option<&ContainerSeries>, span: &Span) -> Result<Totals, Refusal> {
    let series = series.ok_or(Refusal::Missing)?;
    let cpu = between_plateaus(Counter::Cpu, &series.cpu, span)?;
    let received = between_plateaus(Counter::Received, &series.received, span)?;
    Ok(Totals {
        cpu_seconds: cpu.growth,
        received_bytes: received.growth.round() as u64,
        scrape_count: cpu.samples.min(received.samples),
    })
}

/// The totals of a run: the sum over its replicas.
///
/// # Errors
/// When any replica was refused, or there is none.
pub fn combine(replicas: impl IntoIterator<Item = (u32, Result<Totals, Refusal>)>) -> Result<Totals, RunRefusal> {
    let mut sum: Option<Totals> = None;
    for (replica, totals) in replicas {
        let totals = totals.map_err(|source| RunRefusal::Replica { replica, source })?;
        sum = Some(sum.map_or(totals, |sum| Totals {
            cpu_seconds: sum.cpu_seconds + totals.cpu_seconds,
            received_bytes: sum.received_bytes + totals.received_bytes,
            scrape_count: sum.scrape_count.min(totals.scrape_count),
        }));
    }
    sum.ok_or(RunRefusal::NoReplica)
}

/// The samples of the four families within the window: counters differenced between neighbouring raw samples over their
/// real distance, memory as it is. A sample less than half a second after its neighbour closes no interval; the next does.
#[must_use]
pub fn families(series: &ContainerSeries, span: &Span) -> Samples {
    let window = span.window_start_us..=span.window_end_us;
    let within = |samples: &[Sample]| -> Vec<Sample> {
        samples.iter().filter(|sample| window.contains(&sample.at_us)).copied().collect()
    };
    let (cpu, received) = (within(&series.cpu), within(&series.received));
    let mut samples = Samples::default();
    for (seconds, cpu_seconds) in differences(&cpu) {
        samples.cpu_seconds.push(cpu_seconds / seconds);
    }
    for (seconds, bytes) in differences(&received) {
        samples.recv_bytes_per_second.push(bytes / seconds);
    }
    samples.recv_bytes_per_second_per_cpu = bytes_per_cpu_second(&cpu, &received);
    samples.memory_usage_bytes = within(&series.memory).iter().map(|sample| sample.value).collect();
    samples
}

struct Difference {
    growth: f64,
    samples: u64,
}

fn between_plateaus(counter: Counter, samples: &[Sample], span: &Span) -> Result<Difference, Refusal> {
    if samples.is_empty() {
        return Err(Refusal::NoCounter(counter));
    }
    let is_idle = |sample: &Sample| (span.ready_us..=span.start_us).contains(&sample.at_us);
    let first = samples.iter().position(is_idle).ok_or(Refusal::NoIdleSample(counter))?;
    let idle = samples.iter().rposition(is_idle).unwrap_or(first);
    let last = samples.last().filter(|sample| sample.at_us >= span.drained_us);
    let last = last.ok_or(Refusal::NoFinalSample(counter))?;
    for pair in samples[first..].windows(2) {
        check(counter, pair[0], pair[1])?;
    }
    let growth = samples[idle].value - samples[first].value;
    let allowed = match counter {
        Counter::Cpu => IDLE_CPU_SECONDS,
        Counter::Received => IDLE_BYTES,
    };
    if growth > allowed {
        return Err(Refusal::NotIdle { counter, growth });
    }
    Ok(Difference { growth: last.value - samples[idle].value, samples: (samples.len() - idle) as u64 })
}

/// Whether a sample may follow another.
fn check(counter: Counter, from: Sample, to: Sample) -> Result<(), Refusal> {
    // Sums over cores may differ in their last digit.
    if to.value < from.value - 1e-6 {
        return Err(Refusal::Reset { counter, from: from.value, to: to.value });
    }
    let distance_us = to.at_us - from.at_us;
    if distance_us > GAP_US {
        return Err(Refusal::Gap { counter, seconds: distance_us as f64 / 1e6 });
    }
    Ok(())
}

/// Length in seconds and growth of each interval; one over a reset has none.
fn differences(samples: &[Sample]) -> Vec<(f64, f64)> {
    let mut intervals = Vec::new();
    let mut from: Option<Sample> = None;
    for to in samples {
        let Some(begun) = from else {
            from = Some(*to);
            continue;
        };
        if to.at_us - begun.at_us >= SHORTEST_US {
            if to.value >= begun.value {
                intervals.push(((to.at_us - begun.at_us) as f64 / 1e6, to.value - begun.value));
            }
            from = Some(*to);
        }
    }
    intervals
}

/// Over intervals whose edges have samples of both counters and in which CPU time was used.
fn bytes_per_cpu_second(cpu: &[Sample], received: &[Sample]) -> Vec<f64> {
    let at = |samples: &[Sample], others: &[Sample]| -> Vec<Sample> {
        samples.iter().filter(|sample| others.iter().any(|other| other.at_us == sample.at_us)).copied().collect()
    };
    let (cpu, received) = (at(cpu, received), at(received, cpu));
    let pairs = differences(&cpu).into_iter().zip(differences(&received));
    pairs.filter(|((_, cpu), _)| *cpu > 0.0).map(|((_, cpu), (_, bytes))| bytes / cpu).collect()
}

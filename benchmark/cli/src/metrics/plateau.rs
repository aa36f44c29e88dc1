//! What containers used in a run, as cAdvisor counted it: the difference between two plateaus (MEASUREMENT D 17).
//!
//! From `ready` to `start` a replica waits, and after its drain it lingers: on these plateaus the counters stand still, so
//! it does not matter when within them a sample was taken. Nothing is interpolated and there is no `rate()`; where a
//! plateau has no sample there is no total, and the reason is said.

use std::fmt;

use thiserror::Error;

use super::series::{ContainerSeries, Sample};
use crate::stats::Totals;

/// CPU time that a waiting replica may use between two idle samples, in seconds.
const IDLE_CPU_SECONDS: f64 = 0.02;

/// Bytes that a waiting replica may receive between two idle samples: address resolution and the like, no request.
const IDLE_BYTES: f64 = 4096.0;

/// The longest time between two neighbouring samples, in microseconds: ten scrapes.
const GAP_US: i64 = 10_000_000;

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

#[cfg(test)]
mod tests {
    use super::*;

    /// Ready at 0 s, start at 3 s, window from 5 to 9 s, drained at 9.5 s.
    const SPAN: Span = Span {
        ready_us: 0,
        start_us: 3_000_000,
        window_start_us: 5_000_000,
        window_end_us: 9_000_000,
        drained_us: 9_500_000,
    };

    fn samples(of: &[(f64, f64)]) -> Vec<Sample> {
        of.iter().map(|(at, value)| Sample { at_us: (at * 1e6).round() as i64, value: *value }).collect()
    }

    /// CPU and bytes of a replica that did nothing wrong: 0.5 s before ready, 4.25 s and 10,000 bytes until drained.
    fn good() -> ContainerSeries {
        let instants = [-0.5, 0.8, 1.8, 3.1, 5.0, 6.0, 7.5, 8.5, 9.4, 10.4];
        let cpu = [0.40, 0.50, 0.51, 0.60, 1.51, 2.01, 3.51, 4.51, 4.75, 4.76];
        let bytes = [90.0, 100.0, 100.0, 150.0, 1_000.0, 3_000.0, 6_000.0, 9_000.0, 10_000.0, 10_100.0];
        let with = |values: [f64; 10]| samples(&std::array::from_fn::<_, 10, _>(|i| (instants[i], values[i])));
        ContainerSeries { cpu: with(cpu), received: with(bytes), ..ContainerSeries::default() }
    }

    fn without(samples: &mut Vec<Sample>, from: f64, to: f64) {
        samples.retain(|sample| !(from..=to).contains(&(sample.at_us as f64 / 1e6)));
    }

    #[test]
    fn totals_are_the_last_sample_after_the_drain_minus_the_last_before_the_start() {
        let totals = totals(Some(&good()), &SPAN).unwrap();
        // 4.76 s at 10.4 s minus 0.51 s at 1.8 s; 10,100 minus 100 bytes; the samples from 1.8 s on.
        assert!((totals.cpu_seconds - 4.25).abs() < 1e-9, "{totals:?}");
        assert_eq!((totals.received_bytes, totals.scrape_count), (10_000, 8));
    }

    #[test]
    fn samples_at_ready_start_and_drained_belong_to_the_plateaus() {
        let edges = samples(&[(0.0, 1.0), (3.0, 1.0), (9.5, 4.0)]);
        let series = ContainerSeries { cpu: edges.clone(), received: edges, ..ContainerSeries::default() };
        let totals = totals(Some(&series), &SPAN).unwrap();
        assert_eq!(totals, Totals { cpu_seconds: 3.0, received_bytes: 3, scrape_count: 2 });
    }

    #[test]
    fn one_idle_sample_is_enough() {
        let mut series = good();
        without(&mut series.cpu, 1.0, 2.0);
        without(&mut series.received, 1.0, 2.0);
        let totals = totals(Some(&series), &SPAN).unwrap();
        assert!((totals.cpu_seconds - 4.26).abs() < 1e-9, "{totals:?}");
        assert_eq!(totals.scrape_count, 8);
    }

    #[test]
    fn a_plateau_without_sample_is_refused() {
        assert_eq!(totals(None, &SPAN), Err(Refusal::Missing));

        let mut series = good();
        series.received.clear();
        assert_eq!(totals(Some(&series), &SPAN), Err(Refusal::NoCounter(Counter::Received)));

        let mut series = good();
        without(&mut series.cpu, 0.0, 3.0);
        assert_eq!(totals(Some(&series), &SPAN), Err(Refusal::NoIdleSample(Counter::Cpu)));

        let mut series = good();
        without(&mut series.received, 9.5, 11.0);
        assert_eq!(totals(Some(&series), &SPAN), Err(Refusal::NoFinalSample(Counter::Received)));
    }

    #[test]
    fn a_replica_that_worked_before_the_start_is_refused() {
        let mut series = good();
        series.cpu[1].value = 0.48;
        let refusal = totals(Some(&series), &SPAN).unwrap_err();
        assert!(matches!(refusal, Refusal::NotIdle { counter: Counter::Cpu, growth } if (growth - 0.03).abs() < 1e-9));

        let mut series = good();
        for sample in &mut series.received[2..] {
            sample.value += 4096.0;
        }
        assert!(totals(Some(&series), &SPAN).is_ok(), "address resolution is no traffic");
        for sample in &mut series.received[2..] {
            sample.value += 1.0;
        }
        let expected = Refusal::NotIdle { counter: Counter::Received, growth: 4097.0 };
        assert_eq!(totals(Some(&series), &SPAN), Err(expected));
    }

    #[test]
    fn a_counter_that_began_anew_is_refused() {
        let mut series = good();
        series.received[6].value = 2_000.0;
        let expected = Refusal::Reset { counter: Counter::Received, from: 3_000.0, to: 2_000.0 };
        assert_eq!(totals(Some(&series), &SPAN), Err(expected));
        // What happened before `ready` is another matter.
        let mut series = good();
        series.cpu[0].value = 7.0;
        assert!(totals(Some(&series), &SPAN).is_ok());
    }

    #[test]
    fn ten_seconds_without_a_sample_are_a_gap() {
        let late = Span { drained_us: 13_000_000, ..SPAN };
        let with_last = |at| {
            let values = samples(&[(1.8, 1.0), (3.0, 1.0), (at, 2.0)]);
            ContainerSeries { cpu: values.clone(), received: values, ..ContainerSeries::default() }
        };
        assert!(totals(Some(&with_last(13.0)), &late).is_ok());
        let expected = Refusal::Gap { counter: Counter::Cpu, seconds: 10.5 };
        assert_eq!(totals(Some(&with_last(13.5)), &late), Err(expected));
    }

    #[test]
    fn a_run_is_the_sum_of_its_replicas_or_refused_with_the_name_of_one() {
        let of = |cpu_seconds, received_bytes, scrape_count| Totals { cpu_seconds, received_bytes, scrape_count };
        let good = [(0, Ok(of(1.5, 100, 12))), (1, Ok(of(2.0, 50, 11)))];
        assert_eq!(combine(good.clone()), Ok(of(3.5, 150, 11)));
        let refused = combine(good.into_iter().chain([(2, Err(Refusal::NoFinalSample(Counter::Cpu)))])).unwrap_err();
        let source = Refusal::NoFinalSample(Counter::Cpu);
        assert_eq!(refused, RunRefusal::Replica { replica: 2, source });
        assert_eq!(refused.to_string(), "replica 2: no final sample of its CPU time after the drain");
        assert_eq!(combine([]), Err(RunRefusal::NoReplica));
    }

    #[test]
    fn every_reason_is_a_sentence() {
        let (counter, cpu) = (Counter::Received, Counter::Cpu);
        let said = [
            (Refusal::Missing, "its container is not in Prometheus"),
            (Refusal::NoCounter(counter), "Prometheus has no samples of its received bytes"),
            (Refusal::NoIdleSample(cpu), "no idle sample of its CPU time before the start"),
            (
                Refusal::NotIdle { counter, growth: 9000.0 },
                "not idle before the start: its received bytes grew by 9000",
            ),
            (
                Refusal::Reset { counter, from: 30.0, to: 2.0 },
                "its received bytes fell from 30 to 2: the counter began anew",
            ),
            (Refusal::Gap { counter: cpu, seconds: 12.34 }, "12.3 s without a sample of its CPU time"),
        ];
        for (refusal, text) in said {
            assert_eq!(refusal.to_string(), text);
        }
    }
}

//! What is said of a distribution of latencies: mean, percentiles and maximum, each only where samples carry it.

use hdrhistogram::Histogram;

use super::histogram::Histograms;

/// How many samples must lie beyond a percentile for it to be said (MEASUREMENT C 14).
const SAMPLES_BEYOND: u64 = 10;

/// Mean, percentiles and maximum of one distribution, in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Percentiles {
    /// The arithmetic mean.
    pub mean: Option<f64>,
    /// The median.
    pub p50: Option<f64>,
    /// The 90th percentile.
    pub p90: Option<f64>,
    /// The 95th percentile.
    pub p95: Option<f64>,
    /// The 99th percentile.
    pub p99: Option<f64>,
    /// The 99.9th percentile.
    pub p999: Option<f64>,
    /// The largest value.
    pub max: Option<f64>,
}

impl Percentiles {
    /// Of a histogram of nanoseconds. Mean and maximum need one sample; percentile `p` of `n` samples needs 10 beyond
    /// it: `n - ceil(p n) >= 10`, so p50 begins at 20 samples, p99 at 1,000 and p99.9 at 10,000.
    #[must_use]
    pub fn of(histogram: Option<&Histogram<u64>>) -> Self {
        let Some(histogram) = histogram.filter(|histogram| !histogram.is_empty()) else { return Self::default() };
        let milliseconds = |nanoseconds: f64| Some(nanoseconds / 1e6);
        let percentile = |per_mille: u64| {
            let beyond = histogram.len() * (1_000 - per_mille) / 1_000;
            let value = histogram.value_at_quantile(per_mille as f64 / 1_000.0);
            (beyond >= SAMPLES_BEYOND).then_some(value as f64 / 1e6)
        };
        Self {
            mean: milliseconds(histogram.mean()),
            p50: percentile(500),
            p90: percentile(900),
            p95: percentile(950),
            p99: percentile(990),
            p999: percentile(999),
            max: milliseconds(histogram.max() as f64),
        }
    }
}

/// The percentiles of a run's distributions.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Latencies {
    /// Of successes.
    pub latency: Percentiles,
    /// Of failures.
    pub failure_latency: Percentiles,
    /// Of the time to the first byte.
    pub first_byte: Percentiles,
    /// Of the service time, in an open loop.
    pub service_time: Percentiles,
    /// Of the scheduling delay, in an open loop.
    pub scheduling_delay: Percentiles,
}

impl Latencies {
    /// Of the histograms.
    #[must_use]
    pub fn of(histograms: &Histograms) -> Self {
        Self {
            latency: Percentiles::of(histograms.latency.as_ref()),
            failure_latency: Percentiles::of(histograms.failure_latency.as_ref()),
            first_byte: Percentiles::of(histograms.first_byte.as_ref()),
            service_time: Percentiles::of(histograms.service_time.as_ref()),
            scheduling_delay: Percentiles::of(histograms.scheduling_delay.as_ref()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 1 us, 2 us, ... `n` us: percentile p is `ceil(p n)` us.
    fn ramp(n: u64) -> Histogram<u64> {
        let mut histogram = Histogram::new_with_bounds(1, 60_000_000_000, 3).unwrap();
        for microseconds in 1..=n {
            histogram.record(microseconds * 1_000).unwrap();
        }
        histogram
    }

    fn near(actual: Option<f64>, expected: f64) {
        let actual = actual.expect("a value");
        assert!((actual / expected - 1.0).abs() <= 0.001, "{actual} is not {expected}");
    }

    #[test]
    fn percentiles_of_a_ramp_are_its_ranks() {
        let all = Percentiles::of(Some(&ramp(10_000)));
        near(all.mean, 5.0005); // (1 + 10,000) / 2 us
        near(all.p50, 5.0);
        near(all.p90, 9.0);
        near(all.p95, 9.5);
        near(all.p99, 9.9);
        near(all.p999, 9.99);
        near(all.max, 10.0);
    }

    #[test]
    fn a_percentile_is_said_from_ten_samples_beyond_it_on() {
        for (n, said) in [
            (1, [false, false, false, false, false]),
            (19, [false, false, false, false, false]),
            (20, [true, false, false, false, false]),
            (99, [true, false, false, false, false]),
            (100, [true, true, false, false, false]),
            (199, [true, true, false, false, false]),
            (200, [true, true, true, false, false]),
            (999, [true, true, true, false, false]),
            (1_000, [true, true, true, true, false]),
            (9_999, [true, true, true, true, false]),
            (10_000, [true, true, true, true, true]),
        ] {
            let p = Percentiles::of(Some(&ramp(n)));
            assert_eq!([p.p50, p.p90, p.p95, p.p99, p.p999].map(|value| value.is_some()), said, "{n} samples");
            assert!(p.mean.is_some() && p.max.is_some(), "{n} samples");
        }
    }

    #[test]
    fn no_sample_says_nothing() {
        assert_eq!(Percentiles::of(None), Percentiles::default());
        assert_eq!(Percentiles::of(Some(&ramp(0))), Percentiles::default());
    }
}

//! When requests are due in an open loop: a schedule that knows nothing of the load it makes.

use benchmark_protocol::workload::Draws;
use clap::ValueEnum;

/// Nanoseconds in a second.
const SECOND_NS: f64 = 1e9;

/// How due instants lie apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Process {
    /// Evenly.
    Constant,
    /// As independent callers come: exponential gaps.
    Poisson,
}

impl Process {
    /// As its flag takes it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Constant => "constant",
            Self::Poisson => "poisson",
        }
    }
}

/// The due instants of one replica in order, in nanoseconds since `start`. It never ends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arrivals {
    /// Requests per second.
    rate: f64,
    next: u64,
    spacing: Spacing,
}

#[derive(Clone, Copy, Debug)]
enum Spacing {
    /// The k-th is due at offset + k / rate, computed anew for each: nothing adds up.
    Constant { offset_ns: f64 },
    /// The sum of the gaps so far. A rounding error is some 1e-16 of the sum: below 1 ns after a hundred hours.
    Poisson { draws: Draws, elapsed_ns: f64 },
}

impl Arrivals {
    /// Evenly spaced ones; `offset_ns` keeps those of several replicas apart.
    pub(crate) const fn constant(rate: f64, offset_ns: u64) -> Self {
        Self { rate, next: 0, spacing: Spacing::Constant { offset_ns: offset_ns as f64 } }
    }

    /// Those of a Poisson process, drawn from the run's seed.
    pub(crate) const fn poisson(rate: f64, draws: Draws) -> Self {
        Self { rate, next: 0, spacing: Spacing::Poisson { draws, elapsed_ns: 0.0 } }
    }

    /// How long the window is in which `requests` become due, once so much of the schedule has passed: up to the instant at which
    /// one more would be. So the last one has its gap too, in which to be issued, and requests / window is the rate.
    pub(crate) fn window_ns(self, warmup_ns: u64, requests: u64) -> u64 {
        let next = usize::try_from(requests).unwrap_or(usize::MAX);
        self.skip_while(|due_ns| *due_ns < warmup_ns).nth(next).unwrap_or(u64::MAX) - warmup_ns
    }
}

impl Iterator for Arrivals {
    type Item = u64;

    fn next(&mut self) -> Option<u64> {
        let due_ns = match &mut self.spacing {
            Spacing::Constant { offset_ns } => *offset_ns + self.next as f64 * SECOND_NS / self.rate,
            Spacing::Poisson { draws, elapsed_ns } => {
                *elapsed_ns += draws.gap(self.next) * SECOND_NS / self.rate;
                *elapsed_ns
            }
        };
        self.next += 1;
        Some(due_ns.round() as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NUMBER: usize = 100_000;

    fn gaps_us(rate: f64, draws: Draws) -> Vec<f64> {
        let due: Vec<u64> = Arrivals::poisson(rate, draws).take(NUMBER + 1).collect();
        due.windows(2).map(|pair| (pair[1] - pair[0]) as f64 / 1e3).collect()
    }

    #[test]
    fn a_constant_schedule_does_not_drift_over_ten_million_arrivals() {
        // 3 / 7 of a microsecond is no whole number of nanoseconds: what a rounded gap would add up is seen at once.
        let rate = 7e6 / 3.0;
        for (index, due_ns) in Arrivals::constant(rate, 500).take(10_000_000).enumerate() {
            let exact_ns = 500.0 + (index as u64 * 3_000) as f64 / 7.0;
            assert!((due_ns as f64 - exact_ns).abs() <= 0.51, "the {index}th is due at {due_ns}, not {exact_ns}");
        }
    }

    #[test]
    fn poisson_gaps_are_exponential() {
        let mut gaps = gaps_us(1_000.0, Draws::new(1, 0));
        let mean = gaps.iter().sum::<f64>() / NUMBER as f64;
        gaps.sort_unstable_by(f64::total_cmp);
        // The quantile q of an exponential distribution is -ln(1 - q) times its mean.
        for (got, wanted) in [(mean, 1_000.0), (gaps[NUMBER / 2], 693.1), (gaps[NUMBER / 100 * 99], 4_605.2)] {
            assert!((got / wanted - 1.0).abs() < 0.03, "{got} us instead of {wanted}");
        }
    }

    #[test]
    fn equal_seeds_give_equal_schedules_and_replicas_different_ones() {
        let first = gaps_us(1_000.0, Draws::new(7, 0));
        assert_eq!(first, gaps_us(1_000.0, Draws::new(7, 0)));
        assert_ne!(first, gaps_us(1_000.0, Draws::new(7, 1)));
        assert_ne!(first, gaps_us(1_000.0, Draws::new(8, 0)));
    }

    #[test]
    fn a_counted_window_ends_as_one_more_request_would_be_due() {
        let arrivals = Arrivals::constant(1_000.0, 0);
        // Due at 0, 1, 2, ... ms; of a window that opens at 2.5 ms the first is due at 3, the tenth at 12.
        assert_eq!(arrivals.window_ns(2_500_000, 10), 10_500_000);
        let poisson = Arrivals::poisson(1_000.0, Draws::new(1, 0));
        let end_ns = 2_500_000 + poisson.window_ns(2_500_000, 10);
        assert_eq!(poisson.take_while(|due_ns| *due_ns < end_ns).filter(|due_ns| *due_ns >= 2_500_000).count(), 10);
    }
}

//! Reported percentiles against the delays that the origin delivered, with the theoretical value and its order-statistic interval beside.

use std::time::Duration;

use benchmark_protocol::inject::Latency;
use hdrhistogram::Histogram;

/// How far a reported percentile may lie from the delivered one: this share of it ...
const BAND_SHARE: f64 = 0.03;

/// ... or this much, in milliseconds, whichever is more.
const BAND_MS: f64 = 0.3;

/// How far the p99 of a stall may lie from what arithmetic says, as a share.
const STALL_BAND: f64 = 0.05;

/// The percentiles looked at, as (name, share, samples needed so that 10 lie beyond).
const PERCENTILES: [(&str, f64, u64); 4] =
    [("p50", 0.5, 20), ("p90", 0.9, 100), ("p99", 0.99, 1_000), ("p99.9", 0.999, 10_000)];

/// The 99 % two-sided quantile of the standard normal distribution.
const NORMAL_99: f64 = 2.575_829;

/// What somebody says of the latencies that it measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reported {
    /// Requests behind the percentiles.
    pub number: u64,
    /// p50, p90, p99 and p99.9 in milliseconds; `None` for one that it does not say.
    pub percentiles: [Option<f64>; 4],
}

impl Reported {
    /// What a histogram of nanoseconds says.
    #[must_use]
    pub fn of(histogram: &Histogram<u64>) -> Self {
        let percentile = |(_, share, _): (&str, f64, u64)| Some(histogram.value_at_quantile(share) as f64 / 1e6);
        Self { number: histogram.len(), percentiles: PERCENTILES.map(percentile) }
    }
}

/// A stall of the origin in a window of an open loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stall {
    /// How long bytes are withheld.
    pub length: Duration,
    /// The window.
    pub window: Duration,
}

/// One percentile: what was reported beside what is true. All times in milliseconds.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// `p99`.
    pub percentile: &'static str,
    /// What was reported; `None` where the reporter does not say it.
    pub reported: Option<f64>,
    /// What the origin delivered, or what arithmetic says of a stall.
    pub truth: f64,
    /// How far the two may be apart.
    pub band: f64,
    /// The quantile of the distribution that was drawn from.
    pub theory: Option<f64>,
    /// Where the quantile of that many draws lies with 99 % confidence.
    pub interval: Option<(f64, f64)>,
}

impl Line {
    /// Whether what was reported lies inside the band; `None` where nothing was.
    #[must_use]
    pub fn inside(&self) -> Option<bool> {
        self.reported.map(|reported| (reported - self.truth).abs() <= self.band)
    }
}

/// A case held against the truth.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    /// Requests behind the percentiles.
    pub number: u64,
    /// Each percentile that has samples enough.
    pub lines: Vec<Line>,
}

impl Judged {
    /// Whether every percentile that was reported lies inside its band.
    #[must_use]
    pub fn inside(&self) -> bool {
        self.lines.iter().all(|line| line.inside() != Some(false))
    }
}

/// Holds reported percentiles against delivered delays (nanoseconds).
#[must_use]
pub fn judge(reported: &Reported, delivered: &Histogram<u64>, drawn_from: Option<&Latency>) -> Judged {
    let number = reported.number.min(delivered.len());
    let looked_at = PERCENTILES.into_iter().zip(reported.percentiles).filter(|((.., needed), _)| number >= *needed);
    let lines = looked_at.map(|((percentile, share, _), reported)| {
        let truth = delivered.value_at_quantile(share) as f64 / 1e6;
        let quantile = |latency: &Latency, share: f64| latency.quantile(share).as_secs_f64() * 1e3;
        Line {
            percentile,
            reported,
            truth,
            band: (truth * BAND_SHARE).max(BAND_MS),
            theory: drawn_from.map(|latency| quantile(latency, share)),
            interval: drawn_from.map(|latency| {
                let (low, high) = order_statistic(share, delivered.len());
                (quantile(latency, low), quantile(latency, high))
            }),
        }
    });
    Judged { number: reported.number, lines: lines.collect() }
}

/// Holds the p99 of an open loop that met a stall against arithmetic: requests due within the stall wait for its end, evenly spread from
/// its whole length down to nothing. The slowest 1 % of the window's are due in the first `window / 100` of it.
#[must_use]
pub fn judge_stall(reported: &Reported, stall: Stall) -> Judged {
    let truth = (stall.length.as_secs_f64() - stall.window.as_secs_f64() / 100.0) * 1e3;
    let line = Line {
        percentile: "p99",
        reported: reported.percentiles[2],
        truth,
        band: truth * STALL_BAND,
        theory: Some(truth),
        interval: None,
    };
    Judged { number: reported.number, lines: vec![line] }
}

/// The shares between which the empirical quantile of `number` draws lies with 99 % confidence: how many of them are below the true
/// quantile is binomial (David and Nagaraja, Order Statistics, 2003, section 7.1; normal approximation with half a rank to either side).
fn order_statistic(share: f64, number: u64) -> (f64, f64) {
    let number = number as f64;
    let half = (NORMAL_99 * (share * (1.0 - share) * number).sqrt() + 0.5) / number;
    ((share - half).max(0.0), (share + half).min(1.0 - 1.0 / number))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: impl IntoIterator<Item = u64>) -> Histogram<u64> {
        let mut histogram = Histogram::new_with_bounds(1, 60_000_000_000, 3).unwrap();
        values.into_iter().for_each(|value| histogram.record(value).unwrap());
        histogram
    }

    fn said(ms: f64, number: u64) -> Reported {
        Reported { number, percentiles: [Some(ms); 4] }
    }

    #[test]
    fn a_report_may_be_off_by_the_larger_of_two_bands() {
        let delivered = of(std::iter::repeat_n(5_000_000, 1_000));
        let judged = |ms: f64| judge(&said(ms, 1_000), &delivered, None);
        assert!(judged(5.29).inside());
        assert!(!judged(5.32).inside());
        let slow = of(std::iter::repeat_n(100_000_000, 1_000));
        assert!(judge(&said(102.9, 1_000), &slow, None).inside());
        assert!(!judge(&said(96.0, 1_000), &slow, None).inside());
    }

    #[test]
    fn percentiles_without_samples_are_not_judged() {
        let names = |number: usize| {
            let judged = judge(&said(5.0, number as u64), &of(std::iter::repeat_n(5_000_000, number)), None);
            judged.lines.iter().map(|line| line.percentile).collect::<Vec<_>>()
        };
        assert_eq!(names(10_000), ["p50", "p90", "p99", "p99.9"]);
        assert_eq!(names(9_999), ["p50", "p90", "p99"]);
        assert_eq!(names(19), Vec::<&str>::new());
    }

    #[test]
    fn the_theoretical_value_stands_beside_with_its_interval() {
        let latency = Latency::Pareto { scale: Duration::from_millis(1), shape: 1.5 };
        let silent = Reported { number: 10_000, percentiles: [None; 4] };
        let judged = judge(&silent, &of(std::iter::repeat_n(2_000_000, 10_000)), Some(&latency));
        // 1 ms / 0.01^(2/3)
        let p99 = &judged.lines[2];
        assert!((p99.theory.unwrap() - 21.544).abs() < 0.001, "{p99:?}");
        // Ranks 9,900 -+ 2.576 x 9.95 -+ 0.5: shares 0.98739 and 0.99261.
        let (low, high) = p99.interval.unwrap();
        assert!((low - 18.459).abs() < 0.02 && (high - 26.38).abs() < 0.03, "{low} {high}");
        assert_eq!(p99.inside(), None);
    }

    #[test]
    fn a_client_that_hides_the_stall_is_outside() {
        let stall = Stall { length: Duration::from_secs(1), window: Duration::from_secs(5) };
        // 1,000/s: 4,000 fast requests, and 1,000 that wait for 1 ms, 2 ms, ... 1 s.
        let honest = of(std::iter::repeat_n(500_000, 4_000).chain((1..=1_000).map(|ms| ms * 1_000_000)));
        let judged = judge_stall(&Reported::of(&honest), stall);
        assert_eq!(judged.lines[0].truth, 950.0);
        assert!(judged.inside(), "{judged:?}");
        // A closed loop of 16: only those in flight waited.
        let omitting = of(std::iter::repeat_n(500_000, 4_984).chain(std::iter::repeat_n(1_000_000_000, 16)));
        assert!(!judge_stall(&Reported::of(&omitting), stall).inside());
    }
}

//! Confidence intervals of geometric means and of ratios.

use serde::Serialize;

use super::student::quantile;
use super::{CONFIDENCE, LEAST_TRIALS};

/// A geometric mean or a ratio with its interval. Symmetric in logarithms: `value / low = high / value`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Interval {
    /// The best guess.
    pub value: f64,
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

impl Interval {
    /// The geometric mean of the trials of one case; `None` below [`LEAST_TRIALS`].
    #[must_use]
    pub fn of(values: &[f64]) -> Option<Self> {
        Self::of_trials(CONFIDENCE, values)
    }

    /// The same at the level that a campaign's early end needs ([`super::Until::level`]).
    #[must_use]
    pub fn of_trials(level: f64, values: &[f64]) -> Option<Self> {
        if values.len() < LEAST_TRIALS { None } else { Self::at(level, values) }
    }

    /// The same at any level, from two values on: `exp(mean(ln x) ± t(n - 1) s / sqrt(n))`.
    pub(super) fn at(level: f64, values: &[f64]) -> Option<Self> {
        let logs = Moments::of(values.iter().map(|value| value.ln()))?;
        Some(Self::around(logs.mean, logs.standard_error(), quantile(level, logs.degrees())))
    }

    /// The ratio `b / a` of values that belong together pair by pair, `(a, b)`; from two pairs on. What moved both sides of a pair
    /// alike cancels out.
    pub(super) fn of_pairs(pairs: &[(f64, f64)]) -> Option<Self> {
        let logs = Moments::of(pairs.iter().map(|(a, b)| (b / a).ln()))?;
        Some(Self::around(logs.mean, logs.standard_error(), quantile(CONFIDENCE, logs.degrees())))
    }

    /// The ratio `b / a` of two independent series, each from two values on, with the degrees of freedom of Welch (1947) and
    /// Satterthwaite (1946): `(va + vb)² / (va² / (na - 1) + vb² / (nb - 1))`, where `v` is a squared standard error.
    pub(super) fn of_series(a: &[f64], b: &[f64]) -> Option<Self> {
        let (a, b) = (Moments::of(a.iter().map(|x| x.ln()))?, Moments::of(b.iter().map(|x| x.ln()))?);
        let (va, vb) = (a.standard_error().powi(2), b.standard_error().powi(2));
        let satterthwaite = (va + vb).powi(2) / (va.powi(2) / a.degrees() + vb.powi(2) / b.degrees());
        // Two series without any spread have no width, whatever their degrees of freedom.
        let degrees = if satterthwaite.is_finite() { satterthwaite } else { a.degrees() + b.degrees() };
        Some(Self::around(b.mean - a.mean, (va + vb).sqrt(), quantile(CONFIDENCE, degrees)))
    }

    fn around(mean: f64, standard_error: f64, quantile: f64) -> Self {
        let half_width = quantile * standard_error;
        Self { value: mean.exp(), low: (mean - half_width).exp(), high: (mean + half_width).exp() }
    }

    /// From the value to the upper end, as a share of the value: the longer one of the two sides.
    #[must_use]
    pub fn half_width(&self) -> f64 {
        self.high / self.value - 1.0
    }
}

/// The trials' spread: their sample standard deviation (divisor n - 1) as a share of their mean; from two trials on.
#[must_use]
pub fn variation(values: &[f64]) -> Option<f64> {
    let moments = Moments::of(values.iter().copied())?;
    Some(moments.variance.sqrt() / moments.mean)
}

/// Mean and sample variance of two values or more.
struct Moments {
    n: f64,
    mean: f64,
    variance: f64,
}

impl Moments {
    fn of(values: impl ExactSizeIterator<Item = f64> + Clone) -> Option<Self> {
        if values.len() < 2 {
            return None;
        }
        let n = values.len() as f64;
        let mean = values.clone().sum::<f64>() / n;
        let variance = values.map(|value| (value - mean).powi(2)).sum::<f64>() / (n - 1.0);
        Some(Self { n, mean, variance })
    }

    fn degrees(&self) -> f64 {
        self.n - 1.0
    }

    fn standard_error(&self) -> f64 {
        (self.variance / self.n).sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(actual: f64, expected: f64) {
        assert!((actual - expected).abs() < 1e-5, "{actual} is not {expected}");
    }

    /// e^x for each.
    fn exp(logs: &[f64]) -> Vec<f64> {
        logs.iter().map(|log| log.exp()).collect()
    }

    #[test]
    fn a_case_has_the_interval_that_is_computed_by_hand() {
        // Deviations from 7.00: -0.02, -0.01, 0, 0.01, 0.02; squares sum to 0.001; s = sqrt(0.001 / 4) = 0.0158114;
        // standard error s / sqrt(5) = 0.00707107; t(4) at 99 % = 4.604095; half-width 0.0325559 in logarithms.
        let interval = Interval::of(&exp(&[6.98, 6.99, 7.00, 7.01, 7.02])).unwrap();
        near(interval.value.ln(), 7.0);
        near(interval.high.ln() - 7.0, 0.032_556);
        near(interval.low.ln() - 7.0, -0.032_556);
        near(interval.half_width(), 0.033_092); // e^0.0325559 - 1
        assert_eq!(Interval::of(&[1.0; 4]), None);
    }

    #[test]
    fn pairs_forget_what_moved_both_sides_alike() {
        // Each block is 10 % off the one before, b is always 2 % above a: no noise is left.
        let pairs: Vec<_> = (0..5).map(|block| 1.1_f64.powi(block)).map(|a| (a, a * 1.02)).collect();
        let paired = Interval::of_pairs(&pairs).unwrap();
        near(paired.value, 1.02);
        near(paired.half_width(), 0.0);
        let (a, b): (Vec<f64>, Vec<f64>) = pairs.into_iter().unzip();
        assert!(Interval::of_series(&a, &b).unwrap().half_width() > 0.3);
    }

    #[test]
    fn two_series_have_the_interval_of_welch() {
        // a: mean 1.00, squares 0.001, v = 0.001 / 4 / 5 = 0.00005. b: mean 1.10, deviations ±0.04, ±0.02, 0, squares 0.004,
        // v = 0.0002. Standard error sqrt(0.00025) = 0.0158114; degrees 0.00025² / (0.00005² / 4 + 0.0002² / 4) = 5.882353;
        // t there at 99 % = 3.739 (by linear interpolation of the table's 4.032 at 5 and 3.707 at 6: 3.745).
        let a = exp(&[0.98, 0.99, 1.00, 1.01, 1.02]);
        let b = exp(&[1.06, 1.08, 1.10, 1.12, 1.14]);
        let interval = Interval::of_series(&a, &b).unwrap();
        near(interval.value.ln(), 0.1);
        let t = (interval.high.ln() - 0.1) / 0.015_811_39;
        assert!((3.73..3.746).contains(&t), "{t}");
    }

    #[test]
    fn series_without_spread_have_no_width() {
        let interval = Interval::of_series(&[2.0; 5], &[3.0; 5]).unwrap();
        near(interval.value, 1.5);
        near(interval.half_width(), 0.0);
    }

    #[test]
    fn the_spread_is_a_share_of_the_mean() {
        // Mean 100, deviations ±10: s = sqrt(200 / 1).
        near(variation(&[90.0, 110.0]).unwrap(), 0.141_421);
        assert_eq!(variation(&[90.0]), None);
    }
}

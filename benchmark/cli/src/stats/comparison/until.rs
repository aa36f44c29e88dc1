//! The early stop of `--until`: when every interval is narrow enough.

use super::interval::Interval;
use super::{CONFIDENCE, LEAST_TRIALS};

/// How narrow intervals are to be, and when that is looked at.
///
/// Whoever looks after every block and stops at the first narrow interval stops too soon: the spread is narrow by chance at some time.
/// Looks are therefore few and fixed beforehand, each some 1.4 times as many trials as the one before (5, 7, 10, 14, 20, 28, 40, ...), and
/// each takes its interval at the level `1 - 1 % / looks` (Bonferroni). By the union bound the true value then lies off by more than the
/// asked share in at most 1 % of campaigns, whichever look ends them, and whatever the noise is that a t interval holds for.
#[derive(Clone, Debug, PartialEq)]
pub struct Until {
    share: f64,
    looks: Vec<u32>,
}

impl Until {
    /// Intervals of `±share` (0.02 is 2 %), in a campaign of `most_trials` at most.
    #[must_use]
    pub fn new(share: f64, most_trials: u32) -> Self {
        // 5, 7, 10, 14, ...: each pair of looks doubles. The last block of all needs no look: the campaign ends there anyway.
        let doubled =
            std::iter::successors(Some([5_u32, 7]), |pair| Some([pair[0].checked_mul(2)?, pair[1].checked_mul(2)?]));
        Self { share, looks: doubled.flatten().take_while(|look| *look < most_trials).collect() }
    }

    /// The blocks after which it looks.
    #[must_use]
    pub fn looks(&self) -> &[u32] {
        &self.looks
    }

    /// The level of the interval at each look.
    #[must_use]
    pub fn level(&self) -> f64 {
        1.0 - (1.0 - CONFIDENCE) / self.looks.len().max(1) as f64
    }

    /// Whether the campaign may end after this block. `series` holds the values so far of each case and metric that is to be narrow
    /// (ok requests/s and CPU us/request), those of valid runs. A series without any value, of a case that is invalid every time,
    /// holds nobody up; one with fewer than 5 is not narrow.
    #[must_use]
    pub fn is_reached(&self, trial: u32, series: &[Vec<f64>]) -> bool {
        self.looks.contains(&trial)
            && series.iter().any(|values| !values.is_empty())
            && series.iter().filter(|values| !values.is_empty()).all(|values| self.is_narrow(values))
    }

    fn is_narrow(&self, values: &[f64]) -> bool {
        values.len() >= LEAST_TRIALS
            && Interval::at(self.level(), values).is_some_and(|interval| interval.half_width() <= self.share)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_are_fixed_and_come_before_the_end() {
        assert_eq!(Until::new(0.02, 5).looks(), [0; 0]);
        assert_eq!(Until::new(0.02, 6).looks(), [5]);
        assert_eq!(Until::new(0.02, 20).looks(), [5, 7, 10, 14]);
        assert_eq!(Until::new(0.02, 100).looks(), [5, 7, 10, 14, 20, 28, 40, 56, 80]);
        assert!((Until::new(0.02, 20).level() - 0.9975).abs() < 1e-12);
    }

    #[test]
    fn every_interval_must_be_narrow_at_a_look() {
        let until = Until::new(0.02, 20);
        let narrow = vec![100.0, 100.1, 99.9, 100.0, 100.1];
        let wide = vec![100.0, 110.0, 90.0, 100.0, 105.0];
        assert!(until.is_reached(5, &[narrow.clone(), narrow.clone()]));
        assert!(!until.is_reached(6, &[narrow.clone(), narrow.clone()]), "6 is no look");
        assert!(!until.is_reached(5, &[narrow.clone(), wide]));
        assert!(
            until.is_reached(5, &[narrow.clone(), Vec::new()]),
            "nothing to wait for in a case that never succeeds"
        );
        assert!(!until.is_reached(5, &[narrow.clone(), narrow[..4].to_vec()]));
        assert!(!until.is_reached(5, &[Vec::new()]) && !until.is_reached(5, &[]));
    }

    #[test]
    fn the_interval_of_a_look_is_wider_than_the_one_that_is_shown() {
        // Deviations of ±1 % and ±0.5 %: s = 0.79 %, standard error 0.354 %; t(4) is 4.604 at 99 %, 6.758 at 99.75 %.
        let values = [0.99, 0.995, 1.0, 1.005, 1.01].map(|x: f64| x * 100.0).to_vec();
        assert!(Interval::of(&values).unwrap().half_width() < 0.0165);
        assert!(!Until::new(0.0235, 20).is_reached(5, &[values.clone()]));
        assert!(Until::new(0.0245, 20).is_reached(5, &[values]));
    }
}

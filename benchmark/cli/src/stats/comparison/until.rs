//! The early stop of `--until`: when every interval is narrow enough.

use super::interval::Interval;
use super::{CONFIDENCE, LEAST_TRIALS};

/// How narrow intervals are to be, and when that is looked at.
///
/// Whoever looks after every block and stops at the first narrow interval stops too soon: the spread is narrow by chance at some time.
/// Looks are therefore few and fixed beforehand, each some 1.4 times as many trials as the one before (5, 7, 10, 14, 20, 28, 40, ... and the
/// last block of all), and each takes its interval at the level `1 - 1 % / looks` (Bonferroni). By the union bound that interval misses the
/// truth in at most 1 % of campaigns, whichever look ends them, and whatever the noise is that a t interval holds for.
///
/// The interval to show for such a campaign is [`Until::interval`]: one at 99 % would hold the truth in some 98 % only, as what ended the
/// campaign is that its trials were close together (`examples/simulate`).
#[derive(Clone, Debug, PartialEq)]
pub struct Until {
    share: f64,
    looks: Vec<u32>,
}

impl Until {
    /// Intervals of `±share` (0.02 is 2 %), in a campaign of `most_trials` at most.
    #[must_use]
    pub fn new(share: f64, most_trials: u32) -> Self {
        // 5, 7, 10, 14, ...: each pair of looks doubles.
        let pairs =
            std::iter::successors(Some([5_u32, 7]), |pair| Some([pair[0].checked_mul(2)?, pair[1].checked_mul(2)?]));
        let mut looks: Vec<u32> = pairs.flatten().take_while(|look| *look < most_trials).collect();
        looks.push(most_trials);
        Self { share, looks }
    }

    /// The blocks after which it looks; the last one is the campaign's last.
    #[must_use]
    pub fn looks(&self) -> &[u32] {
        &self.looks
    }

    /// The level of the interval at each look.
    #[must_use]
    pub fn level(&self) -> f64 {
        1.0 - (1.0 - CONFIDENCE) / self.looks.len() as f64
    }

    /// The interval of the trials of one case, at that level; `None` below 5.
    #[must_use]
    pub fn interval(&self, values: &[f64]) -> Option<Interval> {
        if values.len() < LEAST_TRIALS { None } else { Interval::at(self.level(), values) }
    }

    /// Whether the campaign may end after this block. `series` holds the values so far of each case and metric that is to be narrow
    /// (ok requests/s and CPU us/request), those of valid runs. A series without any value, of a case that is invalid every time,
    /// holds nobody up; one with fewer than 5 is not narrow.
    #[must_use]
    pub fn is_reached(&self, trial: u32, series: &[Vec<f64>]) -> bool {
        let mut measured = series.iter().filter(|values| !values.is_empty()).peekable();
        self.looks.contains(&trial)
            && measured.peek().is_some()
            && measured.all(|values| self.interval(values).is_some_and(|interval| interval.half_width() <= self.share))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_are_fixed_up_to_the_end() {
        assert_eq!(Until::new(0.02, 3).looks(), [3]);
        assert_eq!(Until::new(0.02, 6).looks(), [5, 6]);
        assert_eq!(Until::new(0.02, 14).looks(), [5, 7, 10, 14]);
        assert_eq!(Until::new(0.02, 100).looks(), [5, 7, 10, 14, 20, 28, 40, 56, 80, 100]);
        assert!((Until::new(0.02, 14).level() - 0.9975).abs() < 1e-12);
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
        assert!(!Until::new(0.0235, 14).is_reached(5, std::slice::from_ref(&values)));
        assert!(Until::new(0.0245, 14).is_reached(5, &[values]));
    }
}

//! The A/A pair: the baseline against itself, in every block. What differs there is noise that the blocks did not even out.

use super::interval::Interval;
use super::metric::Metric;
use super::trials::Trials;
use super::verdict::Verdict;

/// The baseline against its twin.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Twins {
    /// Twin / baseline by ok requests/s.
    pub rate: Interval,
    /// The same by CPU time per request.
    pub cpu: Interval,
}

impl Twins {
    /// `None` where fewer blocks than a verdict needs have both. An origin at its limit is no excuse here: both had the same one.
    #[must_use]
    pub fn of(baseline: &Trials, twin: &Trials) -> Option<Self> {
        let ratio = |metric| {
            let pairs = baseline.pairs(twin, metric);
            Interval::of_pairs(&pairs).filter(|_| pairs.len() >= super::LEAST_TRIALS)
        };
        Some(Self { rate: ratio(Metric::Rate)?, cpu: ratio(Metric::Cpu)? })
    }

    /// Whether A differs from A: the campaign is noisy, and its other verdicts are to be doubted.
    #[must_use]
    pub fn differ(&self) -> bool {
        Verdict::of(Metric::Rate, &self.rate).is_different() || Verdict::of(Metric::Cpu, &self.cpu).is_different()
    }
}

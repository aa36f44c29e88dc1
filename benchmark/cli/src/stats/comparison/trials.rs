//! The trials of a case, as comparisons see them.

use std::collections::BTreeMap;

use super::metric::Metric;
use crate::stats::Summary;

/// The trial of a run that measures a capacity: it comes before the blocks, and belongs to none.
pub const BEFORE_THE_BLOCKS: u32 = 0;

/// What each block gave for one case. An invalid run is no figure: it is counted, and its values are left out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trials {
    /// For each metric, in the order of [`Metric::ALL`]: values by trial.
    values: [BTreeMap<u32, f64>; Metric::ALL.len()],
    /// How many runs there were.
    pub runs: usize,
    /// How many of them were invalid.
    pub invalid: usize,
    /// Whether the origin was at its limit in a valid one.
    pub origin_bound: bool,
}

impl Trials {
    /// Adds a run: its trial (the block it ran in), why it is invalid, its marks and what it measured. [`BEFORE_THE_BLOCKS`] is
    /// none of them.
    pub fn add(&mut self, trial: u32, invalid_reasons: &[String], marks: &[String], summary: &Summary) {
        if trial == BEFORE_THE_BLOCKS {
            return;
        }
        self.runs += 1;
        if !invalid_reasons.is_empty() {
            self.invalid += 1;
            return;
        }
        self.origin_bound |= marks.iter().any(|mark| mark.starts_with("origin_bound"));
        for (metric, values) in Metric::ALL.into_iter().zip(&mut self.values) {
            values.extend(metric.of(summary).map(|value| (trial, value)));
        }
    }

    /// The values of a metric, in the order of the blocks.
    #[must_use]
    pub fn values(&self, metric: Metric) -> Vec<f64> {
        self.by_trial(metric).values().copied().collect()
    }

    /// The same of the blocks in which the other one has a value too: `(own, other's)`.
    pub(super) fn pairs(&self, other: &Self, metric: Metric) -> Vec<(f64, f64)> {
        let others = other.by_trial(metric);
        self.by_trial(metric).iter().filter_map(|(trial, own)| Some((*own, *others.get(trial)?))).collect()
    }

    fn by_trial(&self, metric: Metric) -> &BTreeMap<u32, f64> {
        &self.values[metric as usize]
    }
}

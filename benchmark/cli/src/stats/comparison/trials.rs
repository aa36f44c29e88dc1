//! The trials of a case, as comparisons see them.

use std::collections::BTreeMap;

use super::metric::Metric;
use crate::stats::{Summary, geometric_mean};

/// The trial of a run that measures a capacity: it comes before the blocks, and belongs to none.
pub const BEFORE_THE_BLOCKS: u32 = 0;

/// What each block gave for one case. A trial with an invalid run is no figure: the run is counted, and the trial's values are left
/// out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trials {
    /// By their number.
    trials: BTreeMap<u32, Trial>,
    /// How many runs there were.
    pub runs: usize,
    /// How many of them were invalid.
    pub invalid: usize,
    /// Whether the origin was at its limit in a valid one.
    pub origin_bound: bool,
}

/// What was found of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// Whether it is valid.
    pub valid: bool,
    /// Whether the origin was at its limit.
    pub origin_bound: bool,
}

/// The runs of one block: as many as it had passes.
#[derive(Clone, Debug, Default, PartialEq)]
struct Trial {
    /// For each metric, in the order of [`Metric::ALL`]: what each valid run gave.
    values: [Vec<f64>; Metric::ALL.len()],
    invalid: bool,
}

impl Trials {
    /// Adds a run: its trial (the block it ran in), what was found of it and what it measured. [`BEFORE_THE_BLOCKS`] is no trial.
    pub fn add(&mut self, trial: u32, found: Found, summary: &Summary) {
        if trial == BEFORE_THE_BLOCKS {
            return;
        }
        self.runs += 1;
        let trial = self.trials.entry(trial).or_default();
        if !found.valid {
            self.invalid += 1;
            trial.invalid = true;
            return;
        }
        self.origin_bound |= found.origin_bound;
        for (metric, values) in Metric::ALL.into_iter().zip(&mut trial.values) {
            values.extend(metric.of(summary));
        }
    }

    /// How many trials there were, the invalid ones among them.
    #[must_use]
    pub fn count(&self) -> usize {
        self.trials.len()
    }

    /// The values of a metric, in the order of the blocks.
    #[must_use]
    pub fn values(&self, metric: Metric) -> Vec<f64> {
        self.by_trial(metric).into_values().collect()
    }

    /// The same of the blocks up to this one: what a look after it sees, whenever it looks.
    #[must_use]
    pub fn values_until(&self, metric: Metric, block: u32) -> Vec<f64> {
        self.by_trial(metric).range(..=block).map(|(_, value)| *value).collect()
    }

    /// The same of the blocks in which the other one has a value too: `(own, other's)`.
    pub(super) fn pairs(&self, other: &Self, metric: Metric) -> Vec<(f64, f64)> {
        let others = other.by_trial(metric);
        self.by_trial(metric).iter().filter_map(|(trial, own)| Some((*own, *others.get(trial)?))).collect()
    }

    /// A trial of several runs is worth their geometric mean, so that the logarithm of a pair's ratio is the mean over its passes.
    fn by_trial(&self, metric: Metric) -> BTreeMap<u32, f64> {
        let valid = self.trials.iter().filter(|(_, trial)| !trial.invalid);
        let value = |(number, trial): (&u32, &Trial)| Some((*number, geometric_mean(&trial.values[metric as usize])?));
        valid.filter_map(value).collect()
    }
}

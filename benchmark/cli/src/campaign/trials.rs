//! What the trials so far say: whether they are enough, and whether the baseline agrees with itself.

use super::Finished;
use crate::case::Case;
use crate::run::{Mark, NoisyPair};
use crate::stats::comparison::{Metric, Trials, Twins, Until};

/// What each block of a campaign gave for one of its cases.
#[must_use]
pub fn trials_of(finished: &[Finished], case: &Case) -> Trials {
    let mut trials = Trials::default();
    for (run, summary) in finished.iter().filter(|(run, _)| run.case == *case) {
        trials.add(run.trial, run.found(), &summary.total);
    }
    trials
}

/// Whether the intervals of every case are narrow enough after this block.
pub(super) fn are_enough(until: &Until, trial: u32, cases: &[Case], finished: &[Finished]) -> bool {
    let series: Vec<Vec<f64>> = cases
        .iter()
        .map(|case| trials_of(finished, case))
        .flat_map(|trials| [Metric::Rate, Metric::Cpu].map(|metric| trials.values(metric)))
        .collect();
    until.is_reached(trial, &series)
}

/// The mark of a campaign in which the baseline differs from its twin; `None` where it does not, or has none.
pub(super) fn noise(cases: &[Case], finished: &[Finished]) -> Option<Mark> {
    let twins = cases.iter().filter(|case| case.twin);
    let differing = twins.filter_map(|twin| {
        let baseline = Case { twin: false, ..twin.clone() };
        let pair = Twins::of(&trials_of(finished, &baseline), &trials_of(finished, twin))?;
        let (rate, cpu) = (pair.rate.value, pair.cpu.value);
        pair.differ().then(|| NoisyPair { test: twin.test.name().to_owned(), rate, cpu })
    });
    let pairs: Vec<NoisyPair> = differing.collect();
    (!pairs.is_empty()).then_some(Mark::Noisy { pairs })
}

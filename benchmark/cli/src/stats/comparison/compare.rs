//! Two cases against each other.

use super::LEAST_TRIALS;
use super::interval::Interval;
use super::metric::Metric;
use super::trials::Trials;
use super::verdict::{Doubt, Verdict};
use crate::stats::geometric_mean;

/// The second of two cases relative to the first one, by one metric.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Comparison {
    /// By what they are compared.
    pub metric: Metric,
    /// Geometric means of the two, over the trials that take part.
    pub values: [Option<f64>; 2],
    /// Second / first, from two trials on.
    pub ratio: Option<Interval>,
    /// Trials of each that take part: blocks in which both have a value, or, of two campaigns, those with a value.
    pub trials: [usize; 2],
    /// What can be said.
    pub verdict: Verdict,
}

/// Two cases of one campaign, paired by block: what the machine did to a block, it did to both.
#[must_use]
pub fn paired(metric: Metric, a: &Trials, b: &Trials) -> Comparison {
    let pairs = a.pairs(b, metric);
    let (own, others): (Vec<f64>, Vec<f64>) = pairs.iter().copied().unzip();
    judged(metric, [a, b], [&own, &others], Interval::of_pairs(&pairs))
}

/// The same case of two campaigns, which have no block in common (Welch's interval).
#[must_use]
pub fn unpaired(metric: Metric, a: &Trials, b: &Trials) -> Comparison {
    let (of_a, of_b) = (a.values(metric), b.values(metric));
    judged(metric, [a, b], [&of_a, &of_b], Interval::of_series(&of_a, &of_b))
}

fn judged(metric: Metric, cases: [&Trials; 2], values: [&[f64]; 2], ratio: Option<Interval>) -> Comparison {
    let trials = values.map(<[f64]>::len);
    let verdict = match ratio {
        Some(ratio) if trials.iter().all(|trials| *trials >= LEAST_TRIALS) => {
            if metric.needs_a_free_origin() && cases.iter().any(|case| case.origin_bound) {
                Verdict::Undecided(Doubt::OriginBound)
            } else {
                Verdict::of(metric, &ratio)
            }
        }
        _ => Verdict::Undecided(Doubt::FewTrials),
    };
    Comparison { metric, values: values.map(geometric_mean), ratio, trials, verdict }
}

//! The order of cases of one workload.

use super::compare::paired;
use super::interval::Interval;
use super::metric::Metric;
use super::trials::Trials;
use super::verdict::Verdict;

/// A case in the order.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place {
    /// Which of the cases it is.
    pub case: usize,
    /// 1 + the number of cases that are decidedly faster.
    pub rank: usize,
    /// Whether another case has the same rank.
    pub tied: bool,
    /// Its own value.
    pub value: Interval,
}

/// The cases of one workload and campaign by rank, then by value. A case with an invalid run, or with too few trials for an interval, has
/// no place; and none has one but by CPU time where the origin was at its limit in a run of any of them: who came near it would be ranked
/// by how near.
///
/// A rank is 1 + the number of cases that are decidedly faster in the comparison paired by block. "Undecided" is not transitive
/// (a second case may be undecided against the first and the third, and those two differ), so that ties cannot be groups of cases
/// that are all alike; this way each rank is a statement that holds by itself: nothing is ranked behind a case that was
/// not shown to be faster. Pairs are judged one by one, at 99 % and beyond 1 % each, without a correction for their number.
#[must_use]
pub fn rank(metric: Metric, cases: &[&Trials]) -> Vec<Place> {
    if metric.needs_a_free_origin() && cases.iter().any(|trials| trials.origin_bound) {
        return Vec::new();
    }
    let ranked: Vec<(usize, &Trials, Interval)> = cases
        .iter()
        .enumerate()
        .filter(|(_, trials)| trials.invalid == 0)
        .filter_map(|(case, trials)| Some((case, *trials, Interval::of(&trials.values(metric))?)))
        .collect();
    let rank_of = |own: &Trials| {
        let is_faster = |other: &&(usize, &Trials, Interval)| paired(metric, own, other.1).verdict == Verdict::Faster;
        1 + ranked.iter().filter(is_faster).count()
    };
    let ranks: Vec<usize> = ranked.iter().map(|(_, trials, _)| rank_of(trials)).collect();
    let is_tied = |rank: usize| ranks.iter().filter(|other| **other == rank).count() > 1;
    let mut places: Vec<Place> = ranked
        .iter()
        .zip(&ranks)
        .map(|((case, _, value), rank)| Place { case: *case, rank: *rank, tied: is_tied(*rank), value: *value })
        .collect();
    places.sort_by(|a, b| {
        let best_first = a.value.value.total_cmp(&b.value.value);
        a.rank.cmp(&b.rank).then(if metric.more_is_faster() { best_first.reverse() } else { best_first })
    });
    places
}

impl Place {
    /// As it is written: `1`, `2=`.
    #[must_use]
    pub fn label(&self) -> String {
        format!("{}{}", self.rank, if self.tied { "=" } else { "" })
    }
}

//! How much a case carries in a closed loop: what `--rate 50%` is a share of. Measured in a campaign just before the first run that needs
//! it, so that all trials of a case run at one rate; its runs come before the blocks and belong to none.

use crate::case::{Case, Rate};
use crate::run::Reason;
use crate::store::StoredRun;

/// So many runs may try to measure a capacity: one that is invalid by chance must not spoil every row that needs it.
const TRIES: usize = 2;

/// Whether the capacity has to be measured still, given the runs that tried so far.
pub(super) fn is_missing(tries: &[StoredRun]) -> bool {
    tries.len() < TRIES && measured(tries).is_none()
}

/// The rate of a case in requests a second over all replicas, given the runs that tried to measure its capacity; `None` in a closed loop.
pub(super) fn rate(case: &Case, tries: &[StoredRun]) -> Result<Option<f64>, Reason> {
    match case.load.rate {
        None => Ok(None),
        Some(Rate::PerSecond(rate)) => Ok(Some(rate)),
        Some(Rate::OfCapacity(share)) => match measured(tries) {
            Some(capacity) => Ok(Some(capacity * share)),
            None => Err(refusal(tries)),
        },
    }
}

/// Successes a second of the first of them that is valid.
fn measured(tries: &[StoredRun]) -> Option<f64> {
    let valid = tries.iter().filter(|run| run.invalid_reasons.is_empty());
    valid.filter_map(|run| run.summary.requests_per_second()).next()
}

fn refusal(tries: &[StoredRun]) -> Reason {
    let last = tries.last();
    let because = last.map(|run| Box::new(run.invalid_reasons.first().cloned().unwrap_or(Reason::NoWindow)));
    Reason::Capacity { because, run_id: last.map(|run| run.run_id.clone()) }
}

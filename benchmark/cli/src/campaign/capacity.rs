//! How much a case carries in a closed loop: what `--rate 50%` is a share of. Measured once in a campaign, just before the first run
//! that needs it, so that all trials of a case run at one rate.

use crate::case::Case;
use crate::case::Rate;
use crate::plan::capacity_case;
use crate::run::Reason;

/// What was measured so far, each with its closed-loop case.
#[derive(Debug, Default)]
pub(super) struct Capacities(Vec<(Case, Result<f64, Reason>)>);

impl Capacities {
    /// The closed-loop case that has to be measured before this one can run.
    pub(super) fn missing(&self, case: &Case) -> Option<Case> {
        capacity_case(case).filter(|closed| !self.0.iter().any(|(known, _)| known == closed))
    }

    /// What came of measuring it: successes a second, or why there are none.
    pub(super) fn add(&mut self, closed: Case, rate: Result<f64, Reason>) {
        self.0.push((closed, rate));
    }

    /// The rate of a case in requests a second over all replicas; `None` in a closed loop.
    pub(super) fn rate(&self, case: &Case) -> Result<Option<f64>, Reason> {
        let share = match case.load.rate {
            None => return Ok(None),
            Some(Rate::PerSecond(rate)) => return Ok(Some(rate)),
            Some(Rate::OfCapacity(share)) => share,
        };
        let closed = capacity_case(case);
        let capacity = self.0.iter().find(|(known, _)| Some(known) == closed.as_ref()).map(|(_, rate)| rate);
        match capacity {
            Some(Ok(rate)) => Ok(Some(rate * share)),
            Some(Err(reason)) => Err(Reason::Capacity { because: Some(Box::new(reason.clone())) }),
            None => Err(Reason::Capacity { because: None }),
        }
    }
}

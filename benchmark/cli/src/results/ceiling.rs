//! What the baseline reached under the same conditions in the same campaign, and what a row is of it.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::error::Error;
use super::row::{CASES_AT_ONCE, Row, pooled};
use crate::library::BASELINE;
use crate::stats::Latencies;
use crate::store::{Selection, Store};

/// What a row is of its ceiling.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CeilingShare {
    /// The share: at most 1, unless the ceiling is none.
    pub share: f64,
    /// What was compared.
    pub by: CeilingBy,
}

/// By what rows are compared with their ceiling: all of those that share one by the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CeilingBy {
    /// The row's successes per second over the baseline's.
    Rate,
    /// The baseline's CPU time per request over the row's: where the origin was at its limit, rates are the origin's.
    Cpu,
}

impl CeilingBy {
    /// Its name in results.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rate => "rate",
            Self::Cpu => "cpu",
        }
    }
}

/// A campaign and a workload: rows that have both in common compare.
type Key = (i64, String);

/// The valid baselines.
#[derive(Debug, Default)]
pub(super) struct Ceilings {
    reached: HashMap<Key, Reached>,
    /// Where the origin was at its limit in some run, whichever library's.
    origin_bound: HashSet<Key>,
}

/// What a baseline reached.
#[derive(Debug)]
struct Reached {
    requests_per_second: f64,
    cpu_us_per_request: Option<f64>,
}

impl Ceilings {
    /// Those of the campaigns that are selected, whatever else is: the baseline is there also where its own rows are not wanted.
    pub(super) async fn read(store: &Store, campaigns: Selection) -> Result<Self, Error> {
        let origin_bound = store.origin_bound(campaigns.campaign_id.as_deref()).await?.into_iter().collect();
        let baseline = Selection { library: Some(BASELINE.to_owned()), ..campaigns };
        let mut reached = HashMap::new();
        for batch in store.finished_cases(&baseline).await?.chunks(CASES_AT_ONCE) {
            for case in store.read_cases(batch).await?.into_iter().filter(|case| !case.twin) {
                let row = pooled(Arc::new(case), Latencies::default());
                let rate = row.figures.requests_per_second.filter(|rate| *rate > 0.0 && row.is_valid());
                // Where two versions of the baseline ran in one campaign, the first one counts.
                if let Some(requests_per_second) = rate {
                    let cpu_us_per_request = row.figures.cpu_us_per_request;
                    reached.entry(key(&row)).or_insert(Reached { requests_per_second, cpu_us_per_request });
                }
            }
        }
        Ok(Self { reached, origin_bound })
    }

    /// What a row is of its ceiling.
    pub(super) fn share(&self, row: &Row) -> Option<CeilingShare> {
        let key = key(row);
        let ceiling = self.reached.get(&key).filter(|_| row.is_valid())?;
        let by = if self.origin_bound.contains(&key) { CeilingBy::Cpu } else { CeilingBy::Rate };
        let share = match by {
            CeilingBy::Rate => row.figures.requests_per_second? / ceiling.requests_per_second,
            CeilingBy::Cpu => ceiling.cpu_us_per_request? / row.figures.cpu_us_per_request.filter(|cpu| *cpu > 0.0)?,
        };
        Some(CeilingShare { share, by })
    }
}

fn key(row: &Row) -> Key {
    (row.case.campaign, row.case.workload_key.clone())
}

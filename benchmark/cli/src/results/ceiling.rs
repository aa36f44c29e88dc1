//! What the baseline reached under the same conditions in the same campaign.

use std::collections::HashMap;
use std::sync::Arc;

use super::error::Error;
use super::row::{CASES_AT_ONCE, Row, pooled};
use crate::library::BASELINE;
use crate::stats::Latencies;
use crate::store::{Selection, Store};

/// Its successes per second where they are valid, by campaign and workload.
#[derive(Debug, Default)]
pub(super) struct Ceilings(HashMap<(i64, String), f64>);

impl Ceilings {
    /// Those of the campaigns that are selected, whatever else is: the baseline is there also where its own rows are not wanted.
    pub(super) async fn read(store: &Store, campaigns: Selection) -> Result<Self, Error> {
        let baseline = Selection { library: Some(BASELINE.to_owned()), ..campaigns };
        let mut ceilings = HashMap::new();
        for batch in store.finished_cases(&baseline).await?.chunks(CASES_AT_ONCE) {
            for case in store.read_cases(batch).await?.into_iter().filter(|case| !case.twin) {
                let row = pooled(Arc::new(case), Latencies::default());
                let rate = row.figures.requests_per_second.filter(|rate| *rate > 0.0 && row.is_valid());
                // Where two versions of the baseline ran in one campaign, the first one counts.
                if let Some(rate) = rate {
                    ceilings.entry(key(&row)).or_insert(rate);
                }
            }
        }
        Ok(Self(ceilings))
    }

    /// A row's successes per second as a share of the baseline's.
    pub(super) fn share(&self, row: &Row) -> Option<f64> {
        let ceiling = self.0.get(&key(row)).filter(|_| row.is_valid())?;
        Some(row.figures.requests_per_second? / ceiling)
    }
}

fn key(row: &Row) -> (i64, String) {
    (row.case.campaign, row.case.workload_key.clone())
}

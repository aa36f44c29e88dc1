//! What the trials so far say: whether they are enough, and whether the baseline agrees with itself.

use crate::compare::{Pair, read, twins};
use crate::run::{Mark, NoisyPair};
use crate::stats::comparison::{Metric, Until};
use crate::store::{Error, Selection, Store};

/// Whether the intervals of every case are narrow enough after this block. A look sees the blocks up to its own, whenever it looks: a
/// campaign that goes on looks at what it would have seen then, and no further look is had.
pub(super) async fn are_enough(store: &Store, campaign_id: &str, until: &Until, block: u32) -> Result<bool, Error> {
    if !until.looks().contains(&block) {
        return Ok(false);
    }
    let (contenders, _) = read(store, &of(campaign_id)).await?;
    let series: Vec<Vec<f64>> = contenders
        .iter()
        .flat_map(|case| [Metric::Rate, Metric::Cpu].map(|metric| case.trials.values_until(metric, block)))
        .collect();
    Ok(until.is_reached(block, &series))
}

/// The mark of a campaign in which the baseline differs from its twin; `None` where it does not, or has none.
pub(super) async fn noise(store: &Store, campaign_id: &str) -> Result<Option<Mark>, Error> {
    let (_, pairs) = twins(read(store, &of(campaign_id)).await?.0);
    let differing = pairs.into_iter().filter(|pair| pair.twins.differ());
    let pairs: Vec<NoisyPair> = differing
        .map(|Pair { test, twins, .. }| NoisyPair { test, rate: twins.rate.value, cpu: twins.cpu.value })
        .collect();
    Ok((!pairs.is_empty()).then_some(Mark::Noisy { pairs }))
}

fn of(campaign_id: &str) -> Selection {
    Selection { campaign_id: Some(campaign_id.to_owned()), ..Selection::default() }
}

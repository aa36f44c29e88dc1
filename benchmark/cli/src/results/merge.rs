//! Histograms of many cases, merged on all CPUs: inflating and merging is nearly all that pooling costs, and cases do not depend on each
//! other.

use super::error::Error;
use crate::stats::{Histograms, Latencies, decode_bytes};
use crate::store::{StoredHistograms, StoredRun};

/// What `work` makes of each job, in their order.
pub(super) fn on_all_cpus<J: Sync, T: Send>(
    jobs: &[J],
    work: impl Fn(&J) -> Result<T, Error> + Sync,
) -> Result<Vec<T>, Error> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        let (share, work) = (jobs.len().div_ceil(threads).max(1), &work);
        let shares: Vec<_> =
            jobs.chunks(share).map(|jobs| scope.spawn(move || jobs.iter().map(work).collect::<Vec<_>>())).collect();
        shares.into_iter().flat_map(|share| share.join().expect("merging does not panic")).collect()
    })
}

/// The percentiles of each case's merged histograms; `stored` are those of all runs, one after the other.
pub(super) fn latencies(cases: &[&[StoredRun]], stored: &[StoredHistograms]) -> Result<Vec<Latencies>, Error> {
    let mut rest = stored;
    let mut jobs = Vec::with_capacity(cases.len());
    for runs in cases {
        let (own, others) = rest.split_at(runs.len());
        jobs.push((*runs, own));
        rest = others;
    }
    on_all_cpus(&jobs, |(runs, own)| merge(runs, own))
}

fn merge(runs: &[StoredRun], stored: &[StoredHistograms]) -> Result<Latencies, Error> {
    let mut merged = Histograms::default();
    for (run, stored) in runs.iter().zip(stored) {
        let read = |bytes: &[u8]| {
            decode_bytes(bytes).map_err(|source| Error::Histogram { run_id: run.run_id.clone(), source })
        };
        merged.add(Histograms {
            latency: read(&stored.latency)?,
            failure_latency: read(&stored.failure_latency)?,
            first_byte: read(&stored.first_byte)?,
            service_time: read(&stored.service_time)?,
            scheduling_delay: read(&stored.scheduling_delay)?,
        });
    }
    Ok(Latencies::of(&merged))
}

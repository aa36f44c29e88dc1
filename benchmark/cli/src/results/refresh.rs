//! `get-results --refresh`: asks Prometheus again about runs that lack its totals, many at a time.

use std::time::Duration;

use super::error::Error;
use super::filter::Filter;
use crate::metrics::{ContainerSeries, Prometheus, Seen};
use crate::run::Mark;
use crate::run::verdict::metrics_difference;
use crate::stats::{Observation, Totals};
use crate::store::{Store, UnseenRun};

/// Runs of one query: as many as fit its text, and a transaction that is soon over.
const RUNS_AT_ONCE: usize = 50;

/// Runs further apart than this are asked for separately: Prometheus reads all that lies between them.
const APART_US: i64 = 3_600_000_000;

/// How far around a run its samples are looked for.
const MARGIN_US: i64 = 15_000_000;

/// What came of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Refreshed {
    /// Runs that lacked totals.
    pub asked: usize,
    /// Those that have them now.
    pub found: usize,
}

/// Asks about every run of containers that passes the filter and lacks totals.
///
/// # Errors
/// When Prometheus does not answer, or the database cannot be written.
pub async fn refresh(store: &Store, filter: &Filter, prometheus: &Prometheus) -> Result<Refreshed, Error> {
    let runs = store.unseen_runs(&filter.selection(&store.known().await?)).await?;
    let mut refreshed = Refreshed { asked: runs.len(), found: 0 };
    for group in runs.chunk_by(|a, b| b.span.ready_us - a.span.drained_us < APART_US) {
        for batch in group.chunks(RUNS_AT_ONCE) {
            let series = samples(prometheus, batch).await?;
            let seen: Vec<_> = batch.iter().map(|run| see(run, &series)).collect();
            refreshed.found += seen.iter().filter(|(_, seen, _)| seen.refusal.is_none()).count();
            store.add_seen(&seen).await?;
        }
    }
    Ok(refreshed)
}

async fn samples(prometheus: &Prometheus, runs: &[UnseenRun]) -> Result<Vec<ContainerSeries>, Error> {
    let from_us = runs.iter().map(|run| run.span.ready_us).min().unwrap_or(0) - MARGIN_US;
    let end_us = runs.iter().map(|run| run.span.drained_us).max().unwrap_or(0) + MARGIN_US;
    let length = Duration::from_micros(u64::try_from(end_us - from_us).unwrap_or(0));
    let ids: Vec<String> = runs.iter().map(|run| run.run_id.clone()).collect();
    let containers: Vec<String> = runs.iter().flat_map(|run| &run.replicas).filter_map(|(_, id)| id.clone()).collect();
    Ok(prometheus.samples_of(&ids, &containers, end_us, length).await?)
}

fn see<'r>(run: &'r UnseenRun, series: &[ContainerSeries]) -> (&'r UnseenRun, Seen, Option<Mark>) {
    let seen = Seen::of(&run.replicas, series, &run.span);
    let sum = |value: fn(&Totals) -> f64| {
        let values: Option<Vec<f64>> = seen.totals.iter().map(|totals| totals.as_ref().map(value)).collect();
        values.map(|values| values.iter().sum::<f64>())
    };
    let mark = metrics_difference(&Observation {
        prometheus_cpu_seconds: sum(|totals| totals.cpu_seconds),
        prometheus_recv_bytes: sum(|totals| totals.received_bytes as f64).map(|bytes| bytes as u64),
        ..run.own
    });
    (run, seen, mark)
}

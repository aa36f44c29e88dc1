//! Rows: the trials of a case pooled, or a replica of a run.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use super::error::Error;
use super::filter::Filter;
use crate::stats::{Figures, Histograms, Latencies, Summary, decode_bytes};
use crate::store::{CaseId, Ceilings, RunKey, Store, StoredCase, StoredHistograms, StoredReplica, StoredRun};

/// Cases read at once: enough that the queries cost nothing, few enough that their samples and histograms fit anywhere.
const CASES_AT_ONCE: usize = 64;

/// What the columns are derived from.
#[derive(Clone, Debug)]
pub struct Row {
    /// The case and its campaign.
    pub case: Arc<StoredCase>,
    /// Which of the case's runs the row is about: all of them, or the replica's.
    trials: Range<usize>,
    /// The replica that the row is about, where it is about one.
    pub replica: Option<StoredReplica>,
    /// Every derived number.
    pub figures: Figures,
    /// Successes per second as a share of the baseline's, where both are valid.
    pub ceiling_share: Option<f64>,
}

impl Row {
    /// The runs that the row is about, one or more, in the order in which they began.
    #[must_use]
    pub fn runs(&self) -> &[StoredRun] {
        &self.case.runs[self.trials.clone()]
    }

    /// Whether every run of the row is valid.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        self.runs().iter().all(|run| run.invalid_reasons.is_empty())
    }
}

/// Rows in order: by time of the campaign, by first run of the case, then by run and replica.
#[derive(Debug)]
pub struct Rows<'s> {
    store: &'s Store,
    cases: VecDeque<CaseId>,
    ceilings: Ceilings,
    per_replica: bool,
    ready: VecDeque<Row>,
}

/// The rows that pass a filter, one per case and campaign, or with `per_replica` one per replica of each run.
///
/// # Errors
/// A filter that nothing passes, or a database that cannot be read.
pub async fn rows<'s>(store: &'s Store, filter: &Filter, per_replica: bool) -> Result<Rows<'s>, Error> {
    let cases = filter.cases(store).await?.into();
    Ok(Rows { store, cases, ceilings: store.ceilings().await?, per_replica, ready: VecDeque::new() })
}

impl Rows<'_> {
    /// The next row, or `None` after the last.
    ///
    /// # Errors
    /// A database that cannot be read.
    pub async fn next(&mut self) -> Result<Option<Row>, Error> {
        while self.ready.is_empty() && !self.cases.is_empty() {
            let batch: Vec<CaseId> = self.cases.drain(..self.cases.len().min(CASES_AT_ONCE)).collect();
            let cases = self.store.read_cases(&batch).await?.into_iter().map(Arc::new).collect();
            if self.per_replica {
                self.read_replicas(cases).await?;
            } else {
                self.pool(cases).await?;
            }
        }
        Ok(self.ready.pop_front())
    }

    async fn pool(&mut self, cases: Vec<Arc<StoredCase>>) -> Result<(), Error> {
        // A single trial has its percentiles stored: only pooling needs histograms.
        let pooled: Vec<&[StoredRun]> = cases.iter().map(|case| &case.runs[..]).filter(|runs| runs.len() > 1).collect();
        let keys: Vec<RunKey> = pooled.iter().copied().flatten().map(|run| run.key).collect();
        let mut merged = merge_all(&pooled, &self.store.read_histograms(&keys).await?)?.into_iter();
        for case in cases {
            let latencies = match case.runs.as_slice() {
                [run] => run.summary.latencies,
                _ => merged.next().expect("one for each case of several runs"),
            };
            let summaries: Vec<&Summary> = case.runs.iter().map(|run| &run.summary).collect();
            let figures = Figures::of(&summaries, latencies);
            let trials = 0..case.runs.len();
            let mut row = Row { case, trials, replica: None, figures, ceiling_share: None };
            row.ceiling_share = self.ceiling_share(&row);
            self.ready.push_back(row);
        }
        Ok(())
    }

    async fn read_replicas(&mut self, cases: Vec<Arc<StoredCase>>) -> Result<(), Error> {
        let keys: Vec<RunKey> = cases.iter().flat_map(|case| &case.runs).map(|run| run.key).collect();
        let mut replicas = self.store.read_replicas(&keys).await?.into_iter().peekable();
        for case in cases {
            for (trial, run) in case.runs.iter().enumerate() {
                while let Some(replica) = replicas.next_if(|replica| replica.run == run.key) {
                    let figures = Figures::of_one(&replica.summary);
                    let (case, trials) = (Arc::clone(&case), trial..trial + 1);
                    self.ready.push_back(Row { case, trials, replica: Some(replica), figures, ceiling_share: None });
                }
            }
        }
        Ok(())
    }

    fn ceiling_share(&self, row: &Row) -> Option<f64> {
        let key = (row.case.campaign, row.case.workload_key.clone());
        let ceiling = self.ceilings.get(&key).filter(|_| row.is_valid())?;
        Some(row.figures.requests_per_second? / ceiling)
    }
}

/// The percentiles of each case's merged histograms; `stored` are those of all runs, one after the other. Inflating and
/// merging is nearly all that pooling costs, and cases do not depend on each other: all CPUs take part.
fn merge_all(cases: &[&[StoredRun]], stored: &[StoredHistograms]) -> Result<Vec<Latencies>, Error> {
    let mut rest = stored;
    let mut jobs = Vec::with_capacity(cases.len());
    for runs in cases {
        let (own, others) = rest.split_at(runs.len());
        jobs.push((*runs, own));
        rest = others;
    }
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        let share = jobs.len().div_ceil(threads).max(1);
        let shares: Vec<_> = jobs
            .chunks(share)
            .map(|jobs| scope.spawn(|| jobs.iter().map(|(runs, own)| merge(runs, own)).collect::<Vec<_>>()))
            .collect();
        shares.into_iter().flat_map(|share| share.join().expect("merging does not panic")).collect()
    })
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

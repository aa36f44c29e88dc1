//! Rows: the trials of a case pooled, or a replica of a run.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use super::ceiling::Ceilings;
use super::error::Error;
use super::filter::Filter;
use crate::stats::comparison::{CONFIDENCE, Interval, Metric, Trials};
use crate::stats::{Figures, Histograms, Latencies, Summary, decode_bytes, mean};
use crate::store::{CaseId, RunKey, Selection, Store, StoredCase, StoredHistograms, StoredReplica, StoredRun};

/// Cases read at once: enough that the queries cost nothing, few enough that their samples and histograms fit anywhere.
pub(super) const CASES_AT_ONCE: usize = 64;

/// What the columns are derived from.
#[derive(Clone, Debug)]
pub struct Row {
    /// The case and its campaign.
    pub case: Arc<StoredCase>,
    /// Which of the case's runs the row is about: those that stand for it, or the replica's.
    places: Range<usize>,
    /// The replica that the row is about, where it is about one.
    pub replica: Option<StoredReplica>,
    /// Every derived number.
    pub figures: Figures,
    /// What each block gave; nothing in the row of a replica.
    pub trials: Trials,
    /// Successes per second as a share of the baseline's, where both are valid.
    pub ceiling_share: Option<f64>,
}

impl Row {
    /// The runs that the row is about, one or more, in the order in which they began.
    #[must_use]
    pub fn runs(&self) -> &[StoredRun] {
        &self.case.runs[self.places.clone()]
    }

    /// Whether every run of the row is valid.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        self.runs().iter().all(|run| run.invalid_reasons.is_empty())
    }

    /// Whether a run of the row carries a mark.
    #[must_use]
    pub fn is_marked(&self) -> bool {
        self.runs().iter().any(|run| !run.marks.is_empty())
    }

    /// Requests a second that were asked for, the mean over the runs; `None` in a closed loop, and where no run came so far.
    #[must_use]
    pub fn rate_asked(&self) -> Option<f64> {
        mean(self.runs().iter().filter_map(|run| run.rate_per_second))
    }

    /// The geometric mean of the valid trials with its interval, at the level of the campaign; `None` below 5 of them.
    #[must_use]
    pub fn interval(&self, metric: Metric) -> Option<Interval> {
        Interval::of_trials(self.case.interval_level.unwrap_or(CONFIDENCE), &self.trials.values(metric))
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
    let (selection, cases) = filter.cases(store).await?;
    Rows::of_cases(store, cases, selection.campaign_id, per_replica).await
}

impl<'s> Rows<'s> {
    /// The rows of these cases; of this campaign, where they are all of one.
    pub(super) async fn of_cases(
        store: &'s Store,
        cases: Vec<CaseId>,
        campaign_id: Option<String>,
        per_replica: bool,
    ) -> Result<Self, Error> {
        let baseline = Selection { campaign_id, ..Selection::default() };
        let ceilings = if per_replica { Ceilings::default() } else { Ceilings::read(store, baseline).await? };
        Ok(Self { store, cases: cases.into(), ceilings, per_replica, ready: VecDeque::new() })
    }

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
        // A single run has its percentiles stored: only pooling needs histograms.
        let several: Vec<&[StoredRun]> =
            cases.iter().map(|case| &case.runs[case.pooled()]).filter(|runs| runs.len() > 1).collect();
        let keys: Vec<RunKey> = several.iter().copied().flatten().map(|run| run.key).collect();
        let mut merged = merge_all(&several, &self.store.read_histograms(&keys).await?)?.into_iter();
        for case in cases {
            let latencies = match &case.runs[case.pooled()] {
                [run] => run.summary.latencies,
                _ => merged.next().expect("one for each case of several runs"),
            };
            let mut row = pooled(case, latencies);
            row.ceiling_share = self.ceilings.share(&row);
            self.ready.push_back(row);
        }
        Ok(())
    }

    async fn read_replicas(&mut self, cases: Vec<Arc<StoredCase>>) -> Result<(), Error> {
        let keys: Vec<RunKey> = cases.iter().flat_map(|case| &case.runs).map(|run| run.key).collect();
        let mut replicas = self.store.read_replicas(&keys).await?.into_iter().peekable();
        for case in cases {
            for (place, run) in case.runs.iter().enumerate() {
                while let Some(replica) = replicas.next_if(|replica| replica.run == run.key) {
                    let figures = Figures::of_one(&replica.summary);
                    let (case, places) = (Arc::clone(&case), place..place + 1);
                    let (replica, trials) = (Some(replica), Trials::default());
                    self.ready.push_back(Row { case, places, replica, figures, trials, ceiling_share: None });
                }
            }
        }
        Ok(())
    }
}

/// A case pooled: the one place where the runs that stand for it become figures, trials and a verdict. `latencies` are those of their
/// merged histograms.
pub(super) fn pooled(case: Arc<StoredCase>, latencies: Latencies) -> Row {
    let places = case.pooled();
    let summaries: Vec<&Summary> = case.runs[places.clone()].iter().map(|run| &run.summary).collect();
    let (figures, trials) = (Figures::of(&summaries, latencies), case.trials());
    Row { case, places, replica: None, figures, trials, ceiling_share: None }
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

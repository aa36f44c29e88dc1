//! Rows: the trials of a case pooled, or a replica of a run; behind each those of its operations, where its test has several.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use benchmark_protocol::operation::Operation;

use super::ceiling::{CeilingShare, Ceilings};
use super::error::Error;
use super::filter::Filter;
use super::merge;
use super::operation::{Said, rows_of, runs_with_several};
use crate::stats::comparison::{CONFIDENCE, Interval, Metric, Trials};
use crate::stats::{Figures, Latencies, Summary, mean};
use crate::store::{CaseId, RunKey, Selection, Store, StoredCase, StoredReplica, StoredRun};

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
    /// The operation that the row is about; `None` for the whole.
    pub operation: Option<Operation>,
    /// Every derived number.
    pub figures: Figures,
    /// What each block gave; nothing in the row of a replica or of an operation.
    pub trials: Trials,
    /// What it is of the baseline's, where both are valid.
    pub ceiling: Option<CeilingShare>,
}

impl Row {
    /// The runs that the row is about, one or more, in the order in which they began.
    #[must_use]
    pub fn runs(&self) -> &[StoredRun] {
        &self.case.runs[self.places.clone()]
    }

    /// The row of an operation of it.
    pub(super) fn of_operation(&self, operation: Operation, figures: Figures) -> Self {
        Self {
            operation: Some(operation),
            figures,
            trials: Trials::default(),
            ceiling: None,
            places: self.places.clone(),
            case: Arc::clone(&self.case),
            replica: self.replica.clone(),
        }
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

/// Rows in order: by time of the campaign, by first run of the case, then by run and replica; the whole before its operations.
#[derive(Debug)]
pub struct Rows<'s> {
    store: &'s Store,
    cases: VecDeque<CaseId>,
    ceilings: Ceilings,
    per_replica: bool,
    ready: VecDeque<Row>,
}

/// The rows that pass a filter, one per case and campaign, or with `per_replica` one per replica of each run, and behind it one per
/// operation.
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
            let wholes = if self.per_replica { self.read_replicas(cases).await? } else { self.pool(cases).await? };
            self.add_operations(wholes).await?;
        }
        Ok(self.ready.pop_front())
    }

    async fn pool(&self, cases: Vec<Arc<StoredCase>>) -> Result<Vec<Row>, Error> {
        // A single run has its percentiles stored: only pooling needs histograms.
        let several: Vec<&[StoredRun]> =
            cases.iter().map(|case| &case.runs[case.pooled()]).filter(|runs| runs.len() > 1).collect();
        let keys: Vec<RunKey> = several.iter().copied().flatten().map(|run| run.key).collect();
        let mut merged = merge::latencies(&several, &self.store.read_histograms(&keys).await?)?.into_iter();
        let mut rows = Vec::with_capacity(cases.len());
        for case in cases {
            let latencies = match &case.runs[case.pooled()] {
                [run] => run.summary.latencies,
                _ => merged.next().expect("one for each case of several runs"),
            };
            let mut row = pooled(case, latencies);
            row.ceiling = self.ceilings.share(&row);
            rows.push(row);
        }
        Ok(rows)
    }

    async fn read_replicas(&self, cases: Vec<Arc<StoredCase>>) -> Result<Vec<Row>, Error> {
        let keys: Vec<RunKey> = cases.iter().flat_map(|case| &case.runs).map(|run| run.key).collect();
        let mut replicas = self.store.read_replicas(&keys).await?.into_iter().peekable();
        let mut rows = Vec::new();
        for case in cases {
            for (place, run) in case.runs.iter().enumerate() {
                while let Some(replica) = replicas.next_if(|replica| replica.run == run.key) {
                    let figures = Figures::of_one(&replica.summary);
                    let (case, places) = (Arc::clone(&case), place..place + 1);
                    let (replica, trials) = (Some(replica), Trials::default());
                    rows.push(Row { case, places, replica, operation: None, figures, trials, ceiling: None });
                }
            }
        }
        Ok(rows)
    }

    /// Queues these rows, each with those of its operations behind it.
    async fn add_operations(&mut self, wholes: Vec<Row>) -> Result<(), Error> {
        let runs = runs_with_several(&wholes);
        let said = Said::new(if self.per_replica {
            self.store.read_replica_operations(&runs).await?
        } else {
            self.store.read_operations(&runs).await?
        });
        if said.is_empty() {
            self.ready.extend(wholes);
            return Ok(());
        }
        let operations = merge::on_all_cpus(&wholes, |whole| rows_of(whole, &said))?;
        for (whole, operations) in wholes.into_iter().zip(operations) {
            self.ready.push_back(whole);
            self.ready.extend(operations);
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
    Row { case, places, replica: None, operation: None, figures, trials, ceiling: None }
}

//! Rows of operations, behind the row of the whole: what became of the window's requests of each, where the test has several.

use std::collections::HashMap;

use benchmark_protocol::operation::Operation;
use benchmark_protocol::tests::Test;

use super::error::Error;
use super::row::Row;
use crate::stats::{Figures, OperationSummary, Summary, decode_bytes};
use crate::store::{RunKey, StoredOperation, StoredRun};

/// The operations of runs, or of their replicas by index.
#[derive(Debug, Default)]
pub(super) struct Said(HashMap<(RunKey, Option<u32>), Vec<StoredOperation>>);

impl Said {
    pub(super) fn new(stored: Vec<StoredOperation>) -> Self {
        let mut said = Self::default();
        for one in stored {
            said.0.entry((one.run, one.replica)).or_default().push(one);
        }
        said
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Of each run of a row that says of operations: what it measured as a whole, and what it says.
    fn of<'a>(&'a self, whole: &'a Row) -> Vec<(&'a StoredRun, &'a Summary, &'a [StoredOperation])> {
        let one = |run: &'a StoredRun| {
            let replica = whole.replica.as_ref();
            let said = self.0.get(&(run.key, replica.map(|replica| replica.index)))?;
            Some((run, replica.map_or(&run.summary, |replica| &replica.summary), said.as_slice()))
        };
        whole.runs().iter().filter_map(one).collect()
    }
}

/// The runs that may say of operations: those of tests that have several, and of tests that this version does not know.
pub(super) fn runs_with_several(wholes: &[Row]) -> Vec<RunKey> {
    let has_several = |whole: &&Row| Test::named(&whole.case.test).is_none_or(|test| test.operations().len() > 1);
    let mut runs: Vec<RunKey> = wholes.iter().filter(has_several).flat_map(Row::runs).map(|run| run.key).collect();
    // Replicas of a run follow each other.
    runs.dedup();
    runs
}

/// The rows of a row's operations, in the order of the test's.
pub(super) fn rows_of(whole: &Row, said: &Said) -> Result<Vec<Row>, Error> {
    let said = said.of(whole);
    let mut operations: Vec<Operation> = Vec::new();
    for one in said.iter().flat_map(|(_, _, said)| *said) {
        if !operations.contains(&one.operation) {
            operations.push(one.operation);
        }
    }
    let of_test = Test::named(&whole.case.test).map(|test| test.operations()).unwrap_or_default();
    operations.sort_by_key(|operation| {
        (of_test.iter().position(|known| known == operation).unwrap_or(of_test.len()), *operation)
    });
    let row = |operation| Ok(whole.of_operation(operation, figures(operation, &said)?));
    operations.into_iter().map(row).collect()
}

/// A run that says of operations, and not of this one, made no request of it: that is 0, and part of the mean.
fn figures(operation: Operation, said: &[(&StoredRun, &Summary, &[StoredOperation])]) -> Result<Figures, Error> {
    let (mut summaries, mut sum) = (Vec::with_capacity(said.len()), OperationSummary::none_of(operation));
    for (run, whole, said) in said {
        let found = said.iter().find(|one| one.operation == operation).map(|one| decoded(run, one)).transpose()?;
        let of_run = found.unwrap_or_else(|| OperationSummary::none_of(operation));
        summaries.push(of_run.within(whole));
        sum.add(of_run);
    }
    Ok(Figures::of(&summaries.iter().collect::<Vec<_>>(), sum.latencies()))
}

fn decoded(run: &StoredRun, stored: &StoredOperation) -> Result<OperationSummary, Error> {
    let read =
        |bytes: &[u8]| decode_bytes(bytes).map_err(|source| Error::Histogram { run_id: run.run_id.clone(), source });
    Ok(OperationSummary {
        operation: stored.operation,
        counts: stored.counts,
        latency: read(&stored.latency)?,
        failure_latency: read(&stored.failure_latency)?,
    })
}

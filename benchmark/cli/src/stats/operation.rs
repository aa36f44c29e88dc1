//! What became of a run's requests by operation, where its test has several.

use benchmark_protocol::counts::Counts;
use benchmark_protocol::message::ReplicaResult;
use benchmark_protocol::operation::Operation;
use hdrhistogram::Histogram;

use super::histogram::{HistogramError, Histograms, decode, merge};
use super::percentiles::Latencies;
use super::summary::Summary;

/// The window's requests of one operation, over replicas.
#[derive(Clone, Debug, PartialEq)]
pub struct OperationSummary {
    /// The operation.
    pub operation: Operation,
    /// What became of its requests.
    pub counts: Counts,
    /// Latency of its successes, in nanoseconds; `None` where there are none.
    pub latency: Option<Histogram<u64>>,
    /// Latency of its failures.
    pub failure_latency: Option<Histogram<u64>>,
}

impl OperationSummary {
    /// Of no requests yet.
    #[must_use]
    pub fn none_of(operation: Operation) -> Self {
        Self { operation, counts: Counts::default(), latency: None, failure_latency: None }
    }

    /// Adds another replica's, or another trial's.
    pub fn add(&mut self, other: Self) {
        self.counts += other.counts;
        merge(&mut self.latency, other.latency);
        merge(&mut self.failure_latency, other.failure_latency);
    }

    /// As a summary of its own: what a run or replica measured as a whole only is `None`, but for the length of its window.
    #[must_use]
    pub fn within(&self, whole: &Summary) -> Summary {
        Summary { window: Some(self.counts), window_ns: whole.window_ns, ..Summary::default() }
    }

    /// The percentiles of its histograms.
    #[must_use]
    pub fn latencies(self) -> Latencies {
        let (latency, failure_latency) = (self.latency, self.failure_latency);
        Latencies::of(&Histograms { latency, failure_latency, ..Histograms::default() })
    }
}

/// Adds to each operation of `sums` what a replica says of it, and to `sums` the operations that are new.
///
/// # Errors
/// The name of a histogram that cannot be read, and what is wrong with it.
pub(super) fn add_result(
    sums: &mut Vec<OperationSummary>,
    result: &ReplicaResult,
) -> Result<(), (&'static str, HistogramError)> {
    for said in &result.operations {
        let one = OperationSummary {
            operation: said.operation,
            counts: said.counts,
            latency: decode(&said.latency).map_err(|source| ("latency of an operation", source))?,
            failure_latency: decode(&said.failure_latency)
                .map_err(|source| ("failure_latency of an operation", source))?,
        };
        match sums.iter_mut().find(|sum| sum.operation == said.operation) {
            Some(sum) => sum.add(one),
            None => {
                let mut sum = OperationSummary::none_of(said.operation);
                sum.add(one);
                sums.push(sum);
            }
        }
    }
    Ok(())
}

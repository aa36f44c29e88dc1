//! What the window's requests came to, each operation by itself: of tests that have several. The whole of a call is the
//! [`recorder`](super::recorder)'s.

use benchmark_protocol::counts::{Counts, FailureKind};
use benchmark_protocol::message::OperationResult;
use benchmark_protocol::operation::Operation;
use hdrhistogram::Histogram;

use super::histogram::{Batched, histogram, wire};

/// How one request of a call ended. The first counts from where its call does, each other from the end of the one before it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Requested {
    pub(super) operation: Operation,
    pub(super) latency_ns: u64,
    pub(super) bytes: u64,
    pub(super) sent_bytes: u64,
    pub(super) failure: Option<FailureKind>,
}

/// The window's requests of one worker thread.
#[derive(Clone, Debug)]
pub(super) struct Operations {
    longest_ns: u64,
    /// By operation; `None` of those that have not occurred.
    of: [Option<Box<One>>; Operation::ALL.len()],
}

#[derive(Clone, Debug)]
struct One {
    counts: Counts,
    latency: Batched,
    failure_latency: Histogram<u64>,
}

impl Operations {
    pub(super) fn new(longest_ns: u64) -> Self {
        Self { longest_ns, of: Default::default() }
    }

    /// A request of the window ended; its latency is kept where `recording`.
    pub(super) fn record(&mut self, ended: Requested, recording: bool) {
        let one = self.one(ended.operation);
        one.counts.attempts += 1;
        match ended.failure {
            None => {
                one.counts.successes += 1;
                one.counts.success_bytes += ended.bytes;
                one.counts.sent_bytes += ended.sent_bytes;
                if recording {
                    one.latency.record(ended.latency_ns);
                }
            }
            Some(kind) => {
                one.counts.failures.add(kind);
                one.failure_latency.saturating_record(ended.latency_ns);
            }
        }
    }

    /// Brings the histograms up to date.
    pub(super) fn flush(&mut self) {
        self.of.iter_mut().flatten().for_each(|one| one.latency.flush());
    }

    /// Adds those of another thread, both of them flushed.
    pub(super) fn merge(&mut self, other: &Self) {
        for (operation, part) in Operation::ALL.into_iter().zip(&other.of) {
            let Some(part) = part else { continue };
            let sum = self.one(operation);
            sum.counts += part.counts;
            for (sum, part) in [
                (&mut sum.latency.histogram, &part.latency.histogram),
                (&mut sum.failure_latency, &part.failure_latency),
            ] {
                // All recorders of a process have the same bounds.
                sum.add(part).unwrap_or_else(|_| unreachable!("equal bounds"));
            }
        }
    }

    /// Those that occurred, as they travel.
    pub(super) fn results(&self) -> Vec<OperationResult> {
        let of = Operation::ALL.into_iter().zip(&self.of);
        let result = |(operation, one): (Operation, &Option<Box<One>>)| {
            let one = one.as_ref()?;
            Some(OperationResult {
                operation,
                counts: one.counts,
                latency: wire(&one.latency.histogram),
                failure_latency: wire(&one.failure_latency),
            })
        };
        of.filter_map(result).collect()
    }

    fn one(&mut self, operation: Operation) -> &mut One {
        let longest_ns = self.longest_ns;
        self.of[operation as usize].get_or_insert_with(|| {
            Box::new(One {
                counts: Counts::default(),
                latency: Batched::new(longest_ns),
                failure_latency: histogram(longest_ns),
            })
        })
    }
}

//! What a run's requests came to: the counters behind [`Audit`].

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use benchmark_protocol::operation::{ByOperation, Operation};
use benchmark_protocol::origin::Audit;
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;

use crate::clock::now_ns;

/// Relaxed atomics: workers share them, no request waits for another, and a reader wants totals only.
#[derive(Default)]
pub(crate) struct Counters {
    /// By operation, and behind them what no test asks.
    requests: [AtomicU64; Operation::ALL.len() + 1],
    /// Good answers that were written, by operation.
    answered: [AtomicU64; Operation::ALL.len()],
    intact_bytes: AtomicU64,
    taken_bytes: AtomicU64,
    pub(crate) connections: AtomicU64,
    pub(crate) open_connections: AtomicU64,
    pub(crate) out_of_contract: AtomicU64,
    pub(crate) injected_errors: AtomicU64,
    pub(crate) injected_truncations: AtomicU64,
    pub(crate) injected_resets: AtomicU64,
    pub(crate) throttled: AtomicU64,
    under_way: AtomicU64,
    peak_concurrency: AtomicU64,
}

/// What counts of a response that was written whole.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Answered {
    /// Whether its status says that what was asked is done.
    pub(crate) good: bool,
    /// Its body bytes.
    pub(crate) intact_bytes: u64,
    /// The request's body bytes, where they were those of the object.
    pub(crate) taken_bytes: u64,
}

impl Counters {
    /// A head was parsed.
    pub(crate) fn begin(&self, operation: Option<Operation>) {
        let place = operation.map_or(Operation::ALL.len(), |operation| operation as usize);
        self.requests[place].fetch_add(1, Relaxed);
        let under_way = self.under_way.fetch_add(1, Relaxed) + 1;
        // The maximum is a locked write; almost always there is nothing to write.
        if under_way > self.peak_concurrency.load(Relaxed) {
            self.peak_concurrency.fetch_max(under_way, Relaxed);
        }
    }

    /// Heads parsed so far, whatever they ask.
    pub(crate) fn requests(&self) -> u64 {
        self.requests.iter().map(|requests| requests.load(Relaxed)).sum()
    }

    /// A response was written whole.
    pub(crate) fn answer(&self, operation: Option<Operation>, answered: Answered) {
        if !answered.good {
            return;
        }
        if let Some(operation) = operation {
            self.answered[operation as usize].fetch_add(1, Relaxed);
        }
        // Few have both, and many none.
        for (counter, bytes) in [(&self.intact_bytes, answered.intact_bytes), (&self.taken_bytes, answered.taken_bytes)]
        {
            if bytes > 0 {
                counter.fetch_add(bytes, Relaxed);
            }
        }
    }

    /// Its response was written, or never will be.
    pub(crate) fn end(&self) {
        self.under_way.fetch_sub(1, Relaxed);
    }

    /// The totals so far, without histograms.
    pub(crate) fn audit(&self) -> Audit {
        let (user, system) = getrusage(UsageWho::RUSAGE_SELF)
            .map(|usage| (usage.user_time().num_microseconds(), usage.system_time().num_microseconds()))
            .unwrap_or_default();
        let by_operation = |counters: &[AtomicU64]| {
            let mut numbers = ByOperation::default();
            for operation in Operation::ALL {
                numbers[operation] = counters[operation as usize].load(Relaxed);
            }
            numbers
        };
        Audit {
            requests: self.requests(),
            operations: by_operation(&self.requests),
            answered: by_operation(&self.answered),
            taken_bytes: self.taken_bytes.load(Relaxed),
            intact_bytes: self.intact_bytes.load(Relaxed),
            connections: self.connections.load(Relaxed),
            open_connections: self.open_connections.load(Relaxed),
            peak_concurrency: self.peak_concurrency.load(Relaxed),
            out_of_contract: self.out_of_contract.load(Relaxed),
            injected_errors: self.injected_errors.load(Relaxed),
            injected_truncations: self.injected_truncations.load(Relaxed),
            injected_resets: self.injected_resets.load(Relaxed),
            throttled: self.throttled.load(Relaxed),
            delays_drawn: None,
            delays_delivered: None,
            cpu_user_us: user.cast_unsigned(),
            cpu_system_us: system.cast_unsigned(),
            at_ns: now_ns(),
        }
    }
}

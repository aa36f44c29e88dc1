//! Histograms of nanoseconds, with 3 significant digits from 1 ns on: written to in batches, and whole as they travel.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use benchmark_protocol::message::Histogram as Wire;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::{Serializer, V2DeflateSerializer};

/// Values are recorded so many at a time. The counters of a histogram are spread too widely to stay in a near cache beside
/// the bodies: one by one, each success would wait for two of them.
pub(super) const BATCH: usize = 256;

/// A histogram that is written to in batches.
#[derive(Clone, Debug)]
pub(super) struct Batched {
    pub(super) histogram: Histogram<u64>,
    batch: Vec<u64>,
}

impl Batched {
    pub(super) fn new(longest_ns: u64) -> Self {
        Self { histogram: histogram(longest_ns), batch: Vec::with_capacity(BATCH) }
    }

    pub(super) fn record(&mut self, ns: u64) {
        self.batch.push(ns);
        if self.batch.len() == BATCH {
            self.flush();
        }
    }

    pub(super) fn flush(&mut self) {
        self.batch.drain(..).for_each(|ns| self.histogram.saturating_record(ns));
    }
}

/// An empty histogram of nanoseconds up to so many.
pub(crate) fn histogram(longest_ns: u64) -> Histogram<u64> {
    Histogram::new_with_bounds(1, longest_ns.max(1_000_000_000), 3)
        .unwrap_or_else(|_| unreachable!("3 digits and a bound above 2 are always good"))
}

/// A whole histogram as it goes over the wire.
pub(crate) fn wire(histogram: &Histogram<u64>) -> Wire {
    let mut bytes = Vec::new();
    V2DeflateSerializer::new()
        .serialize(histogram, &mut bytes)
        .unwrap_or_else(|_| unreachable!("writing to memory does not fail"));
    Wire(STANDARD.encode(bytes))
}

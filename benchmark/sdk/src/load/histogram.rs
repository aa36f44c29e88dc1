//! Histograms of nanoseconds, with 3 significant digits from 1 ns on: written to in batches, and whole as they travel.

use std::mem;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use benchmark_protocol::message::Histogram as Wire;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::{Serializer, V2DeflateSerializer};

/// Values are recorded so many at a time. The counters of a histogram are spread too widely to stay in a near cache beside
/// the bodies: one by one, each success would wait for two of them.
pub(super) const BATCH: usize = 256;

/// The significant bits of a value in an HDR histogram of 3 digits: below 2^11 every number has its own place, above it every 2^n-th.
const SIGNIFICANT_BITS: u32 = 11;

/// A histogram that is written to in batches, and first into a table of its own: the same places as the histogram's, of half the width
/// and found in a few instructions.
#[derive(Clone, Debug)]
pub(super) struct Batched {
    pub(super) histogram: Histogram<u64>,
    table: Vec<u32>,
    batch: Vec<u64>,
}

impl Batched {
    pub(super) fn new(longest_ns: u64) -> Self {
        let histogram = histogram(longest_ns);
        let table = vec![0; histogram.distinct_values()];
        Self { histogram, table, batch: Vec::with_capacity(BATCH) }
    }

    #[inline]
    pub(super) fn record(&mut self, ns: u64) {
        self.batch.push(ns);
        if self.batch.len() == BATCH {
            self.tabulate();
        }
    }

    /// Brings the histogram up to date.
    pub(super) fn flush(&mut self) {
        self.tabulate();
        for (place, number) in self.table.iter_mut().enumerate().filter(|(_, number)| **number > 0) {
            self.histogram.saturating_record_n(value_at(place), u64::from(mem::take(number)));
        }
    }

    fn tabulate(&mut self) {
        let Self { histogram, table, batch } = self;
        // What is beyond the bound counts as the bound.
        let bound = place_of(histogram.high());
        for ns in batch.drain(..) {
            let place = place_of(ns);
            let place = if place < table.len() { place } else { bound };
            match table[place].checked_add(1) {
                Some(more) => table[place] = more,
                None => histogram.saturating_record(ns),
            }
        }
    }
}

/// Where an HDR histogram of 3 digits counts a value.
const fn place_of(value: u64) -> usize {
    let beyond = u64::BITS - SIGNIFICANT_BITS - (value | ((1 << SIGNIFICANT_BITS) - 1)).leading_zeros();
    ((beyond as usize) << (SIGNIFICANT_BITS - 1)) + (value >> beyond) as usize
}

/// The least value that it counts there.
const fn value_at(place: usize) -> u64 {
    const HALF: usize = 1 << (SIGNIFICANT_BITS - 1);
    if place < 2 * HALF { place as u64 } else { ((place % HALF + HALF) as u64) << (place / HALF - 1) }
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

#[cfg(test)]
mod tests {
    use benchmark_protocol::content::split_mix;

    use super::*;

    #[test]
    fn what_is_written_in_batches_is_what_is_written_one_by_one() {
        for longest_ns in [1_000_000_000, 36_000_000_000, 3_600_000_000_000] {
            let (mut batched, mut plain) = (Batched::new(longest_ns), histogram(longest_ns));
            let mut state = longest_ns;
            let mut values: Vec<u64> = (0..64).flat_map(|bits| [(1 << bits) - 1, 1 << bits, (1 << bits) + 1]).collect();
            // Of every size alike.
            values.extend((0..20_000).map(|_| split_mix(&mut state) >> (split_mix(&mut state) % 64)));
            for value in values {
                batched.record(value);
                plain.saturating_record(value);
            }
            batched.flush();
            let ends =
                |histogram: &Histogram<u64>| (histogram.min(), histogram.min_nz(), histogram.max(), histogram.len());
            assert_eq!(ends(&batched.histogram), ends(&plain));
            assert!(batched.histogram == plain && wire(&batched.histogram) == wire(&plain));
            // What comes later is added.
            batched.record(5);
            batched.flush();
            assert_eq!(batched.histogram.len(), plain.len() + 1);
        }
    }
}

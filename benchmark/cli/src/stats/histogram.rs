//! HDR histograms as they travel (V2 with DEFLATE, in base64) and as merged ones are kept (V2, bytes).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use benchmark_protocol::message;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::{Deserializer, Serializer, V2Serializer};
use thiserror::Error;

/// A text that is no histogram.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("no HDR histogram (V2, with DEFLATE or without): {0}")]
pub struct HistogramError(String);

/// The distributions of a run or of a replica, in nanoseconds; `None` where no request belongs to one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Histograms {
    /// Latency of the window's successes.
    pub latency: Option<Histogram<u64>>,
    /// Latency of the window's failures, which never mixes with that of successes.
    pub failure_latency: Option<Histogram<u64>>,
    /// Time to the first byte of the window's successes.
    pub first_byte: Option<Histogram<u64>>,
    /// From issue to the last byte of the window's successes, in an open loop.
    pub service_time: Option<Histogram<u64>>,
    /// From due instant to issue of the window's requests, in an open loop.
    pub scheduling_delay: Option<Histogram<u64>>,
}

impl Histograms {
    /// Adds every count of `other`.
    pub fn add(&mut self, other: Self) {
        merge(&mut self.latency, other.latency);
        merge(&mut self.failure_latency, other.failure_latency);
        merge(&mut self.first_byte, other.first_byte);
        merge(&mut self.service_time, other.service_time);
        merge(&mut self.scheduling_delay, other.scheduling_delay);
    }
}

/// Reads a histogram from the wire. `None` for the empty text and for a histogram without values.
///
/// # Errors
/// Whatever is not base64 of a V2 histogram, with DEFLATE or without.
pub fn decode(text: &message::Histogram) -> Result<Option<Histogram<u64>>, HistogramError> {
    let bytes = STANDARD.decode(&text.0).map_err(|error| HistogramError(error.to_string()))?;
    decode_bytes(&bytes)
}

/// Reads a histogram from its bytes. `None` for no bytes and for a histogram without values.
///
/// # Errors
/// Whatever is not a V2 histogram, with DEFLATE or without.
pub fn decode_bytes(mut bytes: &[u8]) -> Result<Option<Histogram<u64>>, HistogramError> {
    if bytes.is_empty() {
        return Ok(None);
    }
    let histogram: Histogram<u64> =
        Deserializer::new().deserialize(&mut bytes).map_err(|error| HistogramError(error.to_string()))?;
    Ok((!histogram.is_empty()).then_some(histogram))
}

/// Writes a histogram as bytes that [`decode_bytes`] reads back. Without DEFLATE: a merged histogram is written once and
/// inflated for every pooled row ever after, which would be the larger half of reading it.
#[must_use]
pub fn encode(histogram: &Histogram<u64>) -> Vec<u8> {
    let mut bytes = Vec::new();
    V2Serializer::new().serialize(histogram, &mut bytes).expect("writing to memory does not fail");
    bytes
}

/// Adds every count of `from` to `into`. The finer of the two resolutions is kept.
pub fn merge(into: &mut Option<Histogram<u64>>, from: Option<Histogram<u64>>) {
    let Some(mut from) = from else { return };
    match into {
        None => {
            // A replica's histogram has the bounds of its own timeout: the sum must take whatever the others bring.
            from.auto(true);
            *into = Some(from);
        }
        Some(sum) if sum.sigfig() < from.sigfig() => {
            from.auto(true);
            from.add(&*sum).expect("a histogram that resizes itself takes any value");
            *sum = from;
        }
        Some(sum) => sum.add(&from).expect("a histogram that resizes itself takes any value"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[u64], sigfig: u8) -> Histogram<u64> {
        let mut histogram = Histogram::new_with_bounds(1, 60_000_000_000, sigfig).unwrap();
        for value in values {
            histogram.record(*value).unwrap();
        }
        histogram
    }

    #[test]
    fn a_histogram_reads_back_from_text_and_from_bytes() {
        let histogram = of(&[1_000, 1_000, 250_000_000], 3);
        assert_eq!(decode_bytes(&encode(&histogram)).unwrap(), Some(histogram.clone()));
        let mut deflated = Vec::new();
        hdrhistogram::serialization::V2DeflateSerializer::new().serialize(&histogram, &mut deflated).unwrap();
        assert_eq!(decode(&message::Histogram(STANDARD.encode(&deflated))).unwrap(), Some(histogram));
    }

    #[test]
    fn nothing_recorded_is_absent() {
        assert_eq!(decode(&message::Histogram::default()).unwrap(), None);
        assert_eq!(decode_bytes(&encode(&of(&[], 3))).unwrap(), None);
    }

    #[test]
    fn what_is_no_histogram_is_refused() {
        for text in ["not base64!", "AAAAAAAA"] {
            let error = decode(&message::Histogram(text.to_owned())).unwrap_err();
            assert!(error.to_string().contains("no HDR histogram"), "{error}");
        }
    }

    #[test]
    fn merging_keeps_every_count_and_the_finer_resolution_whatever_the_bounds() {
        let mut narrow = Histogram::new_with_bounds(1, 1_000_000, 2).unwrap();
        narrow.record(500_000).unwrap();
        for (first, second) in [(narrow.clone(), of(&[40_000_000_000], 3)), (of(&[40_000_000_000], 3), narrow)] {
            let mut sum = None;
            merge(&mut sum, Some(first));
            merge(&mut sum, Some(second));
            merge(&mut sum, None);
            let sum = sum.unwrap();
            assert_eq!((sum.len(), sum.sigfig()), (2, 3));
            assert!(sum.max().abs_diff(40_000_000_000) < 40_000_000, "{}", sum.max());
            assert!(sum.min().abs_diff(500_000) < 5_000, "{}", sum.min());
        }
    }
}

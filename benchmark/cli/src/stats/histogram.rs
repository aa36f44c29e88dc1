//! HDR histograms as they travel (V2 with DEFLATE, in base64) and as merged ones are kept (V2, bytes).

use std::borrow::Cow;
use std::io::Read;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use benchmark_protocol::message;
use flate2::read::ZlibDecoder;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::{Deserializer, Serializer, V2Serializer};
use thiserror::Error;

/// How a histogram with DEFLATE begins.
const DEFLATED: [u8; 4] = [0x1c, 0x84, 0x93, 0x14];

/// Cookie, length, offset, digits, lowest and highest value, ratio.
const HEADER_BYTES: usize = 40;

/// Those of every histogram of ours.
const MOST_DIGITS: u32 = 3;

/// The most that one without DEFLATE takes: 56,320 counts of 9 bytes over all of 64 bits.
const MOST_BYTES: u64 = 512 << 10;

/// The largest count: those of all values stay far from the end of the numbers.
const MOST_COUNT: u64 = 1 << 46;

/// The largest lowest value that is told from 0, in nanoseconds: a millisecond, where ours is a microsecond at the most.
const MOST_LOWEST: u64 = 1_000_000;

/// The largest highest value, in nanoseconds: some 73 years. Beyond it the library's own arithmetic ends.
const MOST_HIGHEST: u64 = 1 << 61;

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
pub fn decode_bytes(bytes: &[u8]) -> Result<Option<Histogram<u64>>, HistogramError> {
    if bytes.is_empty() {
        return Ok(None);
    }
    let plain = inflate(bytes)?;
    check_header(&plain)?;
    let histogram: Histogram<u64> =
        Deserializer::new().deserialize(&mut &*plain).map_err(|error| HistogramError(error.to_string()))?;
    Ok((!histogram.is_empty()).then_some(histogram))
}

/// The bytes without DEFLATE. However much they promise, not more is made of them than a histogram can have.
fn inflate(bytes: &[u8]) -> Result<Cow<'_, [u8]>, HistogramError> {
    let Some(deflated) = bytes.strip_prefix(&DEFLATED) else { return Ok(Cow::Borrowed(bytes)) };
    let mut plain = Vec::new();
    // Behind their length, which says nothing that they do not.
    let deflated = deflated.get(4..).unwrap_or_default();
    let inflated = ZlibDecoder::new(deflated).take(MOST_BYTES + 1).read_to_end(&mut plain);
    inflated.map_err(|error| HistogramError(error.to_string()))?;
    if plain.len() as u64 > MOST_BYTES {
        return Err(HistogramError(format!("it inflates to more than {MOST_BYTES} bytes")));
    }
    Ok(Cow::Owned(plain))
}

/// Looks at what a header claims before memory is reserved by it.
fn check_header(plain: &[u8]) -> Result<(), HistogramError> {
    let field =
        |at: usize| plain.get(at..at + 4).map(|bytes| u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]));
    let (Some(length), Some(digits), true) = (field(4), field(12), plain.len() >= HEADER_BYTES) else {
        return Err(HistogramError(format!("{} bytes are less than its header", plain.len())));
    };
    let counts = &plain[HEADER_BYTES..];
    if length as usize != counts.len() {
        return Err(HistogramError(format!(
            "its header claims {length} bytes of counts, and {} are there",
            counts.len()
        )));
    }
    if digits > MOST_DIGITS {
        return Err(HistogramError(format!(
            "its header claims {digits} significant digits, and {MOST_DIGITS} are the most"
        )));
    }
    let wide = |at: usize| plain[at..at + 8].iter().fold(0_u64, |value, byte| value << 8 | u64::from(*byte));
    let (lowest, highest) = (wide(16), wide(24));
    if lowest > MOST_LOWEST || highest > MOST_HIGHEST {
        return Err(HistogramError(format!(
            "its header claims values from {lowest}, to {highest}: {MOST_LOWEST} and {MOST_HIGHEST} are the most"
        )));
    }
    check_counts(counts)
}

/// Looks at each count, and each number of values without one: up to 9 bytes of 7 bits, the sign in the lowest. The library that
/// reads them takes the negative of any.
fn check_counts(mut bytes: &[u8]) -> Result<(), HistogramError> {
    while !bytes.is_empty() {
        let length = bytes.iter().take(8).take_while(|byte| **byte >= 0x80).count() + 1;
        let (number, rest) = bytes.split_at(length.min(bytes.len()));
        let bits = |place: usize, byte: u8| u64::from(if place < 8 { byte & 0x7f } else { byte }) << (7 * place);
        let value = number.iter().enumerate().fold(0, |value, (place, byte)| value | bits(place, *byte));
        if value >> 1 > MOST_COUNT {
            return Err(HistogramError("it counts more than can have happened".to_owned()));
        }
        bytes = rest;
    }
    Ok(())
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

    /// The bytes of a histogram, with these of them changed.
    fn forged(at: usize, bytes: &[u8]) -> Vec<u8> {
        let mut forged = encode(&of(&[1_000, 40_000, 600_000, 8_000_000, 250_000_000], 3));
        forged[at..at + bytes.len()].copy_from_slice(bytes);
        forged
    }

    fn deflated(plain: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
        std::io::Write::write_all(&mut encoder, plain).unwrap();
        let deflated = encoder.finish().unwrap();
        [&DEFLATED[..], &u32::try_from(deflated.len()).unwrap().to_be_bytes(), &deflated].concat()
    }

    #[test]
    fn a_header_that_claims_more_than_there_is_reserves_nothing() {
        let counts = vec![0xff; 9];
        for (bytes, says) in [
            (forged(4, &u32::MAX.to_be_bytes()), "claims 4294967295 bytes of counts"),
            (forged(12, &5_u32.to_be_bytes()), "claims 5 significant digits"),
            (forged(HEADER_BYTES, &counts), "more than can have happened"),
            (forged(0, &[]).split_off(8), "bytes"),
            (vec![0x1c, 0x84, 0x93, 0x13], "less than its header"),
        ] {
            for bytes in [deflated(&bytes), bytes] {
                let error = decode_bytes(&bytes).unwrap_err().to_string();
                assert!(error.contains(says), "{says}: {error}");
            }
        }
        let bomb = deflated(&vec![0; 64 << 20]);
        let error = decode_bytes(&bomb).unwrap_err().to_string();
        assert!(error.contains("inflates to more than"), "{} bytes: {error}", bomb.len());
        assert!(decode_bytes(&DEFLATED).is_err());
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

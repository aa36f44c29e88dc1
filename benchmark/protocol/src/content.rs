//! The content of every object of the origin, as a pure function of key and offset.
//!
//! All objects are windows onto one shared pattern: the key says where in it an object begins, so the ten thousandth
//! object costs no memory and any byte of any object can be checked by either side.

use std::sync::{LazyLock, Mutex, PoisonError};

/// Length of the pattern before it repeats, in bytes: the largest prime below 1 MiB, so that a range served from a
/// wrong but aligned offset never happens to hold the right bytes.
pub const PERIOD: usize = 1_048_573;

/// Twice the pattern, so that any slice of up to [`PERIOD`] bytes is contiguous wherever it begins.
static PATTERN: LazyLock<Box<[u8]>> = LazyLock::new(|| {
    let mut bytes = Vec::with_capacity(2 * PERIOD + 8);
    let mut state = 0x9E37_79B9_7F4A_7C15;
    while bytes.len() < PERIOD {
        bytes.extend_from_slice(&split_mix(&mut state).to_le_bytes());
    }
    bytes.truncate(PERIOD);
    bytes.extend_from_within(..);
    bytes.into_boxed_slice()
});

/// The `index`-th key of a run's objects: `object-000000`, `object-000001`, ...
#[must_use]
pub fn key(index: u64) -> String {
    format!("object-{index:06}")
}

/// The index of a key made by [`key`], and `None` for any other key.
#[must_use]
pub fn key_index(key: &str) -> Option<u64> {
    let digits = key.strip_prefix("object-")?;
    (digits.len() >= 6 && digits.bytes().all(|b| b.is_ascii_digit())).then_some(())?;
    digits.parse().ok()
}

/// Whether a key made by [`key`] goes on so behind its `object-`.
#[must_use]
pub(crate) fn is_index(digits: &str, index: u64) -> bool {
    let good = digits.len() >= 6 && digits.bytes().all(|digit| digit.is_ascii_digit());
    good && digits.parse() == Ok(index)
}

/// Where in the pattern the object of this key begins, in `0..PERIOD` (FNV-1a over the key's bytes).
#[must_use]
pub fn origin_of(key: &str) -> usize {
    let hash = key
        .bytes()
        .fold(0xCBF2_9CE4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3));
    (hash % PERIOD as u64) as usize
}

/// The next contiguous piece of an object that begins at `origin` ([`origin_of`]): the bytes from `offset` on, at
/// most `length` and at most [`PERIOD`] of them. Longer ranges are served piece by piece.
#[must_use]
pub fn piece(origin: usize, offset: u64, length: u64) -> &'static [u8] {
    let start = place(origin, offset);
    &PATTERN[start..start + length.min(PERIOD as u64) as usize]
}

/// Memory from which any object's bytes can be sent without a seam, up to `longest` of them at once: the bytes of the object that begins
/// at `origin`, from `offset` on, are those from [`place`] on.
///
/// Made once for the longest body of a process, and shared by all its requests: whoever sends an object copies nothing.
#[must_use]
pub fn seamless(longest: u64) -> &'static [u8] {
    static MADE: Mutex<&'static [u8]> = Mutex::new(&[]);
    if longest <= PERIOD as u64 {
        return &PATTERN;
    }
    let wanted = PERIOD + longest as usize;
    let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
    if made.len() < wanted {
        *made = PATTERN[..PERIOD].iter().copied().cycle().take(wanted).collect::<Vec<u8>>().leak();
    }
    *made
}

/// Where in the pattern the byte at `offset` of an object lies that begins at `origin`.
#[must_use]
pub const fn place(origin: usize, offset: u64) -> usize {
    // Each by itself: their sum may be beyond 64 bits.
    (origin + (offset % PERIOD as u64) as usize) % PERIOD
}

/// Whether `bytes` are exactly what an object that begins at `origin` holds from `offset` on.
#[must_use]
pub fn matches(origin: usize, offset: u64, bytes: &[u8]) -> bool {
    bytes
        .chunks(PERIOD)
        .zip((offset..).step_by(PERIOD))
        .all(|(chunk, at)| chunk == piece(origin, at, chunk.len() as u64))
}

/// The JSON document that the origin answers for `/<run>/api/<id>`: a few hundred bytes, all of them a function of the id.
#[must_use]
pub fn document(id: u64) -> String {
    let mut state = id;
    let readings: Vec<String> = (0..8).map(|_| (split_mix(&mut state) % 100_000).to_string()).collect();
    format!(
        r#"{{"id":{id},"name":"item {id}","tags":["benchmark","origin"],"active":{},"readings":[{}]}}"#,
        id.is_multiple_of(2),
        readings.join(",")
    )
}

/// One step of SplitMix64 (Steele, Lea and Flood, 2014): 64 well-mixed bits for each call.
pub fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn keys_read_back_as_their_index() {
        for index in [0, 7, 999_999, 1_000_000] {
            assert_eq!(key_index(&key(index)), Some(index));
        }
        for other in ["object-7", "object-00000x", "document-000001", "object-"] {
            assert_eq!(key_index(other), None, "{other}");
        }
    }

    #[test]
    fn a_piece_never_exceeds_the_period() {
        assert_eq!(piece(5, 3, 3 * PERIOD as u64).len(), PERIOD);
    }

    #[test]
    fn the_last_byte_of_the_largest_object_has_its_content() {
        let at = (u64::MAX % PERIOD as u64) as usize;
        assert_eq!(piece(PERIOD - 1, u64::MAX, 1), piece((PERIOD - 1 + at) % PERIOD, 0, 1));
    }

    #[test]
    fn what_is_sent_without_a_seam_is_the_object() {
        let memory = seamless(3 * PERIOD as u64);
        for (offset, length) in [(0, 3 * PERIOD), (u64::MAX / 3, 2 * PERIOD + 5), (7, 1)] {
            let at = place(PERIOD - 2, offset);
            assert!(matches(PERIOD - 2, offset, &memory[at..at + length]));
        }
        assert_eq!(seamless(1).as_ptr(), seamless(PERIOD as u64).as_ptr());
    }

    #[test]
    fn ranges_a_mebibyte_apart_differ() {
        assert_ne!(piece(0, 0, 64), piece(0, 1 << 20, 64));
    }

    proptest! {
        #[test]
        fn any_range_equals_its_bytes_one_by_one(origin in 0..PERIOD, offset in 0..u64::MAX / 2, length in 0_u64..4096) {
            let bytes: Vec<u8> = (0..length).map(|i| piece(origin, offset + i, 1)[0]).collect();
            prop_assert!(matches(origin, offset, &bytes));
        }

        #[test]
        fn one_changed_byte_is_noticed(offset in 0..1_u64 << 40, at in 0_usize..1000) {
            let mut bytes = piece(9, offset, 1000).to_vec();
            bytes[at] ^= 1;
            prop_assert!(!matches(9, offset, &bytes));
        }
    }
}

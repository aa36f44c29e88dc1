//! An object as it is served: where its bytes are, and what identifies them.

use std::fmt;
use std::time::SystemTime;

use benchmark_protocol::content::split_mix;
use md5::{Digest, Md5};

use crate::metadata::Metadata;
use crate::store::Stored;

/// An object, found.
#[derive(Clone)]
pub(crate) struct Object {
    pub(crate) content: Content,
    pub(crate) size: u64,
    pub(crate) etag: ETag,
    pub(crate) modified: Modified,
    pub(crate) metadata: Metadata,
}

/// Where an object's bytes are.
#[derive(Clone)]
pub(crate) enum Content {
    /// In the shared pattern, from here on ([`benchmark_protocol::content::origin_of`]).
    Pattern(usize),
    /// In memory, as they were put.
    Stored(Stored),
}

/// The type of a body. Ours are static; an object that was put has the one it came with.
pub(crate) type ContentType = std::borrow::Cow<'static, str>;

/// The type of an object that named none.
pub(crate) const BINARY: ContentType = std::borrow::Cow::Borrowed("application/octet-stream");

/// When an object was modified, and the same as HTTP writes it: formatting a date for each response would show.
#[derive(Clone, Copy)]
pub(crate) struct Modified {
    pub(crate) time: SystemTime,
    text: [u8; 29],
}

impl Modified {
    pub(crate) fn at(time: SystemTime) -> Self {
        Self { time, text: http_date(time) }
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.text
    }
}

/// A date as HTTP writes it: always 29 bytes.
fn http_date(time: SystemTime) -> [u8; 29] {
    httpdate::fmt_http_date(time).as_bytes().try_into().unwrap_or(*b"Thu, 01 Jan 1970 00:00:00 GMT")
}

/// An entity tag without its quotes: 32 digits and, where they are not the MD5 of the bytes, `-` and the number of parts.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct ETag {
    text: [u8; 40],
    length: u8,
}

impl ETag {
    /// Of an object of the pattern: stable for key and size, which is all that its bytes depend on. Marked as that of an object
    /// in one part, for rclone and s3cmd take the tag for the MD5 of what they got wherever it looks like one.
    pub(crate) fn of_pattern(key: &str, size: u64) -> Self {
        let mut state = key.bytes().fold(0xCBF2_9CE4_8422_2325_u64 ^ size, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3)
        });
        let mut hash = [0; 16];
        hash[..8].copy_from_slice(&split_mix(&mut state).to_be_bytes());
        hash[8..].copy_from_slice(&split_mix(&mut state).to_be_bytes());
        Self::of_hash(&hash).in_parts(1)
    }

    /// Of a part of such an object.
    pub(crate) fn of_part(key: &str, number: i32, size: u64) -> Self {
        // A number has at most 14 bits, and a size far less than the other 50.
        Self::of_pattern(key, size ^ u64::from(number.unsigned_abs()) << 50)
    }

    /// Of an object that was put: MD5, which S3 clients compare.
    pub(crate) fn of_bytes(bytes: &[u8]) -> Self {
        Self::of_hash(&Md5::digest(bytes).into())
    }

    /// Of an object that was put in parts, as S3 makes it: the MD5 of the parts' MD5s, and how many they are.
    pub(crate) fn of_parts(parts: &[Self]) -> Self {
        let mut all = Md5::new();
        for part in parts {
            let digit = |at: usize| (part.text[at] as char).to_digit(16).unwrap_or(0) as u8;
            let bytes: [u8; 16] = std::array::from_fn(|at| digit(2 * at) << 4 | digit(2 * at + 1));
            all.update(bytes);
        }
        Self::of_hash(&all.finalize().into()).in_parts(parts.len())
    }

    fn in_parts(mut self, number: usize) -> Self {
        let mut digits = itoa::Buffer::new();
        let digits = digits.format(number.min(9_999_999)).as_bytes();
        self.text[32] = b'-';
        self.text[33..33 + digits.len()].copy_from_slice(digits);
        self.length = (33 + digits.len()) as u8;
        self
    }

    /// Of bytes whose MD5 is known.
    pub(crate) fn of_hash(hash: &[u8; 16]) -> Self {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut text = [0; 40];
        for (pair, byte) in text.chunks_exact_mut(2).zip(hash) {
            pair[0] = DIGITS[usize::from(byte >> 4)];
            pair[1] = DIGITS[usize::from(byte & 15)];
        }
        Self { text, length: 32 }
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.text[..usize::from(self.length)]
    }
}

impl fmt::Display for ETag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(self.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_stable_per_key_and_size() {
        let tag = ETag::of_pattern("object-000001", 64);
        assert!(tag == ETag::of_pattern("object-000001", 64));
        assert!(tag != ETag::of_pattern("object-000001", 65));
        assert!(tag != ETag::of_pattern("object-000002", 64));
        assert!(tag.to_string().len() == 34 && tag.to_string().ends_with("-1"), "{tag} is no MD5");
    }

    #[test]
    fn what_was_put_has_the_tag_that_s3_gives_it() {
        assert_eq!(ETag::of_bytes(b"hello").to_string(), "5d41402abc4b2a76b9719d911017c592");
        // printf hello | md5sum | xxd -r -p, twice, | md5sum
        let parts = [ETag::of_bytes(b"hello"), ETag::of_bytes(b"hello")];
        let mut twice = Md5::new();
        twice.update(Md5::digest(b"hello"));
        twice.update(Md5::digest(b"hello"));
        let hash: [u8; 16] = twice.finalize().into();
        assert_eq!(ETag::of_parts(&parts).to_string(), format!("{}-2", ETag::of_hash(&hash)));
    }
}

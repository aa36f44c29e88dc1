//! What came back of one request: kept while the response is read, judged when it is done.

use std::ops::RangeInclusive;

use super::ask::Ask;
use crate::content;

/// The longest body that is kept to be looked at as a whole, in bytes. Of a longer one the length is known, and that it is too long.
pub(super) const LONGEST_KEPT: usize = 16 << 20;

/// The response to one request, as far as judging it needs it.
#[derive(Debug, Default)]
pub struct Answer {
    pub(super) status: u16,
    pub(super) content_range: Option<ContentRange>,
    pub(super) length: u64,
    pub(super) content_differs: bool,
    /// The body, where what was asked keeps it.
    pub(super) body: Vec<u8>,
    /// Where the content is compared: where in the pattern the object begins, and the offset of the first byte.
    compared: Option<(usize, u64)>,
    keeps: bool,
}

impl Answer {
    /// Makes it ready for the answer to this request; buffers are kept.
    #[inline]
    pub fn expect(&mut self, ask: &Ask<'_>) {
        let first = ask.range.as_ref().map_or(0, |range| *range.start());
        self.status = 0;
        self.content_range = None;
        self.length = 0;
        self.content_differs = false;
        self.compared = ask.expected.pattern().map(|pattern| (pattern, first));
        self.keeps = ask.expected.keeps();
        self.body.clear();
    }

    /// The head is here.
    #[inline]
    pub const fn head(&mut self, status: u16, content_range: Option<ContentRange>) {
        self.status = status;
        self.content_range = content_range;
    }

    /// A piece of the body.
    #[inline]
    pub fn chunk(&mut self, bytes: &[u8]) {
        if let Some((pattern, first)) = self.compared {
            self.content_differs |= !content::matches(pattern, first + self.length, bytes);
        }
        if self.keeps && self.body.len() + bytes.len() <= LONGEST_KEPT {
            self.body.extend_from_slice(bytes);
        }
        self.length += bytes.len() as u64;
    }

    /// Body bytes so far.
    #[must_use]
    pub const fn length(&self) -> u64 {
        self.length
    }

    /// What the response said of its range.
    #[must_use]
    pub const fn content_range(&self) -> Option<ContentRange> {
        self.content_range
    }
}

/// The `content-range` of a response: `bytes first-last/size`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContentRange {
    /// The first byte.
    pub first: u64,
    /// The last byte.
    pub last: u64,
    /// The whole object's size.
    pub size: u64,
}

impl ContentRange {
    /// Reads the header's value; `None` for anything but a satisfied range within an object of a known size.
    #[must_use]
    pub fn parse(value: &[u8]) -> Option<Self> {
        let (first, rest) = leading_number(value.strip_prefix(b"bytes ")?)?;
        let (last, rest) = leading_number(rest.strip_prefix(b"-")?)?;
        let (size, rest) = leading_number(rest.strip_prefix(b"/")?)?;
        (rest.is_empty() && first <= last && last < size).then_some(Self { first, last, size })
    }

    /// Whether these are the bytes of the range.
    pub(super) fn is(&self, range: &RangeInclusive<u64>) -> bool {
        (self.first, self.last) == (*range.start(), *range.end())
    }
}

/// The number that a text begins with, and what follows it; `None` for no digits or more than 19, which is always within 64
/// bits. One pass over the bytes: cut as text and parsed piece by piece, the header cost more than the rest of the judgement.
pub(super) fn leading_number(text: &[u8]) -> Option<(u64, &[u8])> {
    let (mut number, mut rest) = (0_u64, text);
    while let [digit @ b'0'..=b'9', after @ ..] = rest {
        number = number.wrapping_mul(10).wrapping_add(u64::from(digit - b'0'));
        rest = after;
    }
    matches!(text.len() - rest.len(), 1..=19).then_some((number, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_satisfied_range_of_a_known_size_parses() {
        let range = ContentRange { first: 0, last: 9, size: 9_999_999_999_999_999_999 };
        assert_eq!(ContentRange::parse(b"bytes 0-9/9999999999999999999"), Some(range));
        let others = [
            "",
            "bytes",
            "bytes 0-9/*",
            "bytes */10",
            "bytes 0-9",
            "0-9/10",
            "bytes -9/10",
            "bytes 0-9/10 ",
            "bytes +0-9/10",
            "bytes 0-9/18446744073709551617",
            "bytes 0-16383/100",
            "bytes 0-100/100",
            "bytes 9-8/100",
        ];
        for other in others {
            assert_eq!(ContentRange::parse(other.as_bytes()), None, "{other}");
        }
    }
}

//! The texts of a range: the header that asks for it, and the one that says that it came.

use std::ops::RangeInclusive;

use arrayvec::ArrayString;
use benchmark_protocol::tests::ContentRange;

/// `bytes=`, two numbers of at most 20 digits and a dash.
const LONGEST: usize = 6 + 20 + 1 + 20;

/// `bytes=a-b`.
pub(crate) type RangeText = ArrayString<LONGEST>;

/// On the stack and without the formatter: it is made for each request.
pub(crate) fn range_text(range: &RangeInclusive<u64>) -> RangeText {
    let mut text = ArrayString::new();
    text.push_str("bytes=");
    text.push_str(itoa::Buffer::new().format(*range.start()));
    text.push('-');
    text.push_str(itoa::Buffer::new().format(*range.end()));
    text
}

/// The `content-range` that a good answer has.
#[derive(Debug, Default)]
pub(crate) struct Wanted {
    /// The range that was asked for; empty where that is none, or the object's size is not known.
    asked: RangeText,
    range: Option<ContentRange>,
    /// The object's size as digits. Most objects of a test have the same.
    size: (u64, ArrayString<20>),
}

impl Wanted {
    /// What is wanted of the next answer.
    #[inline]
    pub(crate) fn expect(&mut self, range: Option<&RangeInclusive<u64>>, asked: Option<&RangeText>, size: Option<u64>) {
        self.range = None;
        if let (Some(range), Some(asked), Some(size)) = (range, asked, size) {
            self.asked = *asked;
            self.range = Some(ContentRange { first: *range.start(), last: *range.end(), size });
            if size != self.size.0 {
                self.size = (size, ArrayString::from(itoa::Buffer::new().format(size)).unwrap_or_default());
            }
        }
    }

    /// Reads a `content-range`. Nearly all of them are what was wanted: compared as texts, which costs a fraction of reading their numbers.
    #[inline]
    pub(crate) fn read(&self, value: &[u8]) -> Option<ContentRange> {
        if self.range.is_some() && self.is(value) { self.range } else { ContentRange::parse(value) }
    }

    fn is(&self, value: &[u8]) -> bool {
        // `bytes=a-b` and a slash are as long as `bytes a-b/`.
        let Some((range, size)) = value.split_at_checked(self.asked.len() + 1) else { return false };
        let [b'b', b'y', b't', b'e', b's', b' ', range @ .., b'/'] = range else { return false };
        *range == self.asked.as_bytes()[6..] && size == self.size.1.as_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_header_is_inclusive() {
        assert_eq!(range_text(&(0..=16_383)).as_str(), "bytes=0-16383");
        assert_eq!(range_text(&(u64::MAX..=u64::MAX)).len(), LONGEST);
    }

    #[test]
    fn what_is_read_does_not_depend_on_what_is_wanted() {
        let mut wanted = Wanted::default();
        for size in [Some(100), None, Some(1_000), Some(20)] {
            for range in [Some(10..=19), None, Some(0..=9)] {
                wanted.expect(range.as_ref(), range.as_ref().map(range_text).as_ref(), size);
                for text in [
                    "bytes 10-19/100",
                    "bytes 0-9/100",
                    "bytes 10-19/1000",
                    "bytes 10-19/10",
                    "bytes 0-9/20",
                    "bytes=10-19/100",
                    "bytes 10-19",
                    "bytes 10-19/",
                    "bytes 10-19/100 ",
                    "bytes 10-199100",
                    "bytes 10-119/100",
                    "bytes ",
                    "",
                ] {
                    let read = wanted.read(text.as_bytes());
                    assert_eq!(read, ContentRange::parse(text.as_bytes()), "`{text}` of {range:?} {size:?}");
                }
            }
        }
    }
}

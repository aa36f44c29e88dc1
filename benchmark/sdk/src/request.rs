//! One request of the workload, in the words of HTTP and of S3 alike.

use std::ops::RangeInclusive;

use arrayvec::ArrayString;
use benchmark_protocol::target::Object;

use crate::response::Expected;
use crate::sigv4::Signature;

/// `bytes=`, two numbers of at most 20 digits and a dash.
const LONGEST_RANGE: usize = 6 + 20 + 1 + 20;

/// What a test's client is asked to do: GET this object, or this range of it.
#[derive(Debug)]
pub struct Request<'a> {
    object: &'a Object,
    range: Option<ArrayString<LONGEST_RANGE>>,
    pub(crate) signature: Signature,
    /// What a good answer is.
    pub(crate) expected: Expected,
}

impl<'a> Request<'a> {
    #[inline]
    pub(crate) fn new(object: &'a Object, expected: Expected) -> Self {
        Self { object, range: expected.range.as_ref().map(range_text), signature: Signature::new(), expected }
    }

    /// The whole URL.
    #[must_use]
    pub fn url(&self) -> &'a str {
        &self.object.url
    }

    /// The URL's path and query.
    #[must_use]
    pub fn path(&self) -> &'a str {
        &self.object.path
    }

    /// The bucket, for S3 clients.
    #[must_use]
    pub fn bucket(&self) -> &'a str {
        &self.object.bucket
    }

    /// The key, for S3 clients.
    #[must_use]
    pub fn key(&self) -> &'a str {
        &self.object.key
    }

    /// First and last byte, for clients with a range type of their own.
    #[must_use]
    pub fn range(&self) -> Option<RangeInclusive<u64>> {
        self.expected.range.clone()
    }

    /// The value of the `range` header: `bytes=0-16383`.
    #[must_use]
    pub fn range_header(&self) -> Option<&str> {
        self.range.as_deref()
    }

    /// The headers that the request must carry, for clients that know nothing of ranges and signatures.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        let signature = self.signature.iter().map(|(name, value)| (*name, value.as_str()));
        self.range_header().map(|value| ("range", value)).into_iter().chain(signature)
    }
}

/// `bytes=a-b`, on the stack and without the formatter: it is made for each request.
fn range_text(range: &RangeInclusive<u64>) -> ArrayString<LONGEST_RANGE> {
    let mut text = ArrayString::new();
    text.push_str("bytes=");
    text.push_str(itoa::Buffer::new().format(*range.start()));
    text.push('-');
    text.push_str(itoa::Buffer::new().format(*range.end()));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_header_is_inclusive() {
        assert_eq!(range_text(&(0..=16_383)).as_str(), "bytes=0-16383");
        assert_eq!(range_text(&(u64::MAX..=u64::MAX)).len(), LONGEST_RANGE);
    }
}

//! One request of the workload, in the words of HTTP and of S3 alike.

use std::ops::RangeInclusive;

use benchmark_protocol::target::Object;

/// What a test's client is asked to do: GET this object, or this range of it.
#[derive(Debug)]
pub struct Request<'a> {
    object: &'a Object,
    range: Option<(RangeInclusive<u64>, RangeText)>,
    signature: &'a [(&'static str, String)],
}

impl<'a> Request<'a> {
    pub(crate) fn new(
        object: &'a Object,
        range: Option<RangeInclusive<u64>>,
        signature: &'a [(&'static str, String)],
    ) -> Self {
        let range = range.map(|range| {
            let text = RangeText::new(&range);
            (range, text)
        });
        Self { object, range, signature }
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
        self.range.as_ref().map(|(range, _)| range.clone())
    }

    /// The value of the `range` header: `bytes=0-16383`.
    #[must_use]
    pub fn range_header(&self) -> Option<&str> {
        self.range.as_ref().map(|(_, text)| text.as_str())
    }

    /// The headers that the request must carry, for clients that know nothing of ranges and signatures.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        let signature = self.signature.iter().map(|(name, value)| (*name, value.as_str()));
        self.range_header().map(|value| ("range", value)).into_iter().chain(signature)
    }
}

/// `bytes=a-b`, written on the stack: it is made for each request.
#[derive(Debug)]
struct RangeText {
    text: [u8; Self::LONGEST],
    length: usize,
}

impl RangeText {
    /// `bytes=`, two numbers of at most 20 digits and a dash.
    const LONGEST: usize = 6 + 20 + 1 + 20;

    fn new(range: &RangeInclusive<u64>) -> Self {
        let mut this = Self { text: [0; Self::LONGEST], length: 0 };
        this.push("bytes=");
        this.push(itoa::Buffer::new().format(*range.start()));
        this.push("-");
        this.push(itoa::Buffer::new().format(*range.end()));
        this
    }

    fn push(&mut self, part: &str) {
        self.text[self.length..self.length + part.len()].copy_from_slice(part.as_bytes());
        self.length += part.len();
    }

    fn as_str(&self) -> &str {
        // Only ASCII was ever pushed.
        str::from_utf8(&self.text[..self.length]).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_header_is_inclusive() {
        assert_eq!(RangeText::new(&(0..=16_383)).as_str(), "bytes=0-16383");
        assert_eq!(RangeText::new(&(0..=u64::MAX)).as_str().len(), 6 + 1 + 1 + 20);
    }
}

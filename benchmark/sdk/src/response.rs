//! What came back: fed by the test as it reads, judged by the SDK when it is done.

use std::error::Error;
use std::ops::RangeInclusive;

use benchmark_protocol::content;
use benchmark_protocol::counts::FailureKind;
use serde::de::IgnoredAny;

use crate::clock::now_ns;
use crate::failure::Failure;

/// The response to one request. A test reports the head once and then every chunk of the body.
#[derive(Debug)]
pub struct Response {
    first_byte_ns: Option<u64>,
    status: u16,
    content_range: Option<ContentRange>,
    length: u64,
    /// Where the content is compared: where in the pattern the object begins, and the offset of the first byte.
    compared: Option<(usize, u64)>,
    content_differs: bool,
    document: bool,
    body: Vec<u8>,
}

/// What a good response looks like.
#[derive(Debug, Default)]
pub(crate) struct Expected {
    /// First and last byte; `None` for a whole resource.
    pub(crate) range: Option<RangeInclusive<u64>>,
    /// The object's whole size; `None` before it is known.
    pub(crate) size: Option<u64>,
    /// Where in the content pattern the object begins, where the content is to be checked.
    pub(crate) pattern: Option<usize>,
    /// Whether the body is a JSON document.
    pub(crate) document: bool,
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
    /// Reads the header's value; `None` for anything but a satisfied range within a known size: whoever reads it may count on
    /// `first <= last < size`.
    #[must_use]
    pub fn parse(value: &[u8]) -> Option<Self> {
        let (first, rest) = leading_number(value.strip_prefix(b"bytes ")?)?;
        let (last, rest) = leading_number(rest.strip_prefix(b"-")?)?;
        let (size, rest) = leading_number(rest.strip_prefix(b"/")?)?;
        (rest.is_empty() && first <= last && last < size).then_some(Self { first, last, size })
    }
}

/// The number that a text begins with, and what follows it; `None` for no digits or more than 19, which is always within 64
/// bits. One pass over the bytes: cut as text and parsed piece by piece, the header cost more than the rest of the judgement.
fn leading_number(text: &[u8]) -> Option<(u64, &[u8])> {
    let (mut number, mut rest) = (0_u64, text);
    while let [digit @ b'0'..=b'9', after @ ..] = rest {
        number = number.wrapping_mul(10).wrapping_add(u64::from(digit - b'0'));
        rest = after;
    }
    matches!(text.len() - rest.len(), 1..=19).then_some((number, rest))
}

impl Response {
    pub(crate) fn new() -> Self {
        Self {
            first_byte_ns: None,
            status: 0,
            content_range: None,
            length: 0,
            compared: None,
            content_differs: false,
            document: false,
            body: Vec::new(),
        }
    }

    /// Makes it ready for the next request; buffers are kept.
    pub(crate) fn expect(&mut self, expected: &Expected) {
        self.first_byte_ns = None;
        self.status = 0;
        self.content_range = None;
        self.length = 0;
        self.compared = expected.pattern.zip(expected.range.as_ref().map(|range| *range.start()));
        self.content_differs = false;
        self.document = expected.document;
        self.body.clear();
    }

    /// The head is here: call it before the body is read, so that it stamps the time to the first byte.
    pub fn head(&mut self, status: u16, content_range: Option<ContentRange>) {
        self.first_byte_ns = Some(now_ns());
        self.status = status;
        self.content_range = content_range;
    }

    /// A piece of the body. It may be dropped afterwards.
    pub fn chunk(&mut self, bytes: &[u8]) {
        if let Some((pattern, first)) = self.compared {
            self.content_differs |= !content::matches(pattern, first + self.length, bytes);
        }
        if self.document {
            self.body.extend_from_slice(bytes);
        }
        self.length += bytes.len() as u64;
    }

    /// When the head was here, on CLOCK_MONOTONIC.
    pub(crate) const fn first_byte_ns(&self) -> Option<u64> {
        self.first_byte_ns
    }

    /// Body bytes so far.
    pub(crate) const fn length(&self) -> u64 {
        self.length
    }

    /// What the response said of its range.
    pub(crate) const fn content_range(&self) -> Option<ContentRange> {
        self.content_range
    }

    /// Whether status, range, length and content are those that were asked for.
    pub(crate) fn judge(&self, expected: &Expected) -> Result<(), Failure> {
        let Some(range) = &expected.range else {
            return self.judge_whole();
        };
        if self.status != 206 {
            let hint = if self.status == 200 { " (a range was asked for: 206 expected)" } else { "" };
            return Err(Failure::new(FailureKind::Status, format!("status {}{hint}", self.status)));
        }
        let wanted = range.end() - range.start() + 1;
        let bad = |text: String| Err(Failure::new(FailureKind::BadBytes, text));
        match self.content_range {
            Some(got) if (got.first, got.last) == (*range.start(), *range.end()) => {
                if expected.size.is_some_and(|size| size != got.size) {
                    return bad(format!("the object is now {} bytes long", got.size));
                }
            }
            Some(got) => {
                return bad(format!(
                    "asked for bytes {}-{}, got {}-{} of {}",
                    range.start(),
                    range.end(),
                    got.first,
                    got.last,
                    got.size
                ));
            }
            None => return bad("no usable content-range".to_owned()),
        }
        if self.length < wanted {
            return Err(Failure::new(FailureKind::ShortBody, format!("{} of {wanted} bytes", self.length)));
        }
        if self.length > wanted {
            return bad(format!("{} bytes instead of {wanted}", self.length));
        }
        if self.content_differs {
            return bad("the content is not the object's".to_owned());
        }
        Ok(())
    }

    fn judge_whole(&self) -> Result<(), Failure> {
        if self.status != 200 {
            return Err(Failure::status(self.status));
        }
        if self.document {
            judge_document(&self.body)
                .map_err(|error| Failure::new(FailureKind::BadBytes, format!("not JSON: {error}")))?;
        }
        Ok(())
    }
}

/// Whether a body is a JSON document; nothing of it is kept, which costs a fraction of reading it into a value.
fn judge_document(body: &[u8]) -> Result<(), Box<dyn Error>> {
    serde_json::from_str::<IgnoredAny>(str::from_utf8(body)?)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(status: u16, content_range: &str, body: &[u8]) -> Result<(), FailureKind> {
        let mut response = Response::new();
        let expected = Expected { range: Some(10..=19), size: Some(100), pattern: Some(3), document: false };
        response.expect(&expected);
        response.head(status, ContentRange::parse(content_range.as_bytes()));
        body.chunks(3).for_each(|chunk| response.chunk(chunk));
        response.judge(&expected).map_err(|failure| failure.kind)
    }

    #[test]
    fn only_the_very_range_is_a_success() {
        let good = content::piece(3, 10, 10);
        assert_eq!(judged(206, "bytes 10-19/100", good), Ok(()));
        assert_eq!(judged(200, "bytes 10-19/100", good), Err(FailureKind::Status));
        assert_eq!(judged(206, "bytes 10-18/100", good), Err(FailureKind::BadBytes));
        assert_eq!(judged(206, "bytes 10-19/101", good), Err(FailureKind::BadBytes));
        assert_eq!(judged(206, "", good), Err(FailureKind::BadBytes));
        assert_eq!(judged(206, "bytes 10-19/100", &good[..9]), Err(FailureKind::ShortBody));
        assert_eq!(judged(206, "bytes 10-19/100", content::piece(3, 10, 11)), Err(FailureKind::BadBytes));
        assert_eq!(judged(206, "bytes 10-19/100", content::piece(3, 11, 10)), Err(FailureKind::BadBytes));
    }

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
            "bytes 0-16383/100",
            "bytes 0-10/10",
            "bytes 9-0/10",
            "bytes 0-0/0",
        ];
        for other in others.into_iter().chain(["bytes 0-9/18446744073709551617"]) {
            assert_eq!(ContentRange::parse(other.as_bytes()), None, "{other}");
        }
    }

    #[test]
    fn a_document_must_parse() {
        let mut response = Response::new();
        let bad: [&[u8]; 4] = [b"", b"{\"id\":", b"{}{}", b"{\"name\":\"\xff\"}"];
        let bodies = bad.map(|body| (body.to_vec(), false));
        for (body, good) in bodies.into_iter().chain([(content::document(7).into_bytes(), true)]) {
            let expected = Expected { document: true, ..Expected::default() };
            response.expect(&expected);
            response.head(200, None);
            response.chunk(&body);
            assert_eq!(response.judge(&expected).is_ok(), good);
        }
    }
}

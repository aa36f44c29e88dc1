//! A request as it came.

use std::borrow::Cow;
use std::ops::RangeInclusive;

use httparse::{EMPTY_HEADER, Request, Status};
use percent_encoding::percent_decode_str;

use super::HARNESS;

/// The most headers of a request: far more than any library sends.
const MOST_HEADERS: usize = 100;

/// The head of a request, and the body where it was read before the answer.
#[derive(Debug, Default)]
pub(super) struct Asked {
    pub(super) method: String,
    /// As it was sent, without the query.
    pub(super) path: String,
    /// Empty where there is none.
    pub(super) query: String,
    /// By lower-case name.
    headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
    /// Which request of its connection it is, from 1.
    pub(super) nth: u64,
    /// Which request of the library it is, from 1.
    pub(super) overall: u64,
}

impl Asked {
    /// Reads a head at the start of `bytes`; `None` while it is not whole. Returns its length as well.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn parse(bytes: &[u8]) -> Result<Option<(Self, usize)>, httparse::Error> {
        let mut headers = [EMPTY_HEADER; MOST_HEADERS];
        let mut request = Request::new(&mut headers);
        let Status::Complete(length) = request.parse(bytes)? else { return Ok(None) };
        let (path, query) =
            request.path.unwrap_or_default().split_once('?').unwrap_or((request.path.unwrap_or(""), ""));
        let headers = request
            .headers
            .iter()
            .map(|header| (header.name.to_ascii_lowercase(), String::from_utf8_lossy(header.value).trim().to_owned()));
        let asked = Self {
            method: request.method.unwrap_or_default().to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            headers: headers.collect(),
            ..Self::default()
        };
        Ok(Some((asked, length)))
    }

    /// The value of a header.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// How many bytes of body are said to follow.
    pub(super) fn length(&self) -> u64 {
        self.header("content-length").and_then(|value| value.parse().ok()).unwrap_or(0)
    }

    /// Whether the body comes in chunks.
    pub(super) fn is_chunked(&self) -> bool {
        self.header("transfer-encoding").is_some_and(|value| value.eq_ignore_ascii_case("chunked"))
    }

    /// Whether the client waits for `100 Continue`.
    pub(super) fn waits(&self) -> bool {
        self.header("expect").is_some_and(|value| value.eq_ignore_ascii_case("100-continue"))
    }

    /// Whether the client asks for the connection to end.
    pub(super) fn closes(&self) -> bool {
        self.header("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"))
    }

    /// Whether it is the harness's own.
    pub(super) fn is_of_harness(&self) -> bool {
        self.header("user-agent").is_some_and(|value| value.starts_with(HARNESS))
    }

    /// The range of bytes that is asked for, where it is one `a-b`.
    pub(super) fn range(&self) -> Option<RangeInclusive<u64>> {
        let (first, last) = self.header("range")?.strip_prefix("bytes=")?.split_once('-')?;
        Some(first.parse().ok()?..=last.parse().ok()?)
    }

    /// The value of a name of the query, decoded; empty where it has none.
    pub(super) fn parameter(&self, name: &str) -> Option<Cow<'_, str>> {
        let pairs = self.query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        let (_, value) = pairs.into_iter().find(|(known, _)| *known == name)?;
        Some(percent_decode_str(value).decode_utf8_lossy())
    }

    /// The key: what is behind the path's first segment, decoded. Of a path with one segment that segment.
    pub(super) fn key(&self) -> Cow<'_, str> {
        let path = self.path.trim_start_matches('/');
        percent_decode_str(path.split_once('/').map_or(path, |(_, key)| key)).decode_utf8_lossy()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_taken_apart() {
        let bytes = b"GET /b/a%20c?prefix=x%2Fy&delete HTTP/1.1\r\nRange: bytes=5-9\r\nConnection: Close\r\n\r\nrest";
        let (asked, length) = Asked::parse(bytes).unwrap().unwrap();
        assert_eq!((asked.key().as_ref(), asked.range(), asked.closes()), ("a c", Some(5..=9), true));
        assert_eq!(asked.parameter("prefix").as_deref(), Some("x/y"));
        assert_eq!((asked.parameter("delete").as_deref(), asked.parameter("nothing")), (Some(""), None));
        assert_eq!(&bytes[length..], b"rest");
        assert!(Asked::parse(&bytes[..length - 1]).unwrap().is_none());
    }
}

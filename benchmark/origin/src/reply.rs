//! A response as either path writes it.

use std::borrow::Cow;

use benchmark_protocol::content;
use bytes::Bytes;
use hyper::StatusCode;
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};

use crate::audit::Answered;
use crate::metadata::Lines;
use crate::object::{ContentType, ETag, Modified};

/// Status, the few headers we ever send, and a body.
#[derive(Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) payload: Payload,
    pub(crate) content_type: ContentType,
    /// Of an object: its tag, and when it was modified.
    pub(crate) object: Option<(ETag, Modified)>,
    /// Of an object: what else it was put with.
    pub(crate) lines: Lines,
    /// Of what was put: its tag alone.
    pub(crate) tag: Option<ETag>,
    pub(crate) content_range: ContentRange,
    /// Seconds.
    pub(crate) retry_after: Option<u64>,
    /// The answer to HEAD: the length is named, the body is not sent.
    pub(crate) head_only: bool,
    /// Whether the connection ends with this response.
    pub(crate) close: bool,
    /// Body bytes of the request, where they were those of the object.
    pub(crate) taken_bytes: u64,
}

/// The bytes of a body.
#[derive(Clone)]
pub(crate) enum Payload {
    /// A piece of the pattern.
    Pattern { origin: usize, offset: u64, length: u64 },
    /// These.
    Bytes(Bytes),
}

/// The Content-Range header.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum ContentRange {
    None,
    Of { first: u64, last: u64, size: u64 },
    Unsatisfied { size: u64 },
}

impl Payload {
    pub(crate) const EMPTY: Self = Self::Bytes(Bytes::new());

    pub(crate) fn length(&self) -> u64 {
        match self {
            Self::Pattern { length, .. } => *length,
            Self::Bytes(bytes) => bytes.len() as u64,
        }
    }

    /// The next contiguous piece from `sent` on, where the body ends at `end`.
    pub(crate) fn piece(&self, sent: u64, end: u64) -> &[u8] {
        match self {
            Self::Pattern { origin, offset, .. } => content::piece(*origin, offset + sent, end - sent),
            Self::Bytes(bytes) => &bytes[sent as usize..end as usize],
        }
    }
}

impl Reply {
    pub(crate) fn new(status: u16, content_type: impl Into<ContentType>, payload: Payload) -> Self {
        Self {
            status,
            payload,
            content_type: content_type.into(),
            object: None,
            tag: None,
            lines: Lines::default(),
            content_range: ContentRange::None,
            retry_after: None,
            head_only: false,
            close: false,
            taken_bytes: 0,
        }
    }

    /// An error as S3 tells it.
    pub(crate) fn error(status: u16, code: &str, message: &str) -> Self {
        Self::error_with(status, code, message, &[])
    }

    /// The same with more elements than code and message.
    pub(crate) fn error_with(status: u16, code: &str, message: &str, more: &[(&str, &str)]) -> Self {
        let escaped = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        let elements = [("Code", code), ("Message", message)];
        let elements = elements.iter().chain(more).map(|(name, text)| format!("<{name}>{}</{name}>", escaped(text)));
        let elements: String = elements.collect();
        let body = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error>{elements}</Error>");
        Self::new(status, "application/xml", Payload::Bytes(body.into()))
    }

    /// How many bytes of body go out.
    pub(crate) fn sends(&self) -> u64 {
        if self.head_only { 0 } else { self.payload.length() }
    }

    /// What the audit counts once all of it is written.
    pub(crate) fn answered(&self) -> Answered {
        let intact_bytes = if matches!(self.status, 200 | 206) { self.sends() } else { 0 };
        Answered { good: matches!(self.status, 200..300), intact_bytes, taken_bytes: self.taken_bytes }
    }

    /// Writes the head, with a `Date` as it was formatted before.
    pub(crate) fn write_head(&self, date: &[u8], out: &mut Vec<u8>) {
        let mut number = itoa::Buffer::new();
        out.extend_from_slice(b"HTTP/1.1 ");
        out.extend_from_slice(number.format(self.status).as_bytes());
        out.push(b' ');
        out.extend_from_slice(reason(self.status).as_bytes());
        out.extend_from_slice(b"\r\nDate: ");
        out.extend_from_slice(date);
        // 204 has no body that could have either.
        if self.status != 204 {
            out.extend_from_slice(b"\r\nContent-Type: ");
            out.extend_from_slice(self.content_type.as_bytes());
            out.extend_from_slice(b"\r\nContent-Length: ");
            out.extend_from_slice(number.format(self.payload.length()).as_bytes());
        }
        match self.content_range {
            ContentRange::None => {}
            ContentRange::Of { first, last, size } => {
                out.extend_from_slice(b"\r\nContent-Range: bytes ");
                out.extend_from_slice(number.format(first).as_bytes());
                out.push(b'-');
                out.extend_from_slice(number.format(last).as_bytes());
                out.push(b'/');
                out.extend_from_slice(number.format(size).as_bytes());
            }
            ContentRange::Unsatisfied { size } => {
                out.extend_from_slice(b"\r\nContent-Range: bytes */");
                out.extend_from_slice(number.format(size).as_bytes());
            }
        }
        if let Some((etag, modified)) = &self.object {
            out.extend_from_slice(b"\r\nAccept-Ranges: bytes\r\nETag: \"");
            out.extend_from_slice(etag.as_bytes());
            out.extend_from_slice(b"\"\r\nLast-Modified: ");
            out.extend_from_slice(modified.as_bytes());
            out.extend_from_slice(self.lines.as_bytes());
        }
        if let Some(etag) = &self.tag {
            out.extend_from_slice(b"\r\nETag: \"");
            out.extend_from_slice(etag.as_bytes());
            out.push(b'"');
        }
        if let Some(seconds) = self.retry_after {
            out.extend_from_slice(b"\r\nRetry-After: ");
            out.extend_from_slice(number.format(seconds).as_bytes());
        }
        if self.close {
            out.extend_from_slice(b"\r\nConnection: close");
        }
        out.extend_from_slice(b"\r\n\r\n");
    }

    /// The same head for hyper, which adds the `Date`.
    pub(crate) fn headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::with_capacity(8);
        let mut add = |name: HeaderName, value: Cow<'_, str>| {
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert(name, value);
            }
        };
        add(header::CONTENT_TYPE, Cow::Borrowed(&self.content_type));
        // 304 has no body, and its length would be that of a 200.
        if self.status != 304 {
            add(header::CONTENT_LENGTH, self.payload.length().to_string().into());
        }
        match self.content_range {
            ContentRange::None => {}
            ContentRange::Of { first, last, size } => {
                add(header::CONTENT_RANGE, format!("bytes {first}-{last}/{size}").into());
            }
            ContentRange::Unsatisfied { size } => add(header::CONTENT_RANGE, format!("bytes */{size}").into()),
        }
        if let Some((etag, modified)) = &self.object {
            add(header::ACCEPT_RANGES, "bytes".into());
            add(header::ETAG, format!("\"{etag}\"").into());
            add(header::LAST_MODIFIED, String::from_utf8_lossy(modified.as_bytes()));
        }
        if let Some(etag) = &self.tag {
            add(header::ETAG, format!("\"{etag}\"").into());
        }
        if let Some(seconds) = self.retry_after {
            add(header::RETRY_AFTER, seconds.to_string().into());
        }
        if self.close {
            add(header::CONNECTION, "close".into());
        }
        for (name, value) in self.lines.pairs() {
            if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name), HeaderValue::from_bytes(value)) {
                headers.append(name, value);
            }
        }
        headers
    }
}

fn reason(status: u16) -> &'static str {
    StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()).unwrap_or("Unknown")
}

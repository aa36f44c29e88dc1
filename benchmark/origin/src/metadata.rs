//! What a client says of an object that it puts, and is told again with it: its type, and the headers that belong to it.

use std::sync::Arc;

use hyper::HeaderMap;
use hyper::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_TYPE, EXPIRES, HeaderName,
};

use crate::object::{BINARY, ContentType};

/// The most that the names and values of a client's own metadata take together, in bytes, as S3 has it.
const MOST_OWN_BYTES: usize = 2048;

/// How the header of a client's own metadata begins.
const OWN: &str = "x-amz-meta-";

/// The headers that are kept beside them.
const KEPT: [HeaderName; 5] = [CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_ENCODING, CONTENT_LANGUAGE, EXPIRES];

/// The metadata of one object.
#[derive(Clone)]
pub(crate) struct Metadata {
    pub(crate) content_type: ContentType,
    pub(crate) lines: Lines,
}

/// More of a client's own metadata than S3 takes.
#[derive(Debug)]
pub(crate) struct TooLarge;

impl From<ContentType> for Metadata {
    fn from(content_type: ContentType) -> Self {
        Self { content_type, lines: Lines::default() }
    }
}

impl Metadata {
    /// What the headers of a request say of the object.
    pub(crate) fn of(headers: &HeaderMap) -> Result<Self, TooLarge> {
        let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let content_type = content_type.filter(|text| !text.is_empty()).map(|text| ContentType::Owned(text.to_owned()));
        let mut lines = Vec::new();
        let mut own = 0;
        for (name, value) in headers {
            let name = name.as_str();
            let value = if let Some(key) = name.strip_prefix(OWN) {
                own += key.len() + value.len();
                value.as_bytes().to_vec()
            } else if name == CONTENT_ENCODING {
                without_chunks(value.as_bytes())
            } else if KEPT.iter().any(|kept| kept == name) {
                value.as_bytes().to_vec()
            } else {
                continue;
            };
            if !value.is_empty() {
                lines.extend_from_slice(&[b"\r\n", name.as_bytes(), b": ", &value].concat());
            }
        }
        if own > MOST_OWN_BYTES {
            return Err(TooLarge);
        }
        let lines = Lines((!lines.is_empty()).then(|| lines.into()));
        Ok(Self { content_type: content_type.unwrap_or(BINARY), lines })
    }

    /// What it takes in memory.
    pub(crate) fn bytes(&self) -> u64 {
        (self.content_type.len() + self.lines.as_bytes().len()) as u64
    }
}

/// Headers as a response has them, each behind a line break. Most objects have none, and all share those they have.
#[derive(Clone, Default)]
pub(crate) struct Lines(Option<Arc<[u8]>>);

impl Lines {
    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.0.as_deref().unwrap_or_default()
    }

    /// The same in pairs. No value has a line break in it, and no name a colon.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.as_bytes().split(|byte| *byte == b'\n').filter_map(|line| {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            let colon = line.iter().position(|byte| *byte == b':')?;
            Some((&line[..colon], line[colon + 1..].trim_ascii_start()))
        })
    }
}

/// `aws-chunked` is how a body travelled, and no property of the object.
fn without_chunks(value: &[u8]) -> Vec<u8> {
    let tokens = value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
    tokens.filter(|token| !token.eq_ignore_ascii_case(b"aws-chunked")).collect::<Vec<_>>().join(&b","[..])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(headers: &[(&'static str, &str)]) -> Result<Metadata, TooLarge> {
        let map = headers.iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()));
        Metadata::of(&map.collect())
    }

    #[test]
    fn what_belongs_to_the_object_is_kept() {
        let metadata = of(&[
            ("content-type", "text/plain"),
            ("content-length", "5"),
            ("x-amz-meta-mtime", "1700000000.5"),
            ("x-amz-acl", "private"),
            ("content-encoding", "aws-chunked, gzip"),
        ]);
        let metadata = metadata.unwrap();
        assert_eq!(metadata.content_type, "text/plain");
        let mut pairs: Vec<_> = metadata.lines.pairs().collect();
        pairs.sort();
        let expected: [(&[u8], &[u8]); 2] = [(b"content-encoding", b"gzip"), (b"x-amz-meta-mtime", b"1700000000.5")];
        assert_eq!(pairs, expected);
        let lines = "\r\nx-amz-meta-mtime: 1700000000.5\r\ncontent-encoding: gzip";
        assert_eq!(metadata.bytes(), ("text/plain".len() + lines.len()) as u64);
    }

    #[test]
    fn an_object_without_any_costs_nothing() {
        let metadata = of(&[("content-encoding", "aws-chunked"), ("content-type", "")]).unwrap();
        assert_eq!((metadata.content_type.as_ref(), metadata.lines.as_bytes()), (&*BINARY, &b""[..]));
        assert_eq!(metadata.lines.pairs().count(), 0);
    }

    #[test]
    fn a_clients_own_has_a_limit() {
        assert!(of(&[("x-amz-meta-a", &"x".repeat(2047))]).is_ok());
        assert!(of(&[("x-amz-meta-a", &"x".repeat(2048))]).is_err());
    }
}

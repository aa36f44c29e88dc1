//! One request of a call, in the words of HTTP and of S3 alike.

use std::ops::RangeInclusive;
use std::sync::Arc;

use benchmark_protocol::content;
use benchmark_protocol::operation::Operation;
use benchmark_protocol::tests::{Answer, Ask, More, Page};
use bytes::Bytes;

use crate::failure::Failure;
use crate::options::Header;
use crate::range::{RangeText, range_text};
use crate::sigv4::Signature;

/// What a library's client is asked to do.
#[derive(Debug)]
pub struct Request<'a> {
    pub(crate) ask: Ask<'a>,
    range: Option<RangeText>,
    common: &'a Common,
    /// What only few requests have: apart, so that all others stay small.
    rest: Option<Box<Rest>>,
}

/// What the requests of a load have in common.
#[derive(Debug)]
pub(crate) struct Common {
    /// What is sent with every request: what the user gave, and that the server is to close where connections are not kept.
    pub(crate) given: Vec<Header>,
    /// The memory that objects are sent from: [`content::seamless`] of the longest body.
    pub(crate) contents: &'static [u8],
}

/// Requests of no load.
#[cfg(test)]
pub(crate) static NOTHING: Common = Common { given: Vec::new(), contents: &[] };

#[derive(Debug, Default)]
struct Rest {
    /// URL and path with a query of the request's own, where it has one.
    extended: Option<[String; 2]>,
    signature: Signature,
    /// Held by every body that was handed out and is not dropped yet.
    lent: Option<Arc<()>>,
}

/// A body that was handed out.
struct Lent {
    content: &'static [u8],
    #[expect(dead_code, reason = "held for as long as the body is")]
    lent: Option<Arc<()>>,
}

impl AsRef<[u8]> for Lent {
    fn as_ref(&self) -> &[u8] {
        self.content
    }
}

impl<'a> Request<'a> {
    #[inline]
    pub(crate) fn new(ask: Ask<'a>, common: &'a Common) -> Self {
        let mut rest = ask.more.as_ref().map(|more| {
            let query = more.query();
            let extended = [&ask.object.url, &ask.object.path].map(|base| {
                let joint = if base.contains('?') { '&' } else { '?' };
                format!("{base}{joint}{query}")
            });
            Box::new(Rest { extended: Some(extended), ..Rest::default() })
        });
        if matches!(ask.operation, Operation::Put | Operation::UploadPart) {
            rest.get_or_insert_default().lent = Some(Arc::default());
        }
        let range = if ask.operation == Operation::Get { ask.range.as_ref().map(range_text) } else { None };
        Self { range, common, rest, ask }
    }

    /// Signs it.
    pub(crate) fn sign(&mut self, signature: Signature) {
        self.rest.get_or_insert_default().signature = signature;
    }

    fn extended(&self) -> Option<&[String; 2]> {
        self.rest.as_ref()?.extended.as_ref()
    }

    /// What the request does.
    #[must_use]
    pub const fn operation(&self) -> Operation {
        self.ask.operation
    }

    /// Its method, for clients that know nothing of operations.
    #[must_use]
    pub const fn method(&self) -> &'static str {
        self.ask.operation.method()
    }

    /// The whole URL.
    #[must_use]
    pub fn url(&self) -> &str {
        self.extended().map_or(&self.ask.object.url, |extended| &extended[0])
    }

    /// The URL's path and query.
    #[must_use]
    pub fn path(&self) -> &str {
        self.extended().map_or(&self.ask.object.path, |extended| &extended[1])
    }

    /// The bucket, for S3 clients.
    #[must_use]
    pub fn bucket(&self) -> &'a str {
        &self.ask.object.bucket
    }

    /// The key, for S3 clients.
    #[must_use]
    pub fn key(&self) -> &'a str {
        &self.ask.object.key
    }

    /// First and last byte that are asked for, for clients with a range type of their own.
    #[must_use]
    pub fn range(&self) -> Option<RangeInclusive<u64>> {
        self.ask.range.clone().filter(|_| self.ask.operation == Operation::Get)
    }

    /// The value of the `range` header: `bytes=0-16383`.
    #[must_use]
    pub fn range_header(&self) -> Option<&str> {
        self.range.as_deref()
    }

    #[inline]
    pub(crate) const fn range_text(&self) -> Option<&RangeText> {
        self.range.as_ref()
    }

    /// What is to be sent, where the operation sends anything: as it is, with its length, and never copied. An object's bytes are
    /// a piece of memory that all requests share.
    #[must_use]
    pub fn body(&self) -> Option<Bytes> {
        match self.ask.operation {
            Operation::Put | Operation::UploadPart => {
                let lent = self.rest.as_ref().and_then(|rest| rest.lent.clone());
                Some(Bytes::from_owner(Lent { content: self.content(), lent }))
            }
            Operation::CompleteUpload => self.ask.more.as_ref()?.body().map(Bytes::from),
            _ => None,
        }
    }

    /// Whether the library still holds a body that it was handed: what it has written to the socket it holds no more.
    fn is_unsent(&self) -> bool {
        let lent = self.rest.as_ref().and_then(|rest| rest.lent.as_ref());
        lent.is_some_and(|lent| Arc::strong_count(lent) > 1)
    }

    /// Whether the answer is the one that was asked for.
    ///
    /// # Errors
    /// What is wrong first.
    #[inline]
    pub(crate) fn judge(&self, answer: &Answer) -> Result<(), Failure> {
        self.ask.judge(answer)?;
        if self.is_unsent() { Err(Failure::unsent()) } else { Ok(()) }
    }

    /// How long a body it sends, in bytes; those of an object alone.
    #[inline]
    pub(crate) fn sent_bytes(&self) -> u64 {
        match self.ask.operation {
            Operation::Put | Operation::UploadPart => self.content().len() as u64,
            _ => 0,
        }
    }

    fn content(&self) -> &'static [u8] {
        let Some(range) = &self.ask.range else { return &[] };
        let at = content::place(self.ask.object.pattern, *range.start());
        &self.common.contents[at..at + (range.end() - range.start() + 1) as usize]
    }

    /// The page of a listing that is asked for, for S3 clients.
    #[must_use]
    pub fn page(&self) -> Page {
        match self.ask.more.as_deref() {
            Some(More::Page(page)) => page.clone(),
            _ => Page::default(),
        }
    }

    /// The id of the upload that it is about, for S3 clients.
    #[must_use]
    pub fn upload(&self) -> &str {
        self.ask.upload().unwrap_or_default()
    }

    /// The number of the part that is sent, from 1, for S3 clients.
    #[must_use]
    pub fn part(&self) -> u32 {
        match self.ask.more.as_deref() {
            Some(More::Part { number, .. }) => *number,
            _ => 0,
        }
    }

    /// The entity tags of the upload's parts, in order, for S3 clients.
    #[must_use]
    pub fn tags(&self) -> &[String] {
        match self.ask.more.as_deref() {
            Some(More::Complete { tags, .. }) => tags,
            _ => &[],
        }
    }

    /// The headers that go with every request, for clients that have words of their own for ranges and signatures.
    pub fn given_headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.common.given.iter().map(|Header(name, value)| (name.as_str(), value.as_str()))
    }

    /// The headers that the request must carry, for clients that know nothing of ranges and signatures.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        let signature = self.rest.iter().flat_map(|rest| &rest.signature).map(|(name, value)| (*name, value.as_str()));
        self.range_header().map(|value| ("range", value)).into_iter().chain(signature).chain(self.given_headers())
    }
}

#[cfg(test)]
mod tests {
    use benchmark_protocol::target::{Object, Target};
    use benchmark_protocol::tests::Expected;

    use super::*;

    #[test]
    fn given_headers_come_with_every_request() {
        let target = Target::parse("http://h/run", None, true).unwrap();
        let object = target.object("key");
        let common = Common { given: vec![Header("x-key".to_owned(), "a=b, c".to_owned())], contents: &[] };
        let ask = Ask::get(&object, Some(0..=9), Expected::Object { size: None, pattern: None });
        let request = Request::new(ask, &common);
        assert_eq!(request.headers().collect::<Vec<_>>(), [("range", "bytes=0-9"), ("x-key", "a=b, c")]);
    }

    #[test]
    fn a_query_of_its_own_goes_behind_that_of_the_object() {
        let target = Target::parse("http://h/run", None, true).unwrap();
        let object = target.object("key");
        let ask = |object, more| Ask {
            more: Some(Box::new(more)),
            ..Ask::new(Operation::CreateUpload, object, Expected::Upload)
        };
        let request = Request::new(ask(&object, More::Create), &NOTHING);
        assert_eq!((request.method(), request.url()), ("POST", "http://h/run/key?uploads="));
        assert_eq!(request.body(), None);
        let object = Object { path: "/run/key?a=b".to_owned(), ..target.object("key") };
        assert_eq!(Request::new(ask(&object, More::Create), &NOTHING).path(), "/run/key?a=b&uploads=");
    }

    #[test]
    fn what_is_sent_is_the_object_and_asks_for_no_range() {
        let target = Target::parse("http://h/run", None, true).unwrap();
        let object = Object { size: 3_000_000, ..target.object("replica-0/object-000001") };
        let common = Common { given: Vec::new(), contents: content::seamless(object.size) };
        let request = Request::new(Ask::put(&object), &common);
        let body = request.body().unwrap();
        assert!(request.is_unsent());
        assert_eq!((body.len(), request.sent_bytes(), request.range()), (3_000_000, 3_000_000, None));
        assert!(content::matches(object.pattern, 0, &body));
        assert_eq!(request.headers().count(), 0);
        drop(body);
        assert!(!request.is_unsent());
    }
}

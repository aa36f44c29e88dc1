//! One request of a call, in the words of HTTP and of S3 alike.

use std::ops::RangeInclusive;

use arrayvec::ArrayString;
use benchmark_protocol::operation::Operation;
use benchmark_protocol::tests::Ask;

use crate::options::Header;
use crate::sigv4::Signature;

/// `bytes=`, two numbers of at most 20 digits and a dash.
const LONGEST_RANGE: usize = 6 + 20 + 1 + 20;

/// What a library's client is asked to do.
#[derive(Debug)]
pub struct Request<'a> {
    pub(crate) ask: Ask<'a>,
    range: Option<ArrayString<LONGEST_RANGE>>,
    /// URL and path with a query of the request's own, where it has one.
    extended: Option<Box<[String; 2]>>,
    pub(crate) signature: Signature,
    /// What the user has sent with every request.
    pub(crate) given: &'a [Header],
}

impl<'a> Request<'a> {
    #[inline]
    pub(crate) fn new(ask: Ask<'a>) -> Self {
        let query = ask.more.as_ref().and_then(|more| more.query.as_deref());
        let extended = query.map(|query| {
            Box::new([&ask.object.url, &ask.object.path].map(|base| {
                let joint = if base.contains('?') { '&' } else { '?' };
                format!("{base}{joint}{query}")
            }))
        });
        Self { range: ask.range.as_ref().map(range_text), extended, signature: Signature::new(), given: &[], ask }
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
        self.extended.as_ref().map_or(&self.ask.object.url, |extended| &extended[0])
    }

    /// The URL's path and query.
    #[must_use]
    pub fn path(&self) -> &str {
        self.extended.as_ref().map_or(&self.ask.object.path, |extended| &extended[1])
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

    /// First and last byte, for clients with a range type of their own.
    #[must_use]
    pub fn range(&self) -> Option<RangeInclusive<u64>> {
        self.ask.range.clone()
    }

    /// The value of the `range` header: `bytes=0-16383`.
    #[must_use]
    pub fn range_header(&self) -> Option<&str> {
        self.range.as_deref()
    }

    /// What is to be sent, where the operation sends anything.
    #[must_use]
    pub fn body(&self) -> Option<&[u8]> {
        self.ask.more.as_ref()?.body.as_deref()
    }

    /// The headers that the user has sent with every request, for clients that have words of their own for ranges and signatures.
    pub fn given_headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.given.iter().map(|Header(name, value)| (name.as_str(), value.as_str()))
    }

    /// The headers that the request must carry, for clients that know nothing of ranges and signatures.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        let signature = self.signature.iter().map(|(name, value)| (*name, value.as_str()));
        self.range_header().map(|value| ("range", value)).into_iter().chain(signature).chain(self.given_headers())
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
    use benchmark_protocol::target::{Object, Target};
    use benchmark_protocol::tests::{Expected, More};

    use super::*;

    #[test]
    fn a_range_header_is_inclusive() {
        assert_eq!(range_text(&(0..=16_383)).as_str(), "bytes=0-16383");
        assert_eq!(range_text(&(u64::MAX..=u64::MAX)).len(), LONGEST_RANGE);
    }

    #[test]
    fn given_headers_come_with_every_request() {
        let target = Target::parse("http://h/run", None, true).unwrap();
        let object = target.object("key");
        let mut request = Request::new(Ask::get(&object, Some(0..=9), Expected::Object { size: None, pattern: None }));
        let given = [Header("x-key".to_owned(), "a=b, c".to_owned())];
        request.given = &given;
        assert_eq!(request.headers().collect::<Vec<_>>(), [("range", "bytes=0-9"), ("x-key", "a=b, c")]);
    }

    #[test]
    fn a_query_of_its_own_goes_behind_that_of_the_object() {
        let target = Target::parse("http://h/run", None, true).unwrap();
        let object = target.object("key");
        let more = || Some(Box::new(More { query: Some("uploads=".to_owned()), body: Some(b"x".to_vec()) }));
        let ask = |object| Ask {
            operation: Operation::CreateUpload,
            more: more(),
            ..Ask::get(object, None, Expected::Object { size: None, pattern: None })
        };
        let request = Request::new(ask(&object));
        assert_eq!((request.method(), request.url()), ("POST", "http://h/run/key?uploads="));
        assert_eq!(request.body(), Some(&b"x"[..]));
        let object = Object { path: "/run/key?a=b".to_owned(), ..target.object("key") };
        assert_eq!(Request::new(ask(&object)).path(), "/run/key?a=b&uploads=");
    }
}

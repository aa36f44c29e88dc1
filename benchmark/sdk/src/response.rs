//! What came back: fed by the library as it reads, judged by the test's definition when it is done.

use benchmark_protocol::tests::{Answer, ContentRange};

use crate::clock::now_ns;
use crate::request::Request;

/// The response to one request. A library reports the head once and then every chunk of the body.
#[derive(Debug, Default)]
pub struct Response {
    first_byte_ns: Option<u64>,
    answer: Answer,
}

impl Response {
    /// Makes it ready for the answer to this request; buffers are kept.
    pub(crate) fn expect(&mut self, request: &Request<'_>) {
        self.first_byte_ns = None;
        self.answer.expect(&request.ask);
    }

    /// The head is here: call it before the body is read, so that it stamps the time to the first byte.
    pub fn head(&mut self, status: u16, content_range: Option<ContentRange>) {
        self.first_byte_ns = Some(now_ns());
        self.answer.head(status, content_range);
    }

    /// A piece of the body. It may be dropped afterwards.
    pub fn chunk(&mut self, bytes: &[u8]) {
        self.answer.chunk(bytes);
    }

    /// When the head was here, on CLOCK_MONOTONIC.
    pub(crate) const fn first_byte_ns(&self) -> Option<u64> {
        self.first_byte_ns
    }

    /// What it came to.
    pub(crate) const fn answer(&self) -> &Answer {
        &self.answer
    }
}

//! What came back: fed by the library as it reads, judged by the test's definition when it is done.

use benchmark_protocol::tests::Answer;

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

    /// The head is here: its status, and its headers by their lower-case names (only those that the request needs are asked for).
    /// Call it before the body is read, so that it stamps the time to the first byte.
    #[inline]
    pub fn head<'v>(&mut self, status: u16, header: impl Fn(&str) -> Option<&'v [u8]>) {
        self.first_byte_ns = Some(now_ns());
        self.answer.head(status, header);
    }

    /// A piece of the body. It may be dropped afterwards.
    #[inline]
    pub fn chunk(&mut self, bytes: &[u8]) {
        self.answer.chunk(bytes);
    }

    /// The upload's id, by a library that reads it from the body itself.
    pub fn upload_id(&mut self, id: &str) {
        self.answer.upload_id(id);
    }

    /// That the upload is complete, by a library that reads it from the body itself.
    pub const fn completed(&mut self) {
        self.answer.completed();
    }

    /// A key of a page, in order, by a library that reads it from the body itself.
    pub fn key(&mut self, key: &str) {
        self.answer.key(key);
    }

    /// The end of a page, and the token with which the listing goes on, by a library that reads it from the body itself.
    pub fn page_end(&mut self, continuation: Option<&str>) {
        self.answer.page_end(continuation);
    }

    /// The body is whole.
    #[inline]
    pub(crate) fn close(&mut self) {
        self.answer.close();
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

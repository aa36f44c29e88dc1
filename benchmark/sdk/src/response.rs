//! What came back: fed by the library as it reads, judged by the test's definition when it is done.

use benchmark_protocol::tests::Answer;

use crate::clock::now_ns;
use crate::range::Wanted;
use crate::request::Request;

/// The response to one request. A library reports the head once and then every chunk of the body.
#[derive(Debug, Default)]
pub struct Response {
    /// Whether the time to the first byte is taken.
    stamps: bool,
    /// 0 where it was not taken.
    first_byte_ns: u64,
    wanted: Wanted,
    answer: Answer,
}

impl Response {
    /// Makes it ready for the answer to this request; buffers are kept. The time to its first byte is taken where `stamps`.
    #[inline]
    pub(crate) fn expect(&mut self, request: &Request<'_>, stamps: bool) {
        (self.stamps, self.first_byte_ns) = (stamps, 0);
        self.wanted.expect(request.ask.range.as_ref(), request.range_text(), request.ask.expected.size());
        self.answer.expect(&request.ask);
    }

    /// The head is here: its status, and its headers by their lower-case names (only those that the request needs are asked for).
    /// Call it before the body is read, so that it stamps the time to the first byte.
    #[inline]
    pub fn head<'v>(&mut self, status: u16, header: impl Fn(&str) -> Option<&'v [u8]>) {
        if self.stamps {
            self.first_byte_ns = now_ns();
        }
        self.answer.head_with(status, header, |value| self.wanted.read(value));
    }

    /// Whether no more of the body is wanted: the answer is known to be wrong, or longer than any good one. Ask before each read, and
    /// end with `Ok` where it is so: what is wrong is said by whoever judges. A connection that is left so is of no use again.
    #[inline]
    #[must_use]
    pub const fn is_over(&self) -> bool {
        self.answer.is_over()
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

    /// Takes out how long the body was: of a response that nobody judges.
    #[inline]
    pub(crate) const fn take_length(&mut self) -> u64 {
        self.answer.take_length()
    }

    /// The body is whole.
    #[inline]
    pub(crate) fn close(&mut self) {
        self.answer.close();
    }

    /// When the head was here, on CLOCK_MONOTONIC; 0 where that was not taken.
    #[inline]
    pub(crate) const fn first_byte_ns(&self) -> u64 {
        self.first_byte_ns
    }

    /// What it came to.
    #[inline]
    pub(crate) const fn answer(&self) -> &Answer {
        &self.answer
    }
}

//! The body of a response on hyper's path: knows how much of it went, and where it is to be cut.

use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};

use crate::reply::Payload;
use crate::wire::{Link, Ticket};

/// How much of the pattern hyper is given at once, in bytes: so that it never copies more than this ahead of the socket.
const CHUNK_BYTES: u64 = 256 << 10;

/// A body that reports to its connection's wire.
pub(crate) struct Tracked {
    source: Source,
    sent: u64,
    /// Where the body is to end early.
    cut_at: Option<u64>,
    ended: bool,
    ticket: Option<Ticket>,
    link: Rc<Link>,
}

/// Where the bytes come from.
pub(crate) enum Source {
    Ours(Payload),
    S3(s3s::Body),
}

impl Source {
    pub(crate) fn length(&self) -> Option<u64> {
        match self {
            Self::Ours(payload) => Some(payload.length()),
            Self::S3(body) => body.size_hint().exact(),
        }
    }
}

impl Tracked {
    /// A body of which nothing is sent in answer to HEAD.
    pub(crate) fn new(source: Source, head_only: bool, ticket: Ticket, link: &Rc<Link>) -> Self {
        Self { source, sent: 0, cut_at: None, ended: head_only, ticket: Some(ticket), link: Rc::clone(link) }
    }

    /// Ends early, and the connection with it.
    pub(crate) fn cut_at(mut self, bytes: u64) -> Self {
        self.cut_at = Some(bytes);
        self
    }

    /// Whether the body stays here: the answer to HEAD.
    pub(crate) fn sends_nothing(&self) -> bool {
        self.ended
    }

    fn is_whole(&self) -> bool {
        self.ended || self.cut_at.is_none() && self.source.length() == Some(self.sent_of_source())
    }

    /// s3s' bodies count down what remains of them, ours do not.
    fn sent_of_source(&self) -> u64 {
        if matches!(self.source, Source::S3(_)) { 0 } else { self.sent }
    }
}

impl Body for Tracked {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let this = &mut *self;
        let sent = this.sent;
        let left = this.cut_at.map(|cut_at| cut_at - sent);
        if left == Some(0) {
            // hyper writes what it has been given, flushes, and there the wire ends the connection.
            this.link.cut.set(true);
            return Poll::Pending;
        }
        let bytes = match &mut this.source {
            Source::Ours(payload) if sent == payload.length() => None,
            Source::Ours(Payload::Bytes(bytes)) => Some(bytes.slice(sent as usize..)),
            Source::Ours(Payload::Pattern { origin, offset, length }) => {
                let piece = (*length - sent).min(CHUNK_BYTES);
                Some(Bytes::from_static(benchmark_protocol::content::piece(*origin, *offset + sent, piece)))
            }
            Source::S3(body) => match Pin::new(body).poll_frame(context) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Some(Err(io::Error::other(error)))),
                Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                    Ok(bytes) => Some(bytes),
                    Err(other) => return Poll::Ready(Some(Ok(other.map_data(|_| Bytes::new())))),
                },
                Poll::Ready(None) => None,
            },
        };
        let Some(mut bytes) = bytes else {
            this.ended = true;
            return Poll::Ready(None);
        };
        if let Some(left) = left {
            bytes.truncate(left as usize);
        }
        this.sent += bytes.len() as u64;
        Poll::Ready(Some(Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.is_whole()
    }

    fn size_hint(&self) -> SizeHint {
        self.source.length().map_or_else(SizeHint::new, |length| SizeHint::with_exact(length - self.sent_of_source()))
    }
}

impl Drop for Tracked {
    fn drop(&mut self) {
        // Taken whole by hyper, but not written yet: the wire settles it. In any other case the request just ends.
        if self.is_whole()
            && let Some(ticket) = self.ticket.take()
        {
            self.link.finished.borrow_mut().push(ticket);
        }
    }
}

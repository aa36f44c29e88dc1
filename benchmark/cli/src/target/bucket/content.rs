//! An object's content as the body of a request: pieces of the one pattern, of which nothing is copied.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use benchmark_protocol::content;
use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};

/// What is left to send of an object.
pub(super) struct Content {
    origin: usize,
    at: u64,
    size: u64,
}

impl Content {
    /// All of the object of this key.
    pub(super) fn of(key: &str, size: u64) -> Self {
        Self { origin: content::origin_of(key), at: 0, size }
    }
}

impl Body for Content {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.is_end_stream() {
            return Poll::Ready(None);
        }
        let piece = content::piece(self.origin, self.at, self.size - self.at);
        self.at += piece.len() as u64;
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(piece)))))
    }

    fn is_end_stream(&self) -> bool {
        self.at == self.size
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.size - self.at)
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::*;

    #[tokio::test]
    async fn an_object_is_sent_piece_by_piece_as_it_is_known_to_be() {
        for size in [0, 1, content::PERIOD as u64, 3_000_000] {
            let body = Content::of("benchmark/r/object-000001", size);
            assert_eq!(body.size_hint().exact(), Some(size));
            let sent = body.collect().await.unwrap().to_bytes();
            assert_eq!(sent.len() as u64, size);
            assert!(content::matches(content::origin_of("benchmark/r/object-000001"), 0, &sent));
        }
    }
}

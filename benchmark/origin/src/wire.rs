//! The socket as hyper sees it: replays what was read before, withholds bytes in a stall, cuts what is to be cut, and tells
//! when a response is really out.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use crate::audit::Answered;
use crate::faults::Passage;
use crate::run::{Run, UnderWay};
use crate::timer::{Sleep, Timer};

/// What the service and the body of a response tell the wire of the connection.
#[derive(Default)]
pub(crate) struct Link {
    /// The run of the last request: whose stalls count.
    pub(crate) run: RefCell<Option<Arc<Run>>>,
    /// When the head was parsed whose response comes next, where its delay has to be recorded.
    pub(crate) timed_from_ns: Cell<Option<u64>>,
    /// What goes out before anything else, of a response that comes before the one that counts.
    pub(crate) interim: Cell<&'static [u8]>,
    /// How many bytes may still be written before the connection is cut.
    pub(crate) cut_after: Cell<Option<u64>>,
    /// The connection is to be cut once all that hyper holds is written.
    pub(crate) cut: Cell<bool>,
    /// The connection is to be reset.
    pub(crate) reset: Cell<bool>,
    /// Responses that hyper has taken whole but may not have written yet.
    pub(crate) finished: RefCell<Vec<Ticket>>,
    /// Whether a request is under way.
    pub(crate) busy: Rc<Cell<bool>>,
}

/// A response on its way out. Dropping it ends the request, in whatever way it ended.
pub(crate) struct Ticket {
    pub(crate) under_way: Option<UnderWay<Arc<Run>>>,
    #[expect(dead_code, reason = "held for its place in service")]
    pub(crate) passage: Passage,
    /// What counts once all is written.
    pub(crate) answered: Answered,
}

impl Ticket {
    /// That of a request without faults, of which nothing counts yet.
    pub(crate) const fn free(under_way: Option<UnderWay<Arc<Run>>>) -> Self {
        let answered = Answered { good: false, intact_bytes: 0, taken_bytes: 0 };
        Self { under_way, passage: Passage::FREE, answered }
    }

    /// All of it was written.
    fn settle(self) {
        if let Some(under_way) = &self.under_way {
            under_way.answer(self.answered);
        }
    }
}

/// The socket, with what it was told.
pub(crate) struct Wire {
    stream: TcpStream,
    read_before: Bytes,
    link: Rc<Link>,
    timer: Timer,
    stall: Option<Sleep>,
}

impl Wire {
    pub(crate) fn new(stream: TcpStream, read_before: Bytes, link: Rc<Link>, timer: Timer) -> Self {
        Self { stream, read_before, link, timer, stall: None }
    }

    pub(crate) fn into_inner(self) -> TcpStream {
        self.stream
    }

    /// Ready where bytes may go now; the number is the most of them.
    fn poll_gate(&mut self, context: &mut Context<'_>) -> Poll<io::Result<usize>> {
        loop {
            if let Some(stall) = &mut self.stall {
                ready!(Pin::new(stall).poll(context));
                self.stall = None;
            }
            let run = self.link.run.borrow();
            let faults = run.as_ref().and_then(|run| run.faults.as_ref());
            match faults.and_then(|faults| faults.stalled_until()) {
                Some(until_ns) => self.stall = Some(self.timer.until(until_ns)),
                None => {
                    if let (Some(faults), Some(parsed_ns)) = (faults, self.link.timed_from_ns.take()) {
                        faults.delivered(parsed_ns);
                    }
                    break;
                }
            }
        }
        Poll::Ready(match self.link.cut_after.get() {
            Some(0) => Err(cut()),
            Some(most) => Ok(usize::try_from(most).unwrap_or(usize::MAX)),
            None => Ok(usize::MAX),
        })
    }

    /// Ready where no interim response is on its way.
    fn poll_interim(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            let left = self.link.interim.get();
            if left.is_empty() {
                return Poll::Ready(Ok(()));
            }
            match ready!(Pin::new(&mut self.stream).poll_write(context, left))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                written => self.link.interim.set(&left[written..]),
            }
        }
    }

    fn wrote(&self, written: usize) -> usize {
        if let Some(most) = self.link.cut_after.get() {
            self.link.cut_after.set(Some(most.saturating_sub(written as u64)));
        }
        written
    }
}

impl AsyncRead for Wire {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.read_before.has_remaining() {
            let length = self.read_before.len().min(into.remaining());
            into.put_slice(&self.read_before.split_to(length));
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.stream).poll_read(context, into)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let most = ready!(self.poll_gate(context))?.min(bytes.len());
        ready!(self.poll_interim(context))?;
        let written = ready!(Pin::new(&mut self.stream).poll_write(context, &bytes[..most]))?;
        Poll::Ready(Ok(self.wrote(written)))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let most = ready!(self.poll_gate(context))?;
        if most < usize::MAX {
            // About to be cut: slice by slice is good enough.
            let first = slices.iter().find(|slice| !slice.is_empty()).map_or(&[][..], |slice| slice);
            return self.poll_write(context, first);
        }
        ready!(self.poll_interim(context))?;
        let written = ready!(Pin::new(&mut self.stream).poll_write_vectored(context, slices))?;
        Poll::Ready(Ok(self.wrote(written)))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    /// hyper flushes when everything it holds has been written: only then is a response out, or the cut due.
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.link.cut.get() {
            return Poll::Ready(Err(cut()));
        }
        for ticket in self.link.finished.borrow_mut().drain(..) {
            ticket.settle();
            self.link.busy.set(false);
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

fn cut() -> io::Error {
    io::Error::new(io::ErrorKind::BrokenPipe, "cut on purpose")
}

//! A slot: one place for a request in flight.

use std::mem;
use std::pin::Pin;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Poll, Waker};

use benchmark_protocol::operation::{ByOperation, Operation};

use super::locked;
use super::successes::Published;
use crate::failure::Failure;

/// What others may know of a slot. Alone on its cache line, as it is written with each request.
#[derive(Debug, Default)]
#[repr(align(128))]
pub(super) struct Slot {
    /// When its request was issued (open loop: due); 0 while there is none.
    started_ns: AtomicU64,
    /// Whether that request belongs to the window.
    measured: AtomicBool,
    /// The `started_ns` of the request that has had its time: never mistaken for the one after it.
    expired: AtomicU64,
    /// Requests that were handed to the library, by operation. Only the slot's own task writes them.
    issued: [AtomicU64; Operation::ALL.len()],
    /// Successes that are counted here, and not by a recorder.
    pub(super) successes: Published,
    /// Wakes the slot's task.
    waker: Mutex<Option<Waker>>,
}

impl Slot {
    pub(super) fn begin(&self, started_ns: u64, measured: bool) {
        self.measured.store(measured, Ordering::Relaxed);
        self.started_ns.store(started_ns, Ordering::Release);
    }

    pub(super) fn end(&self) {
        self.started_ns.store(0, Ordering::Release);
    }

    /// A request goes to the library.
    pub(super) fn issue(&self, operation: Operation) {
        let issued = &self.issued[operation as usize];
        issued.store(issued.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
    }

    /// What [`Self::issue`] was told so far.
    pub(super) fn issued(&self) -> ByOperation {
        let mut sum = ByOperation::default();
        for operation in Operation::ALL {
            sum[operation] = self.issued[operation as usize].load(Ordering::Relaxed);
        }
        sum
    }

    /// Whether a request is under way, and whether it belongs to the window.
    pub(super) fn under_way(&self) -> Option<bool> {
        (self.started_ns.load(Ordering::Acquire) != 0).then(|| self.measured.load(Ordering::Relaxed))
    }

    /// Runs a request to its end or to its call's timeout, whichever comes first. A failure is boxed: what nearly never happens would
    /// else be moved about with each request.
    ///
    /// A timer for each request would cost more than some requests do. One thread watches all slots instead and wakes
    /// the task of one that is over its time, so that a request costs one relaxed load for each time it is polled.
    pub(super) async fn within<T>(
        &self,
        mut request: impl Future<Output = Result<T, Failure>> + Unpin,
    ) -> Result<T, Box<Failure>> {
        let started_ns = self.started_ns.load(Ordering::Relaxed);
        std::future::poll_fn(|context| {
            if let Poll::Ready(output) = Pin::new(&mut request).poll(context) {
                return Poll::Ready(output.map_err(Box::new));
            }
            if self.expired.load(Ordering::Relaxed) == started_ns {
                return Poll::Ready(Err(Box::new(Failure::timeout())));
            }
            Poll::Pending
        })
        .await
    }

    /// Remembers the task that [`Self::within`] runs on: a task's waker stays the same for its whole life.
    pub(super) async fn attach(&self) {
        std::future::poll_fn(|context| {
            self.attach_waker(context.waker().clone());
            Poll::Ready(())
        })
        .await;
    }

    /// Remembers what [`Self::wake`] wakes.
    pub(super) fn attach_waker(&self, waker: Waker) {
        *locked(&self.waker) = Some(waker);
    }

    /// Wakes the slot's task.
    pub(super) fn wake(&self) {
        if let Some(waker) = locked(&self.waker).as_ref() {
            waker.wake_by_ref();
        }
    }

    /// Waits until the task is woken, whatever for.
    pub(super) async fn woken(&self) {
        let mut waited = false;
        std::future::poll_fn(|_| if mem::replace(&mut waited, true) { Poll::Ready(()) } else { Poll::Pending }).await;
    }

    /// Ends the request if it was issued (open loop: due) before this instant.
    pub(super) fn expire_if_before(&self, instant_ns: u64) {
        let started_ns = self.started_ns.load(Ordering::Acquire);
        let over = started_ns != 0 && started_ns <= instant_ns;
        if over && self.expired.swap(started_ns, Ordering::Relaxed) != started_ns {
            self.wake();
        }
    }
}

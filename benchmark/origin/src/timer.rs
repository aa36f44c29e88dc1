//! A timer finer than 0.1 ms: a heap of deadlines over one timerfd, one for each worker.
//!
//! Never tokio's wheel: it counts in milliseconds and turns 1 ms into 2.3 and 20 ms into 21.2.

use std::cell::RefCell;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::future::Future;
use std::io;
use std::os::fd::OwnedFd;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create, timerfd_settime,
};
use tokio::io::unix::AsyncFd;

use crate::clock::now_ns;

/// A handle to the worker's timer. Sleeps end only while [`Timer::drive`] is polled.
#[derive(Clone)]
pub(crate) struct Timer(Rc<Shared>);

struct Shared {
    fd: AsyncFd<OwnedFd>,
    state: RefCell<State>,
}

struct State {
    deadlines: BinaryHeap<Reverse<(u64, u64)>>,
    /// By the sleep's number. A sleep that was dropped is missing here, and its deadline then wakes nobody.
    wakers: HashMap<u64, Waker>,
    next: u64,
    /// What the timerfd is set to.
    armed_ns: u64,
}

impl Timer {
    /// Needs a tokio runtime around it.
    pub(crate) fn new() -> io::Result<Self> {
        let fd = timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC)?;
        let state = State { deadlines: BinaryHeap::new(), wakers: HashMap::new(), next: 0, armed_ns: u64::MAX };
        #[expect(
            deprecated,
            reason = "its replacement is unsafe; the descriptor is owned here and closed after the AsyncFd"
        )]
        let fd = AsyncFd::new(fd)?;
        Ok(Self(Rc::new(Shared { fd, state: RefCell::new(state) })))
    }

    /// Ends at this instant of CLOCK_MONOTONIC.
    pub(crate) fn until(&self, deadline_ns: u64) -> Sleep {
        Sleep { timer: self.clone(), deadline_ns, number: None }
    }

    /// Wakes the sleeps that are due, for ever.
    pub(crate) async fn drive(&self) -> io::Result<()> {
        loop {
            let mut guard = self.0.fd.readable().await?;
            match rustix::io::read(self.0.fd.get_ref(), &mut [0_u8; 8]) {
                Ok(_) | Err(rustix::io::Errno::AGAIN) => guard.clear_ready(),
                Err(error) => return Err(error.into()),
            }
            self.0.state.borrow_mut().armed_ns = u64::MAX;
            self.fire();
        }
    }

    fn fire(&self) {
        let state = &mut *self.0.state.borrow_mut();
        let now = now_ns();
        while let Some(Reverse((deadline, number))) = state.deadlines.peek().copied() {
            if deadline > now && state.wakers.contains_key(&number) {
                self.arm(state, deadline);
                break;
            }
            state.deadlines.pop();
            if let Some(waker) = state.wakers.remove(&number) {
                waker.wake();
            }
        }
    }

    fn arm(&self, state: &mut State, deadline_ns: u64) {
        if deadline_ns >= state.armed_ns {
            return;
        }
        let at = Timespec {
            tv_sec: (deadline_ns / 1_000_000_000).cast_signed(),
            tv_nsec: (deadline_ns % 1_000_000_000).cast_signed(),
        };
        let spec = Itimerspec { it_interval: Timespec { tv_sec: 0, tv_nsec: 0 }, it_value: at };
        match timerfd_settime(self.0.fd.get_ref(), TimerfdTimerFlags::ABSTIME, &spec) {
            Ok(_) => state.armed_ns = deadline_ns,
            Err(error) => tracing::error!("the timer cannot be set: {error}"),
        }
    }
}

/// Returned by [`Timer::until`].
pub(crate) struct Sleep {
    timer: Timer,
    deadline_ns: u64,
    number: Option<u64>,
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if now_ns() >= self.deadline_ns {
            return Poll::Ready(());
        }
        let this = &mut *self;
        let state = &mut *this.timer.0.state.borrow_mut();
        let number = *this.number.get_or_insert_with(|| {
            state.next += 1;
            state.deadlines.push(Reverse((this.deadline_ns, state.next)));
            state.next
        });
        state.wakers.insert(number, context.waker().clone());
        this.timer.arm(state, this.deadline_ns);
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let Some(number) = self.number {
            self.timer.0.state.borrow_mut().wakers.remove(&number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on_a_runtime<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
    }

    async fn slept(timer: &Timer, ns: u64) -> u64 {
        let start = now_ns();
        timer.until(start + ns).await;
        now_ns() - start
    }

    #[test]
    fn a_millisecond_is_a_millisecond() {
        let mut lasted: Vec<u64> = on_a_runtime(async {
            let timer = Timer::new().unwrap();
            let sleeps = async {
                let mut lasted = Vec::new();
                for _ in 0..31 {
                    lasted.push(slept(&timer, 1_000_000).await);
                }
                lasted
            };
            tokio::select! { lasted = sleeps => lasted, _ = timer.drive() => unreachable!() }
        });
        lasted.sort_unstable();
        assert!(lasted[0] >= 1_000_000 && lasted[15] < 1_200_000, "{lasted:?}");
    }

    #[test]
    fn sleeps_end_in_the_order_of_their_deadlines_and_dropped_ones_wake_nobody() {
        let order = on_a_runtime(async {
            let timer = Timer::new().unwrap();
            let order = RefCell::new(Vec::new());
            let sleep = async |name: u32, moments: u64| {
                // Far enough apart for a machine that does other things: whoever is late finds several of them due at once.
                slept(&timer, moments * 30_000_000).await;
                order.borrow_mut().push(name);
            };
            let dropped = async {
                tokio::select! { biased; () = sleep(9, 3) => {}, () = sleep(2, 2) => {} }
            };
            let all = async { tokio::join!(sleep(3, 6), sleep(1, 1), dropped, sleep(0, 0)) };
            tokio::select! { _ = all => {}, _ = timer.drive() => unreachable!() }
            order.into_inner()
        });
        assert_eq!(order, [0, 1, 2, 3]);
    }
}

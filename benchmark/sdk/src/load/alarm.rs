//! Wakes the slots of an async library as their requests become due: one timerfd for all of them, set as a thread of the runtime
//! goes to sleep.
//!
//! Never tokio's wheel, which counts in milliseconds; never a spin, which would be CPU of the measured process. For its sake too
//! the timer is not set for each request: its interrupt and the way back into the process cost up to 20 us on a virtual machine,
//! more than many a request. While the runtime is at work, every poll of a request looks whether another one is due; only where it
//! goes to sleep is the timer set.

use std::io;
use std::os::fd::{AsFd, AsRawFd, RawFd};
use std::pin::pin;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use nix::sys::time::TimeSpec;
use nix::sys::timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags};
use tokio::io::unix::AsyncFd;

use super::{Load, UNKNOWN, locked};
use crate::clock::now_ns;

/// The timer of a runtime and the load it serves.
#[derive(Debug)]
pub(super) struct Alarm {
    timer: Arc<Timer>,
    /// What it was last set to.
    set_ns: Mutex<u64>,
    /// Known once the load begins.
    load: OnceLock<Arc<Load>>,
}

/// The timer's descriptor.
#[derive(Debug)]
pub(super) struct Timer(TimerFd);

impl AsRawFd for Timer {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_fd().as_raw_fd()
    }
}

impl Alarm {
    pub(super) fn new() -> io::Result<Self> {
        let timer = TimerFd::new(ClockId::CLOCK_MONOTONIC, TimerFlags::TFD_NONBLOCK | TimerFlags::TFD_CLOEXEC)?;
        Ok(Self { timer: Arc::new(Timer(timer)), set_ns: Mutex::new(UNKNOWN), load: OnceLock::new() })
    }

    /// What tells the runtime that the alarm rings. Needs the runtime around it.
    pub(super) fn bell(&self) -> io::Result<AsyncFd<Arc<Timer>>> {
        #[expect(
            deprecated,
            reason = "its replacement is unsafe; the descriptor is shared and closed after the AsyncFd"
        )]
        AsyncFd::new(Arc::clone(&self.timer))
    }

    /// The load whose slots it wakes from now on.
    pub(super) fn serve(&self, load: &Arc<Load>) {
        let _first = self.load.set(Arc::clone(load));
    }

    /// A thread of the runtime has nothing to do: it may sleep until the next request is due.
    pub(super) fn before_sleep(&self) {
        let Some(next_ns) = self.load.get().and_then(|load| load.wake_due(now_ns())) else { return };
        let mut set_ns = locked(&self.set_ns);
        if *set_ns != next_ns {
            let at = Expiration::OneShot(TimeSpec::from_duration(Duration::from_nanos(next_ns)));
            let set = self.timer.0.set(at, TimerSetTimeFlags::TFD_TIMER_ABSTIME);
            set.unwrap_or_else(|error| unreachable!("a timer of our own takes any instant: {error}"));
            *set_ns = next_ns;
        }
    }
}

/// Wakes the slots that are due whenever the alarm rings, for as long as the runtime lives.
pub(super) async fn answer(bell: AsyncFd<Arc<Timer>>, load: Arc<Load>) {
    // The descriptor is never read: setting it anew clears it, and only its next expiry makes it readable again.
    while let Ok(mut rung) = bell.readable().await {
        rung.clear_ready();
        load.wake_due(now_ns());
    }
}

/// Performs a request, and looks with every poll whether another one is due.
pub(super) async fn alert<T>(load: &Load, request: impl Future<Output = T>) -> T {
    let mut request = pin!(request);
    std::future::poll_fn(|context| {
        load.wake_due(now_ns());
        request.as_mut().poll(context)
    })
    .await
}

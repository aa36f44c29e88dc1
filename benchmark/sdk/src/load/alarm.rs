//! Wakes the slots of an async library as their requests become due: one timerfd for all of them.
//!
//! Never tokio's wheel, which counts in milliseconds; never a spin, which would be CPU of the measured process.

use std::io;
use std::os::fd::{AsFd, AsRawFd, RawFd};
use std::sync::Mutex;
use std::time::Duration;

use nix::sys::time::TimeSpec;
use nix::sys::timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags};
use tokio::io::unix::AsyncFd;

use super::{Load, UNKNOWN, locked};
use crate::clock::now_ns;

/// A timer that is always set to the first instant it was asked for.
pub(super) struct Alarm {
    fd: AsyncFd<Timer>,
    /// What it is set to; [`UNKNOWN`] while it is not.
    set_ns: Mutex<u64>,
}

struct Timer(TimerFd);

impl AsRawFd for Timer {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_fd().as_raw_fd()
    }
}

impl Alarm {
    /// Needs a tokio runtime around it.
    pub(super) fn new() -> io::Result<Self> {
        let timer = TimerFd::new(ClockId::CLOCK_MONOTONIC, TimerFlags::TFD_NONBLOCK | TimerFlags::TFD_CLOEXEC)?;
        #[expect(
            deprecated,
            reason = "its replacement is unsafe; the descriptor is owned here and closed after the AsyncFd"
        )]
        let fd = AsyncFd::new(Timer(timer))?;
        Ok(Self { fd, set_ns: Mutex::new(UNKNOWN) })
    }

    /// Sees to it that the alarm goes off at this instant, unless it does so before.
    pub(super) fn ring_at(&self, at_ns: u64) {
        let mut set_ns = locked(&self.set_ns);
        if at_ns < *set_ns {
            let at = Expiration::OneShot(TimeSpec::from_duration(Duration::from_nanos(at_ns)));
            let set = self.fd.get_ref().0.set(at, TimerSetTimeFlags::TFD_TIMER_ABSTIME);
            set.unwrap_or_else(|error| unreachable!("a timer of our own takes any instant: {error}"));
            *set_ns = at_ns;
        }
    }

    /// Wakes the slots that are due, for as long as the runtime lives.
    pub(super) async fn drive(&self, load: &Load) {
        // The descriptor is never read: setting it anew clears it, and only its next expiry makes it readable again.
        while let Ok(mut rung) = self.fd.readable().await {
            rung.clear_ready();
            *locked(&self.set_ns) = UNKNOWN;
            if let Some(next_ns) = load.wake_due(now_ns()) {
                self.ring_at(next_ns);
            }
        }
    }
}

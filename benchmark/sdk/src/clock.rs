//! CLOCK_MONOTONIC in nanoseconds: the one clock of every duration, shared by all processes of a host.

use std::time::Duration;

use nix::time::{ClockId, clock_gettime};

/// Nanoseconds on CLOCK_MONOTONIC. Some 20 ns a call where the clock source is the TSC.
#[must_use]
pub fn now_ns() -> u64 {
    // The call fails only for a clock that the kernel does not have; this one is always there.
    clock_gettime(ClockId::CLOCK_MONOTONIC)
        .map_or(0, |time| time.tv_sec() as u64 * 1_000_000_000 + time.tv_nsec() as u64)
}

/// Sleeps until the instant; returns at once where it has passed.
pub(crate) fn sleep_until(at_ns: u64) {
    std::thread::sleep(Duration::from_nanos(at_ns.saturating_sub(now_ns())));
}

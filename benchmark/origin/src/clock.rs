//! The clocks: CLOCK_MONOTONIC for every duration and instant of the protocol, the wall clock for HTTP's `Date` only.

use rustix::time::{ClockId, clock_gettime};

/// CLOCK_MONOTONIC, in nanoseconds.
#[must_use]
pub fn now_ns() -> u64 {
    let now = clock_gettime(ClockId::Monotonic);
    now.tv_sec.cast_unsigned() * 1_000_000_000 + now.tv_nsec.cast_unsigned()
}

/// Whole seconds since the epoch, from the clock that the kernel keeps at each tick: cheap, and good enough for a `Date`.
pub(crate) fn wall_seconds() -> u64 {
    clock_gettime(ClockId::RealtimeCoarse).tv_sec.cast_unsigned()
}

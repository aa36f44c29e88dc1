//! How much the coordinator takes, and from whom: whoever shows no token gets little of it, and nobody can keep it busy.

use std::time::Duration;

/// The longest line before a connection is admitted, in bytes. A `hello` is some 800 bytes long, and a URL in it may have thousands.
pub const HELLO_BYTES: usize = 16 << 10;

/// Connections that are not admitted yet: beyond so many the oldest is closed.
pub const UNADMITTED: usize = 128;

/// Round trips that a replica's clock is measured by, after `welcome` and again before `start`: the least of the last ones counts.
pub const ROUND_TRIPS: u32 = 16;

/// Messages that a replica may send at once, beside [`MESSAGES_A_SECOND`]: its first words, what its clock says, and what a pause has
/// held up.
pub const MESSAGES_AT_ONCE: u64 = 32 + 2 * ROUND_TRIPS as u64;

/// Messages that a replica may send in each second since it came. It ticks once a second, and at both edges of the window.
pub const MESSAGES_A_SECOND: u64 = 4;

/// Happenings that still go before a deadline that has passed: what came in time, and too few to hide behind.
pub const BEFORE_A_DEADLINE: u32 = 256;

/// How often the start is announced before the run is given up.
pub const STARTS: u32 = 6;

/// How many messages may have come after this time.
pub(super) fn messages_within(elapsed: Duration) -> u64 {
    MESSAGES_AT_ONCE + (elapsed.as_secs_f64() * MESSAGES_A_SECOND as f64) as u64
}

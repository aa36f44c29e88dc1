//! `throttle=N/s`: a bucket of tokens, shared by all workers.

use std::sync::{Mutex, PoisonError};

/// What a token is worth, in Nths of a nanosecond: N tokens come in a second.
const TOKEN: u128 = 1_000_000_000;

/// Fills with N tokens a second and holds max(1, N / 10) of them.
///
/// Kept as the instant at which the bucket would be full again (the generic cell rate algorithm), in Nths of a nanosecond since
/// the run began: a token then has a whole length whether N divides a second or not, so that the rate is exact for ever. 64 bits
/// of such units end within the uptime of a machine (in picoseconds after 213 days), 128 bits never do.
pub(crate) struct Throttle {
    per_second: u128,
    /// How far ahead of now the bucket may be full, with a token left in it.
    room: u128,
    full_at: Mutex<u128>,
}

impl Throttle {
    pub(crate) fn new(per_second: u32) -> Self {
        let burst = u128::from(per_second / 10).max(1);
        Self { per_second: u128::from(per_second.max(1)), room: (burst - 1) * TOKEN, full_at: Mutex::new(0) }
    }

    /// Takes a token at this instant, or says in how many whole seconds there will be one (at least 1).
    pub(crate) fn take(&self, since_begin_ns: u64) -> Result<(), u64> {
        let now = u128::from(since_begin_ns) * self.per_second;
        let mut full_at = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        let due = now.max(*full_at);
        let wait = (due - now).saturating_sub(self.room);
        // The clock knows whole nanoseconds: a token that comes within this one is there, or each would be late by a part of it.
        if wait >= self.per_second {
            return Err(u64::try_from(wait.div_ceil(self.per_second * TOKEN)).unwrap_or(u64::MAX));
        }
        *full_at = due + TOKEN;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY_NS: u64 = 24 * 3_600_000_000_000;

    #[test]
    fn a_burst_passes_and_then_the_rate() {
        for days in [0, 1, 300, 10_000] {
            let begin = days * DAY_NS;
            let throttle = Throttle::new(100);
            let passed = (0..50).filter(|_| throttle.take(begin).is_ok()).count();
            assert_eq!(passed, 10, "after {days} days");
            assert_eq!(throttle.take(begin + 9_999_999), Err(1));
            assert_eq!(throttle.take(begin + 10_000_000), Ok(()));
            // A second of 1,000 attempts: 100 tokens come, at most one more stood ready.
            let passed = (0..1000).filter(|ms| throttle.take(begin + 10_000_000 + ms * 1_000_000).is_ok()).count();
            assert!((99..=101).contains(&passed), "{passed} after {days} days");
        }
    }

    #[test]
    fn a_rate_that_divides_no_second_is_exact_all_the_same() {
        for (per_second, days) in [(3, 0), (7, 300), (9, 10_000)] {
            let throttle = Throttle::new(per_second);
            let begin = days * DAY_NS;
            assert_eq!(throttle.take(begin), Ok(()));
            for token in 1..=1_000_000 {
                let at = begin + token * 1_000_000_000 / u64::from(per_second);
                assert_eq!(throttle.take(at - 1), Err(1), "token {token} of {per_second}/s, a nanosecond early");
                assert_eq!(throttle.take(at), Ok(()), "token {token} of {per_second}/s");
            }
        }
    }

    #[test]
    fn an_idle_bucket_holds_no_more_than_its_burst() {
        for idle in [3_600_000_000_000, 300 * DAY_NS, u64::MAX] {
            let throttle = Throttle::new(3);
            let passed = (0..10).filter(|_| throttle.take(idle).is_ok()).count();
            assert_eq!(passed, 1);
        }
    }

    #[test]
    fn the_highest_rate_at_the_latest_instant_has_its_burst() {
        let throttle = Throttle::new(u32::MAX);
        assert!((0..1000).all(|_| throttle.take(u64::MAX).is_ok()));
    }
}

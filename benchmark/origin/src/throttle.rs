//! `throttle=N/s`: a bucket of tokens, shared by all workers without a lock.

use std::sync::atomic::{AtomicU64, Ordering};

/// Fills with N tokens a second and holds max(1, N / 10) of them.
///
/// Kept as the instant at which the bucket would be full again (the generic cell rate algorithm): one number, so that one
/// compare-and-swap takes a token. In picoseconds since the run began, so that N need not divide a second.
pub(crate) struct Throttle {
    token_ps: u64,
    burst: u64,
    full_at_ps: AtomicU64,
}

impl Throttle {
    pub(crate) fn new(per_second: u32) -> Self {
        Self {
            token_ps: 1_000_000_000_000 / u64::from(per_second.max(1)),
            burst: u64::from(per_second / 10).max(1),
            full_at_ps: AtomicU64::new(0),
        }
    }

    /// Takes a token at this instant, or says in how many whole seconds there will be one (at least 1).
    pub(crate) fn take(&self, since_begin_ns: u64) -> Result<(), u64> {
        let now = since_begin_ns.saturating_mul(1000);
        let room = (self.burst - 1) * self.token_ps;
        let take = |full_at: u64| {
            let full_at = full_at.max(now);
            (full_at - now <= room).then_some(full_at + self.token_ps)
        };
        self.full_at_ps.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).map(|_| ()).map_err(|full_at| {
            let wait = full_at.saturating_sub(now).saturating_sub(room);
            wait.div_ceil(1_000_000_000_000).max(1)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_and_then_the_rate() {
        let throttle = Throttle::new(100);
        let passed = (0..50).filter(|_| throttle.take(0).is_ok()).count();
        assert_eq!(passed, 10);
        assert_eq!(throttle.take(9_999_999), Err(1));
        assert_eq!(throttle.take(10_000_000), Ok(()));
        // A second of 1,000 attempts: 100 tokens come, at most one more stood ready.
        let passed = (0..1000).filter(|ms| throttle.take(10_000_000 + ms * 1_000_000).is_ok()).count();
        assert!((99..=101).contains(&passed), "{passed}");
    }

    #[test]
    fn an_idle_bucket_holds_no_more_than_its_burst() {
        let throttle = Throttle::new(3);
        let passed = (0..10).filter(|_| throttle.take(3_600_000_000_000).is_ok()).count();
        assert_eq!(passed, 1);
    }
}

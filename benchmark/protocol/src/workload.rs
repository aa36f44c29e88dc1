//! Which request comes next: drawn from the run's seed, so that every library does the same work in the same order.

use crate::content::split_mix;

/// The draws of one replica. The `ordinal`-th request of a replica is the same whoever makes it, and whenever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Draws {
    stream: u64,
}

impl Draws {
    /// The stream of draws of one replica of a run.
    #[must_use]
    pub fn new(seed: u64, replica: u32) -> Self {
        let mut state = seed ^ u64::from(replica).wrapping_mul(0xD1B5_4A32_D192_ED03);
        Self { stream: split_mix(&mut state) }
    }

    /// For the `ordinal`-th request: one of `objects` objects, and the offset of a range, in `0..offsets`.
    #[must_use]
    pub fn range(&self, ordinal: u64, objects: u64, offsets: impl FnOnce(u64) -> u64) -> (u64, u64) {
        let mut state = self.stream.wrapping_add(ordinal.wrapping_mul(0xA076_1D64_78BD_642F));
        let object = below(split_mix(&mut state), objects);
        (object, below(split_mix(&mut state), offsets(object)))
    }

    /// For the `ordinal`-th request: one of `objects` objects.
    #[must_use]
    pub fn object(&self, ordinal: u64, objects: u64) -> usize {
        self.range(ordinal, objects, |_| 1).0 as usize
    }

    /// For the `ordinal`-th request: one of several kinds, each as often as its share of the sum of all.
    #[must_use]
    pub fn kind(&self, ordinal: u64, shares: &[u64]) -> usize {
        // Another stream than that of the objects: what is done says nothing of what it is done to.
        let mut state = self.stream.rotate_left(32).wrapping_add(ordinal.wrapping_mul(0xA076_1D64_78BD_642F));
        let mut drawn = below(split_mix(&mut state), shares.iter().sum());
        shares
            .iter()
            .position(|share| {
                let here = drawn < *share;
                drawn = drawn.saturating_sub(*share);
                here
            })
            .unwrap_or(0)
    }

    /// For the `ordinal`-th request: the gap since the arrival before it, in units of the mean gap. Exponential, as those of a
    /// Poisson process are, by inversion of 53 bits in (0, 1].
    #[must_use]
    pub fn gap(&self, ordinal: u64) -> f64 {
        // Another stream than that of the requests: when one arrives says nothing of what it asks.
        let mut state = (!self.stream).wrapping_add(ordinal.wrapping_mul(0xA076_1D64_78BD_642F));
        let uniform = ((split_mix(&mut state) >> 11) + 1) as f64 / (1_u64 << 53) as f64;
        -uniform.ln()
    }
}

/// Maps 64 random bits onto `0..bound` by multiplication (Lemire, 2019; the bias is below bound / 2^64).
const fn below(random: u64, bound: u64) -> u64 {
    ((random as u128 * bound as u128) >> 64) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_draws_the_same_requests() {
        let first: Vec<_> = (0..100).map(|n| Draws::new(7, 0).range(n, 64, |_| 1000)).collect();
        let again: Vec<_> = (0..100).map(|n| Draws::new(7, 0).range(n, 64, |_| 1000)).collect();
        let other: Vec<_> = (0..100).map(|n| Draws::new(7, 1).range(n, 64, |_| 1000)).collect();
        assert_eq!(first, again);
        assert_ne!(first, other);
    }

    #[test]
    fn kinds_come_as_often_as_their_shares_say_whatever_object_is_drawn() {
        let draws = Draws::new(1, 0);
        let mut counts = [[0_u32; 2]; 4];
        for ordinal in 0..100_000 {
            counts[draws.kind(ordinal, &[45, 0, 5, 50])][draws.object(ordinal, 2)] += 1;
        }
        for (counts, share) in counts.iter().zip([22_500, 0, 2_500, 25_000]) {
            assert!(counts.iter().all(|count| count.abs_diff(share) < 500), "{counts:?}");
        }
    }

    #[test]
    fn draws_spread_evenly_over_objects_and_offsets() {
        let draws = Draws::new(1, 0);
        let mut objects = [0_u32; 8];
        let mut offsets = 0_u64;
        for ordinal in 0..80_000 {
            let (object, offset) = draws.range(ordinal, 8, |_| 1_000_001);
            objects[object as usize] += 1;
            offsets += offset;
        }
        assert!(objects.iter().all(|n| (9_600..10_400).contains(n)), "{objects:?}");
        let mean = offsets as f64 / 80_000.0;
        assert!((mean - 500_000.0).abs() < 5_000.0, "{mean}");
    }
}

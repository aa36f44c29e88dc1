//! How far the clock of a replica is off from the harness's: another host, or another time namespace, counts from another moment.

use benchmark_protocol::message::{ReplicaResult, Tick};

use super::coordinator::MOST_NS;

/// A replica's CLOCK_MONOTONIC against the harness's, by Cristian's algorithm (F. Cristian, "Probabilistic clock synchronization",
/// Distributed Computing 3, 1989): the replica read its clock at some moment of a round trip, so that taking it for the middle is wrong
/// by half of the round trip at most.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClockOffset {
    /// The replica's clock less the harness's, in nanoseconds.
    pub offset_ns: i64,
    /// By how much that may be wrong, either way.
    pub uncertainty_ns: u64,
}

impl ClockOffset {
    /// By one round trip: when the harness asked and when it heard the answer, by its own clock, and what the replica's clock said.
    #[must_use]
    pub const fn of_round_trip(asked_ns: u64, heard_ns: u64, clock_ns: u64) -> Self {
        let round_trip_ns = heard_ns.saturating_sub(asked_ns);
        let middle_ns = asked_ns + round_trip_ns / 2;
        Self {
            offset_ns: clock_ns.cast_signed().saturating_sub(middle_ns.cast_signed()),
            uncertainty_ns: round_trip_ns.div_ceil(2),
        }
    }

    /// An instant of the harness's clock on the replica's.
    #[must_use]
    pub const fn there(&self, at_ns: u64) -> u64 {
        at_ns.saturating_add_signed(self.offset_ns)
    }

    /// An instant of the replica's clock on the harness's; `None` where it would be before 0, or beyond what an instant may be.
    #[must_use]
    pub fn here(&self, at_ns: u64) -> Option<u64> {
        let here_ns = i128::from(at_ns) - i128::from(self.offset_ns);
        u64::try_from(here_ns).ok().filter(|here_ns| *here_ns <= MOST_NS)
    }

    /// Carries the instant of a tick over to the harness's clock.
    ///
    /// # Errors
    /// The instant that cannot be, by name.
    pub(super) fn carry_tick(&self, tick: &mut Tick) -> Result<(), String> {
        self.carry("at_ns", &mut tick.resources.at_ns)
    }

    /// Carries the instants of a result over to the harness's clock.
    ///
    /// # Errors
    /// The first instant that cannot be, by name.
    pub(super) fn carry_result(&self, result: &mut ReplicaResult) -> Result<(), String> {
        let edges = &mut result.resources;
        let instants = [
            ("window_start_ns", &mut result.window_start_ns),
            ("window_end_ns", &mut result.window_end_ns),
            ("at_ns", &mut edges.ready.at_ns),
            ("at_ns", &mut edges.window_start.at_ns),
            ("at_ns", &mut edges.window_end.at_ns),
            ("at_ns", &mut edges.drained.at_ns),
        ];
        let first_request = result.first_request_ns.as_mut().map(|at_ns| ("first_request_ns", at_ns));
        let mut instants = first_request.into_iter().chain(instants);
        instants.try_for_each(|(name, at_ns)| self.carry(name, at_ns))
    }

    fn carry(&self, name: &str, at_ns: &mut u64) -> Result<(), String> {
        let (there_ns, offset_ns) = (*at_ns, self.offset_ns);
        *at_ns = self.here(there_ns).ok_or_else(|| {
            format!("its `{name}` is {there_ns}, and with its clock {offset_ns} ns ahead that is no time of this host")
        })?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AHEAD_NS: u64 = 5_000_000_000_000;

    #[test]
    fn the_clock_was_read_in_the_middle_of_the_round_trip_give_or_take_half_of_it() {
        let of = |asked_ns, heard_ns, clock_ns| {
            let clock = ClockOffset::of_round_trip(asked_ns, heard_ns, clock_ns);
            (clock.offset_ns, clock.uncertainty_ns)
        };
        assert_eq!(of(1_000, 1_200, 1_100), (0, 100));
        assert_eq!(of(1_000, 1_200, AHEAD_NS + 1_130), (5_000_000_000_030, 100));
        assert_eq!(of(AHEAD_NS + 1_000, AHEAD_NS + 1_200, 1_070), (-5_000_000_000_030, 100));
        // Half a nanosecond is rounded away from the offset, never from the uncertainty.
        assert_eq!(of(1_000, 1_001, 1_000), (0, 1));
        assert_eq!(of(7, 7, 7), (0, 0));
    }

    #[test]
    fn the_truth_lies_within_the_uncertainty_wherever_in_the_round_trip_the_clock_was_read() {
        for (there, back) in [(0, 900), (300, 600), (450, 450), (900, 0)] {
            let clock = ClockOffset::of_round_trip(1_000, 1_000 + there + back, AHEAD_NS + 1_000 + there);
            assert!(
                clock.offset_ns.abs_diff(AHEAD_NS.cast_signed()) <= clock.uncertainty_ns,
                "{there} {back}: {clock:?}"
            );
        }
    }

    #[test]
    fn an_instant_goes_there_and_comes_back_or_is_refused() {
        let ahead = ClockOffset { offset_ns: AHEAD_NS.cast_signed(), uncertainty_ns: 1 };
        let behind = ClockOffset { offset_ns: -AHEAD_NS.cast_signed(), uncertainty_ns: 1 };
        assert_eq!(ahead.there(7), AHEAD_NS + 7);
        assert_eq!(behind.there(AHEAD_NS + 7), 7);
        assert_eq!((ahead.here(AHEAD_NS + 7), behind.here(7)), (Some(7), Some(AHEAD_NS + 7)));
        assert_eq!((ahead.here(AHEAD_NS), ahead.here(AHEAD_NS - 1)), (Some(0), None));
        assert_eq!((behind.here(MOST_NS - AHEAD_NS), behind.here(MOST_NS)), (Some(MOST_NS), None));
        let farthest = ClockOffset { offset_ns: i64::MIN, uncertainty_ns: u64::MAX };
        assert_eq!((farthest.here(u64::MAX), farthest.there(0)), (None, 0));
    }
}

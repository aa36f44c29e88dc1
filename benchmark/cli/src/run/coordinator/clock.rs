//! The clock of one replica, measured over its connection: several round trips one after the other, of which the least counts.

use benchmark_protocol::message::Pong;
use tokio::time::Instant;

use super::limits::ROUND_TRIPS;
use crate::run::ClockOffset;

/// By how much clocks may drift apart, as one part of so many: NTP slews a clock by 500 ppm at most, and both may be slewed.
const DRIFT: u64 = 1_000;

/// What a pong leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Another ping, of this number.
    Ping(u32),
    /// The offset is known.
    Known(ClockOffset),
}

/// A clock that is measured, maybe several times.
#[derive(Debug, Default)]
pub(super) struct Clock {
    /// Since when it is being measured; `None` while it is not.
    since: Option<Instant>,
    /// Pings so far.
    pings: u32,
    /// Round trips that are left of this series.
    left: u32,
    /// The reading of the least round trip: of this series, or of the last one until this has its first.
    least: Option<Reading>,
}

/// What one round trip said.
#[derive(Clone, Copy, Debug)]
struct Reading {
    heard_ns: u64,
    offset: ClockOffset,
}

impl Clock {
    /// Begins a series of round trips; the number of the first ping.
    pub(super) fn begin(&mut self) -> u32 {
        self.since = Some(Instant::now());
        self.left = ROUND_TRIPS;
        self.ping()
    }

    /// Since when it is being measured.
    pub(super) const fn since(&self) -> Option<Instant> {
        self.since
    }

    /// Takes an answer: when the last ping was written and when this was read, on the harness's clock.
    pub(super) fn hear(&mut self, pong: Pong, pinged_ns: u64, heard_ns: u64) -> Result<Next, String> {
        if self.since.is_none() {
            return Err("it said `pong`, and nobody had asked".to_owned());
        }
        let last = self.pings - 1;
        if pong.number != last {
            return Err(format!("it answered ping {}, and the last one was {last}", pong.number));
        }
        if heard_ns < pinged_ns {
            return Err(format!("it answered ping {last} before that was written"));
        }
        let offset = ClockOffset::of_round_trip(pinged_ns, heard_ns, pong.clock_ns);
        let reading = Reading { heard_ns, offset };
        if let Some(jump_ns) = self.least.and_then(|least| reading.jump_ns(&least)) {
            return Err(format!("its clock jumped by {:.3} ms while it was measured", jump_ns as f64 / 1e6));
        }
        let first = self.left == ROUND_TRIPS;
        let least = self.least.filter(|least| !first && least.offset.uncertainty_ns <= offset.uncertainty_ns);
        let least = *self.least.insert(least.unwrap_or(reading));
        self.left -= 1;
        if self.left > 0 {
            return Ok(Next::Ping(self.ping()));
        }
        self.since = None;
        Ok(Next::Known(least.offset))
    }

    fn ping(&mut self) -> u32 {
        self.pings += 1;
        self.pings - 1
    }
}

impl Reading {
    /// By how much the clock moved against the other reading, where no round trip and no drift explains it.
    const fn jump_ns(&self, other: &Self) -> Option<u64> {
        let moved_ns = self.offset.offset_ns.abs_diff(other.offset.offset_ns);
        let drift_ns = self.heard_ns.abs_diff(other.heard_ns) / DRIFT;
        let explained_ns = self.offset.uncertainty_ns + other.offset.uncertainty_ns + drift_ns;
        if moved_ns > explained_ns { Some(moved_ns) } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AHEAD_NS: u64 = 5_000_000_000_000;

    /// Answers a series of pings that begins at this instant: round trips of these lengths, the clock read after a quarter of each.
    fn series(clock: &mut Clock, from_ns: u64, ahead_ns: u64, round_trips_ns: &[u64]) -> Result<Next, String> {
        let (mut number, mut now_ns, mut next) = (clock.begin(), from_ns, Err("no round trip".to_owned()));
        for round_trip_ns in round_trips_ns {
            let clock_ns = now_ns + round_trip_ns / 4 + ahead_ns;
            next = clock.hear(Pong { number, clock_ns }, now_ns, now_ns + round_trip_ns);
            now_ns += round_trip_ns;
            match next {
                Ok(Next::Ping(another)) => number = another,
                _ => break,
            }
        }
        next
    }

    /// As many round trips of 1,000 ns as make a series, but this one.
    fn but(index: usize, round_trip_ns: u64) -> [u64; ROUND_TRIPS as usize] {
        let mut round_trips_ns = [1_000; ROUND_TRIPS as usize];
        round_trips_ns[index] = round_trip_ns;
        round_trips_ns
    }

    #[test]
    fn the_least_round_trip_counts() {
        for index in [0, 7, 15] {
            let known = series(&mut Clock::default(), 1_000_000, AHEAD_NS, &but(index, 400));
            let offset = ClockOffset { offset_ns: 4_999_999_999_900, uncertainty_ns: 200 };
            assert_eq!(known, Ok(Next::Known(offset)), "{index}");
        }
    }

    #[test]
    fn it_is_measured_anew_and_may_have_drifted_by_then() {
        let mut clock = Clock::default();
        series(&mut clock, 1_000_000, AHEAD_NS, &but(3, 400)).unwrap();
        assert_eq!(clock.since(), None);
        // A millisecond in two seconds is 500 ppm.
        let again = series(&mut clock, 2_001_000_000, AHEAD_NS + 1_000_000, &but(3, 800));
        assert_eq!(again, Ok(Next::Known(ClockOffset { offset_ns: 5_000_000_999_800, uncertainty_ns: 400 })));
    }

    #[test]
    fn a_clock_that_jumps_is_no_clock() {
        let mut clock = Clock::default();
        series(&mut clock, 1_000_000, AHEAD_NS, &but(3, 400)).unwrap();
        let jumped = series(&mut clock, 2_000_000, AHEAD_NS + 500_000_000, &but(3, 400));
        assert_eq!(jumped, Err("its clock jumped by 500.000 ms while it was measured".to_owned()));
        // One that stands still moves against ours.
        let mut clock = Clock::default();
        let number = clock.begin();
        let Ok(Next::Ping(number)) = clock.hear(Pong { number, clock_ns: 1 }, 1_000, 2_000) else {
            panic!("{clock:?}")
        };
        let stood = clock.hear(Pong { number, clock_ns: 1 }, 1_002_000, 1_003_000);
        assert_eq!(stood, Err("its clock jumped by 1.001 ms while it was measured".to_owned()));
    }

    #[test]
    fn an_answer_has_its_turn() {
        let mut clock = Clock::default();
        let unasked = clock.hear(Pong { number: 0, clock_ns: 1 }, 1, 2);
        assert_eq!(unasked, Err("it said `pong`, and nobody had asked".to_owned()));
        clock.begin();
        let wrong = clock.hear(Pong { number: u32::MAX, clock_ns: 1 }, 1, 2);
        assert_eq!(wrong, Err("it answered ping 4294967295, and the last one was 0".to_owned()));
        let early = clock.hear(Pong { number: 0, clock_ns: 1 }, 3, 2);
        assert_eq!(early, Err("it answered ping 0 before that was written".to_owned()));
    }
}

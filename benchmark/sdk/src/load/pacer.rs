//! Hands the requests of an open loop to slots, in the order in which they are due.
//!
//! A free slot claims the next one, ahead of time where it is not due yet: claims are made in order, so the slots that wait
//! stand in a queue. Where no slot is free nothing is claimed, and what is due meanwhile goes out as slots become free.

use std::collections::VecDeque;

use super::arrivals::Arrivals;

/// A request of the schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Due {
    /// Its number in the schedule, from 0.
    pub(super) ordinal: u64,
    /// When it is due, on CLOCK_MONOTONIC.
    pub(super) at_ns: u64,
}

/// What a slot is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// Issue this request: it is due.
    Now(Due),
    /// Wait until this instant, and look again.
    At(u64),
    /// Leave: nothing becomes due any more.
    Over,
}

/// The queue. Instants are the callers', so that nothing here depends on a clock. What is due from `end_ns` on never was.
#[derive(Debug)]
pub(super) struct Pacer {
    arrivals: Arrivals,
    start_ns: u64,
    /// The first request that no slot has claimed.
    next: Due,
    /// Claimed ahead of time, in order, and by which slot.
    waiting: VecDeque<(Due, usize)>,
}

impl Pacer {
    pub(super) fn new(arrivals: Arrivals, start_ns: u64) -> Self {
        let mut pacer =
            Self { arrivals, start_ns, next: Due { ordinal: 0, at_ns: start_ns }, waiting: VecDeque::new() };
        pacer.next.at_ns = pacer.next_instant();
        pacer
    }

    /// The turn of a slot that has become free.
    pub(super) fn claim(&mut self, slot: usize, now: u64, end_ns: u64) -> Turn {
        let due = self.next;
        if due.at_ns >= end_ns {
            return Turn::Over;
        }
        self.next = Due { ordinal: due.ordinal + 1, at_ns: self.next_instant() };
        if let Some((first, other)) = self.waiting.pop_front_if(|(first, _)| first.at_ns <= now) {
            // This slot is here, and the other one has yet to be woken: they change places.
            self.waiting.push_back((due, other));
            return Turn::Now(first);
        }
        if due.at_ns <= now {
            return Turn::Now(due);
        }
        self.waiting.push_back((due, slot));
        Turn::At(due.at_ns)
    }

    /// The turn of a slot that was told to wait.
    pub(super) fn take(&mut self, slot: usize, now: u64, end_ns: u64) -> Turn {
        // The front in nearly every case.
        let Some(position) = self.waiting.iter().position(|(_, waiting)| *waiting == slot) else { return Turn::Over };
        let due = self.waiting[position].0;
        if due.at_ns > now && due.at_ns < end_ns {
            return Turn::At(due.at_ns);
        }
        self.waiting.remove(position);
        if due.at_ns < end_ns { Turn::Now(due) } else { Turn::Over }
    }

    /// The slots that wait for what is due by now.
    pub(super) fn due(&self, now: u64) -> impl Iterator<Item = usize> {
        self.waiting.iter().take_while(move |(due, _)| due.at_ns <= now).map(|(_, slot)| *slot)
    }

    /// When the first of the waiting slots is due.
    pub(super) fn first(&self) -> Option<u64> {
        self.waiting.front().map(|(due, _)| due.at_ns)
    }

    /// Every slot that waits.
    pub(super) fn waiting(&self) -> impl Iterator<Item = usize> {
        self.waiting.iter().map(|(_, slot)| *slot)
    }

    /// Ends it: no slot gets anything any more. What was due and never issued is handed to `never_issued`.
    pub(super) fn close(&mut self, end_ns: u64, mut never_issued: impl FnMut(Due)) {
        self.waiting.drain(..).map(|(due, _)| due).filter(|due| due.at_ns < end_ns).for_each(&mut never_issued);
        while let Turn::Now(due) = self.claim(0, u64::MAX, end_ns) {
            never_issued(due);
        }
        self.next.at_ns = u64::MAX;
    }

    fn next_instant(&mut self) -> u64 {
        self.start_ns.saturating_add(self.arrivals.next().unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const END: u64 = 1_000_100;

    /// Due at 100, 1,100, 2,100, ... ns.
    fn pacer() -> Pacer {
        Pacer::new(Arrivals::constant(1e6, 0), 100)
    }

    fn due(ordinal: u64) -> Due {
        Due { ordinal, at_ns: 100 + ordinal * 1_000 }
    }

    #[test]
    fn free_slots_queue_for_what_comes_next() {
        let mut pacer = pacer();
        assert_eq!(pacer.claim(7, 0, END), Turn::At(100));
        assert_eq!(pacer.claim(3, 0, END), Turn::At(1_100));
        assert_eq!((pacer.due(99).next(), pacer.first()), (None, Some(100)));
        assert_eq!(pacer.due(100).collect::<Vec<_>>(), [7]);
        assert_eq!(pacer.take(3, 100, END), Turn::At(1_100));
        assert_eq!(pacer.take(7, 130, END), Turn::Now(due(0)));
        assert_eq!(pacer.take(3, 1_100, END), Turn::Now(due(1)));
        assert_eq!(pacer.claim(7, 5_000, END), Turn::Now(due(2)));
    }

    #[test]
    fn a_slot_that_is_free_takes_over_from_one_that_has_yet_to_be_woken() {
        let mut pacer = pacer();
        assert_eq!(pacer.claim(7, 0, END), Turn::At(100));
        assert_eq!(pacer.claim(3, 200, END), Turn::Now(due(0)));
        assert_eq!(pacer.take(7, 200, END), Turn::At(1_100));
        assert_eq!(pacer.take(7, 1_200, END), Turn::Now(due(1)));
    }

    #[test]
    fn what_waited_for_a_slot_goes_out_at_once_and_nothing_is_skipped() {
        let mut pacer = pacer();
        let turns: Vec<Turn> = (0..5).map(|slot| pacer.claim(slot, 3_600, END)).collect();
        assert_eq!(turns[..4], [0, 1, 2, 3].map(|ordinal| Turn::Now(due(ordinal))));
        assert_eq!(turns[4], Turn::At(4_100));
    }

    #[test]
    fn what_is_due_before_the_end_is_issued_after_it_and_nothing_becomes_due_there() {
        let mut pacer = pacer();
        assert_eq!(pacer.claim(0, 0, 1_100), Turn::At(100));
        assert_eq!(pacer.take(0, 9_000, 1_100), Turn::Now(due(0)));
        assert_eq!(pacer.claim(0, 9_000, 1_100), Turn::Over);
    }

    #[test]
    fn an_end_that_comes_early_sends_the_waiting_away() {
        let mut pacer = pacer();
        assert_eq!(pacer.claim(0, 0, END), Turn::At(100));
        assert_eq!(pacer.claim(1, 0, END), Turn::At(1_100));
        assert_eq!(pacer.waiting().collect::<Vec<_>>(), [0, 1]);
        assert_eq!(pacer.take(1, 600, 600), Turn::Over);
        assert_eq!(pacer.take(0, 600, 600), Turn::Now(due(0)));
    }

    #[test]
    fn what_was_never_issued_is_told_once() {
        let mut pacer = pacer();
        assert_eq!(pacer.claim(0, 100, END), Turn::Now(due(0)));
        assert_eq!(pacer.claim(0, 200, END), Turn::At(1_100));
        let mut told = Vec::new();
        pacer.close(4_000, |due| told.push(due.ordinal));
        assert_eq!(told, [1, 2, 3]);
        assert_eq!((pacer.take(0, 2_000, END), pacer.claim(1, 2_000, END)), (Turn::Over, Turn::Over));
        pacer.close(END, |due| panic!("{due:?} was told twice"));
    }
}

//! The open loop: requests are issued when the schedule says, whatever has become of those before them.

use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

use benchmark_protocol::counts::FailureKind;
use benchmark_protocol::message::Phase;

use super::arrivals::Arrivals;
use super::operations::Requested;
use super::pacer::{Due, Pacer, Turn};
use super::recorder::Ended;
use super::{Begun, DRAIN_LOOK, Load, locked};
use crate::clock::now_ns;
use crate::failure::Failure;

/// The schedule of an open loop and what has become of it.
#[derive(Debug)]
pub(super) struct OpenLoop {
    pacer: Pacer,
    /// Requests that were due in the window: those that slots have taken and, in the end, those that none could take.
    scheduled: u64,
    /// Requests of the warm-up and of the window that were due and that no slot could take.
    left_over: [u64; 2],
}

/// What a slot of an open loop is to do.
#[derive(Debug)]
pub(super) enum Step {
    /// Perform this request.
    Issue(Begun),
    /// Wait until this instant, or until woken, and [`Load::resume`].
    Wait(u64),
    /// Leave: the load is over.
    Over,
}

impl OpenLoop {
    pub(super) fn new(arrivals: Arrivals, start_ns: u64) -> Self {
        Self { pacer: Pacer::new(arrivals, start_ns), scheduled: 0, left_over: [0; 2] }
    }

    pub(super) const fn scheduled(&self) -> u64 {
        self.scheduled
    }

    /// What was due and never issued, of the window or of the warm-up.
    pub(super) const fn left_over(&self, measured: bool) -> u64 {
        self.left_over[measured as usize]
    }
}

impl Load {
    /// Whether requests follow a schedule.
    pub(super) const fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// The next step of a slot that has been free since `now`. `recorder` is that of this thread.
    pub(super) fn next_step(&self, (slot, recorder): (usize, usize), now: u64) -> Step {
        self.step((slot, recorder), now, Pacer::claim)
    }

    /// The next step of a slot that was told to wait.
    pub(super) fn resume(&self, (slot, recorder): (usize, usize), now: u64) -> Step {
        self.step((slot, recorder), now, Pacer::take)
    }

    fn step(&self, (slot, recorder): (usize, usize), now: u64, mut look: Look) -> Step {
        loop {
            let begun = match self.turn(slot, now, look) {
                Ok(begun) => begun,
                Err(step) => return step,
            };
            if now - begun.started_ns <= self.timeout_ns {
                self.issued(recorder, begun);
                return Step::Issue(begun);
            }
            self.expire((slot, recorder), begun);
            look = Pacer::claim;
        }
    }

    /// Begins the slot's request within the pacer's lock, so that each is in the pacer, under way or recorded at all times.
    fn turn(&self, slot: usize, now: u64, look: Look) -> Result<Begun, Step> {
        let Some(open) = &self.open else { return Err(Step::Over) };
        let mut open = locked(open);
        let end_ns = self.window_end_ns.load(Ordering::SeqCst);
        let due = match look(&mut open.pacer, slot, now, end_ns) {
            Turn::Now(due) => due,
            Turn::At(at_ns) => return Err(Step::Wait(at_ns)),
            Turn::Over => return Err(Step::Over),
        };
        let phase = self.phase_of(due);
        open.scheduled += u64::from(phase == Phase::Window);
        self.slots[slot].begin(due.at_ns, phase == Phase::Window);
        Ok(Begun { ordinal: due.ordinal, started_ns: due.at_ns, issued_ns: now, phase })
    }

    fn phase_of(&self, due: Due) -> Phase {
        if due.at_ns >= self.schedule.warmed_ns { Phase::Window } else { Phase::WarmUp }
    }

    fn issued(&self, recorder: usize, begun: Begun) {
        if begun.ordinal == 0 {
            self.first_request_ns.store(begun.issued_ns, Ordering::Relaxed);
        }
        if begun.phase == Phase::Window {
            let in_time = begun.issued_ns < self.window_end_ns.load(Ordering::Relaxed);
            locked(&self.recorders[recorder]).issue(begun.issued_ns - begun.started_ns, in_time);
        }
    }

    /// Records a request whose time was over before a slot was free for it.
    fn expire(&self, at: (usize, usize), begun: Begun) {
        let operations = self.workload.has_several_operations() && begun.phase == Phase::Window;
        let last = operations.then(|| Requested {
            operation: self.workload.operation(begun.ordinal),
            latency_ns: self.timeout_ns,
            bytes: 0,
            sent_bytes: 0,
            failure: Some(FailureKind::Timeout),
        });
        let ended = Ended {
            phase: begun.phase,
            started_ns: begun.started_ns,
            issued_ns: begun.issued_ns,
            ended_ns: begun.started_ns + self.timeout_ns,
            first_byte_ns: 0,
            bytes: 0,
            sent_bytes: 0,
            failure: Some(Box::new(Failure::new(FailureKind::Timeout, "no slot was free within the timeout"))),
            last,
        };
        self.record(at, ended);
    }

    /// Wakes the slots whose requests are due. Where there are none, says when the first one will be.
    pub(super) fn wake_due(&self, now: u64) -> Option<u64> {
        let open = locked(self.open.as_ref()?);
        open.pacer.due(now).for_each(|slot| self.slots[slot].wake());
        open.pacer.first().filter(|first_ns| *first_ns > now)
    }

    /// Wakes every slot that waits, to see that the load was ended early.
    pub(super) fn wake_waiting(&self) {
        if let Some(open) = &self.open {
            locked(open).pacer.waiting().for_each(|slot| self.slots[slot].wake());
        }
    }

    /// Waits for the window's end: slots leave as soon as nothing becomes due for them before it.
    pub(super) fn await_end_of_schedule(&self) {
        while let Some(left_ns) =
            self.window_end_ns.load(Ordering::SeqCst).checked_sub(now_ns()).filter(|_| self.is_open())
        {
            // No longer than that at once: the load may be stopped meanwhile.
            thread::sleep(Duration::from_nanos(left_ns).min(DRAIN_LOOK));
        }
    }

    /// Ends the schedule: what was due and not issued by now never will be.
    pub(super) fn close_schedule(&self) {
        if let Some(open) = &self.open {
            let OpenLoop { pacer, scheduled, left_over } = &mut *locked(open);
            pacer.close(self.window_end_ns.load(Ordering::SeqCst), |due| {
                let measured = self.phase_of(due) == Phase::Window;
                left_over[usize::from(measured)] += 1;
                *scheduled += u64::from(measured);
            });
        }
    }
}

/// How a slot asks for its turn: [`Pacer::claim`] or [`Pacer::take`].
type Look = fn(&mut Pacer, usize, u64, u64) -> Turn;

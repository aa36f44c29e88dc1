//! The load of one replica: closed loop over slots, or an [`open`] one, recorded by phase. The engines ([`asynchronous`],
//! [`blocking`]) run it; what they share is here.

mod alarm;
pub(crate) mod arrivals;
pub(crate) mod asynchronous;
pub(crate) mod blocking;
mod delays;
mod histogram;
mod open;
mod operations;
mod pacer;
mod recorder;
pub(crate) mod schedule;
mod slot;
mod successes;
#[cfg(test)]
mod tests;
pub(crate) mod watch;

use std::any::Any;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use benchmark_protocol::counts::{Counts, FailureKind};
use benchmark_protocol::message::{Edges, Phase, ReplicaResult, Tick};
use benchmark_protocol::operation::ByOperation;
use benchmark_protocol::resources::Resources;
use benchmark_protocol::tests::Trail;

use crate::clock::now_ns;
use crate::failure::Failure;
use crate::request::Request;
use crate::resources;
use crate::response::Response;
use crate::workload::Workload;
use arrivals::Arrivals;
pub(crate) use histogram::{histogram, wire};
use open::OpenLoop;
use operations::{Operations, Requested};
use recorder::{Ended, Kept, Recorder};
use schedule::{End, Schedule, Stage};
use slot::Slot;
use successes::Successes;

/// An edge that is not known yet.
const UNKNOWN: u64 = u64::MAX;

/// The longest pause between two looks at whether the drain is over.
pub(crate) const DRAIN_LOOK: Duration = Duration::from_millis(20);

/// Everything that slots, watch and session share while the load runs.
#[derive(Debug)]
pub(crate) struct Load {
    pub(crate) workload: Workload,
    pub(crate) schedule: Schedule,
    timeout_ns: u64,
    /// The time to the first byte is taken of one call in so many, as a power of two.
    sampling: u32,
    own_network: bool,
    /// Whether a connection may have carried responses before a request.
    keeps_connections: bool,
    recorders: Vec<Mutex<Recorder>>,
    slots: Vec<Slot>,
    /// `None` in closed loop.
    open: Option<Mutex<OpenLoop>>,
    taken: Taken,
    first_request_ns: AtomicU64,
    window_start_ns: AtomicU64,
    window_end_ns: AtomicU64,
    edges: Mutex<WindowEdges>,
    stopped: AtomicBool,
    done: Mutex<bool>,
    /// Told when an edge is reached or the load is done.
    changed: Condvar,
}

/// What the threads of all slots write. Alone on its cache line: what they read lies on others.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Taken {
    /// The ordinal of the next request.
    next: AtomicU64,
    /// Requests claimed of a counted window.
    claimed: AtomicU64,
}

/// The process's counters as the window began and as it ended.
#[derive(Debug, Default)]
struct WindowEdges {
    start: Option<Resources>,
    end: Option<Resources>,
}

/// A call that was begun.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Begun {
    pub(crate) ordinal: u64,
    /// From when its time counts: its issue, in an open loop the instant at which it was due.
    started_ns: u64,
    issued_ns: u64,
    phase: Phase,
}

/// What a slot keeps from request to request.
#[derive(Debug, Default)]
struct Hand {
    /// Where successes are not recorded one by one.
    successes: Option<Successes>,
    response: Response,
    trail: Trail,
    /// From when the time of its request counts.
    counted_ns: u64,
    /// Body bytes of the call so far, received and sent.
    bytes: u64,
    sent_bytes: u64,
    /// When the call's first head was here; 0 where that is not taken.
    first_byte_ns: u64,
}

impl Hand {
    /// Makes it ready for the next call.
    fn begin(&mut self, begun: Begun) {
        self.trail.clear();
        self.counted_ns = begun.started_ns;
        self.bytes = 0;
        self.sent_bytes = 0;
        self.first_byte_ns = 0;
    }
}

/// What follows a request.
enum After<'a> {
    /// The call's next one.
    Next(Request<'a>),
    /// The end of the call.
    Ended(Outcome),
}

/// How a call ended.
struct Outcome {
    ended_ns: u64,
    failure: Option<Box<Failure>>,
    /// Its last request, where operations are recorded each by itself.
    last: Option<Requested>,
}

/// The time to the first byte is taken of one call in 2^3: reading the clock is a good part of what the SDK costs.
const SAMPLING: u32 = 3;

/// Of a window that is known to be of fewer calls it is taken of each.
const FEW_CALLS: u64 = 10_000;

/// How long undoing what a failed call began may take.
const UNDO: Duration = Duration::from_secs(5);

/// How large a load is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    pub(crate) slots: usize,
    pub(crate) recorders: usize,
    pub(crate) timeout: Duration,
    pub(crate) own_network: bool,
    pub(crate) recording: bool,
    pub(crate) keeps_connections: bool,
}

impl Load {
    /// Requests are issued as they arrive; without `arrivals` each slot issues one as its last one ends.
    pub(crate) fn new(workload: Workload, schedule: Schedule, arrivals: Option<Arrivals>, shape: Shape) -> Self {
        let longest = shape.timeout + schedule.drain + Duration::from_secs(1);
        let (window_start_ns, window_end_ns) = match schedule.end {
            End::At(end_ns) => (schedule.warmed_ns, end_ns),
            End::After(_) if schedule.warmed_ns == schedule.start_ns => (schedule.start_ns, UNKNOWN),
            End::After(_) => (UNKNOWN, UNKNOWN),
        };
        let longest_ns = u64::try_from(longest.as_nanos()).unwrap_or(u64::MAX);
        let kept = Kept {
            latencies: shape.recording,
            delays: arrivals.is_some(),
            operations: workload.has_several_operations(),
        };
        Self {
            workload,
            schedule,
            timeout_ns: u64::try_from(shape.timeout.as_nanos()).unwrap_or(u64::MAX),
            sampling: if matches!(schedule.end, End::After(..FEW_CALLS)) { 0 } else { SAMPLING },
            own_network: shape.own_network,
            keeps_connections: shape.keeps_connections,
            recorders: (0..shape.recorders).map(|_| Mutex::new(Recorder::new(longest_ns, kept))).collect(),
            slots: (0..shape.slots).map(|_| Slot::default()).collect(),
            open: arrivals.map(|arrivals| Mutex::new(OpenLoop::new(arrivals, schedule.start_ns))),
            taken: Taken::default(),
            first_request_ns: AtomicU64::new(UNKNOWN),
            window_start_ns: AtomicU64::new(window_start_ns),
            window_end_ns: AtomicU64::new(window_end_ns),
            edges: Mutex::default(),
            stopped: AtomicBool::new(false),
            done: Mutex::new(false),
            changed: Condvar::new(),
        }
    }

    /// The next call of a slot in this stage; `None` when the stage is over for it. It is issued at `started_ns`, the instant
    /// at which the slot's last one ended: no time falls between two requests, and no clock is read twice.
    pub(crate) fn begin(&self, stage: Stage, slot: usize, started_ns: u64) -> Option<Begun> {
        if self.stopped.load(Ordering::Relaxed) {
            return None;
        }
        let phase = match stage {
            Stage::Timed { end_ns } if started_ns >= end_ns => return None,
            Stage::Timed { .. } if started_ns >= self.schedule.warmed_ns => Phase::Window,
            Stage::WarmUp if started_ns >= self.schedule.warmed_ns => return None,
            Stage::Timed { .. } | Stage::WarmUp => Phase::WarmUp,
            Stage::Counted { requests } if self.taken.claimed.fetch_add(1, Ordering::Relaxed) >= requests => {
                return None;
            }
            Stage::Counted { .. } => Phase::Window,
        };
        let ordinal = self.taken.next.fetch_add(1, Ordering::Relaxed);
        if ordinal == 0 {
            self.first_request_ns.store(started_ns, Ordering::Relaxed);
        }
        self.slots[slot].begin(started_ns, phase == Phase::Window);
        Some(Begun { ordinal, started_ns, issued_ns: started_ns, phase })
    }

    /// Whether the time to the first byte is taken of this call. Spread evenly over any regular choice of calls, as those of one slot of
    /// several that take turns.
    #[inline]
    fn is_sampled(&self, begun: Begun) -> bool {
        begun.ordinal.wrapping_mul(0x9E37_79B9_7F4A_7C15) <= u64::MAX >> self.sampling
    }

    /// What follows a request of a call that ended so: another one, or the end of the call.
    #[inline]
    fn after<'a>(
        &'a self,
        recorder: usize,
        begun: Begun,
        hand: &mut Hand,
        (request, outcome): (&Request<'_>, Result<(), Box<Failure>>),
    ) -> After<'a> {
        hand.response.close();
        let ended_ns = now_ns();
        let response = &hand.response;
        hand.bytes += response.answer().length();
        hand.sent_bytes += request.sent_bytes();
        if hand.first_byte_ns == 0 {
            hand.first_byte_ns = response.first_byte_ns();
        }
        let verdict = match outcome {
            // What came too late failed, whether or not the library could be made to give it up.
            Ok(()) if ended_ns - begun.started_ns > self.timeout_ns => Err(Box::new(Failure::timeout())),
            Ok(()) => request.judge(response.answer()).map_err(Box::new),
            Err(failure) => Err(self.judge_failed(request, response, *failure)),
        };
        let failure = match verdict {
            Err(mut failure) => {
                failure.explain();
                Some(failure)
            }
            Ok(()) => match self.workload.next(begun.ordinal, &mut hand.trail, response.answer()) {
                Some(next) => {
                    if let Some(requested) = self.requested(begun, hand, request, (ended_ns, None)) {
                        locked(&self.recorders[recorder]).request(requested);
                    }
                    hand.counted_ns = ended_ns;
                    return After::Next(next);
                }
                None => None,
            },
        };
        let last = self.requested(begun, hand, request, (ended_ns, failure.as_ref().map(|failure| failure.kind)));
        After::Ended(Outcome { ended_ns, failure, last })
    }

    /// What a request failed of, by what had come of its response.
    #[cold]
    fn judge_failed(&self, request: &Request<'_>, response: &Response, failure: Failure) -> Box<Failure> {
        Box::new(failure.after(request, response, self.keeps_connections))
    }

    /// What a request of the window came to, where operations are recorded each by itself.
    fn requested(
        &self,
        begun: Begun,
        hand: &Hand,
        request: &Request<'_>,
        (ended_ns, failure): (u64, Option<FailureKind>),
    ) -> Option<Requested> {
        (self.workload.has_several_operations() && begun.phase == Phase::Window).then(|| Requested {
            operation: request.operation(),
            latency_ns: ended_ns - hand.counted_ns,
            bytes: hand.response.answer().length(),
            sent_bytes: request.sent_bytes(),
            failure,
        })
    }

    /// Records how a call ended. `recorder` is that of this thread.
    fn end(&self, (slot, recorder): (usize, usize), begun: Begun, hand: &mut Hand, outcome: Outcome) {
        let ended = Ended {
            phase: begun.phase,
            started_ns: begun.started_ns,
            issued_ns: begun.issued_ns,
            ended_ns: outcome.ended_ns,
            first_byte_ns: hand.first_byte_ns,
            bytes: hand.bytes,
            sent_bytes: hand.sent_bytes,
            failure: outcome.failure,
            last: outcome.last,
        };
        match &mut hand.successes {
            Some(successes) if ended.failure.is_none() && ended.last.is_none() => {
                successes.keep(&ended);
                self.slots[slot].successes.succeed(&ended);
                self.slots[slot].end();
            }
            _ => self.record((slot, recorder), ended),
        }
    }

    fn record(&self, (slot, recorder): (usize, usize), ended: Ended) {
        let mut recorder = locked(&self.recorders[recorder]);
        if !recorder.closed {
            recorder.record(ended);
            // Within the lock, so that a request is either recorded or under way whenever the recorders are closed.
            self.slots[slot].end();
        }
    }

    /// Reads the window's first edge where no warm-up comes before it: the watch may only get a turn once the first requests
    /// are under way.
    pub(crate) fn open_window_without_warm_up(&self) {
        if self.schedule.warmed_ns == self.schedule.start_ns {
            self.read_edge(|edges| &mut edges.start);
        }
    }

    /// A counted window begins: the last slot has finished its warm-up.
    pub(crate) fn open_counted_window(&self) {
        self.window_start_ns.store(now_ns(), Ordering::SeqCst);
        self.read_edge(|edges| &mut edges.start);
        self.changed.notify_all();
    }

    /// Ends the load early: nothing starts any more, and the window ends now.
    pub(crate) fn stop(&self) {
        self.stopped.store(true, Ordering::SeqCst);
        self.window_end_ns.fetch_min(now_ns(), Ordering::SeqCst);
        self.wake_waiting();
        self.changed.notify_all();
    }

    /// Whether what is still under way has had its time.
    pub(crate) fn drained(&self) -> bool {
        let end_ns = self.window_end_ns.load(Ordering::SeqCst);
        now_ns() > end_ns.saturating_add(self.schedule.drain.as_nanos() as u64)
    }

    /// Closes the books: the slots are done, or have had their time. A counted window ended with its last request.
    pub(crate) fn finish(&self) {
        self.await_end_of_schedule();
        self.close_schedule();
        let mut last_ended_ns = 0;
        for recorder in &self.recorders {
            let mut recorder = locked(recorder);
            recorder.closed = true;
            recorder.flush();
            last_ended_ns = recorder.last_ended_ns.max(last_ended_ns);
        }
        let now = now_ns();
        self.window_start_ns.fetch_min(now, Ordering::SeqCst);
        let end_ns = if last_ended_ns == 0 { now } else { last_ended_ns };
        let _known = self.window_end_ns.compare_exchange(UNKNOWN, end_ns, Ordering::SeqCst, Ordering::SeqCst);
        self.read_edge(|edges| &mut edges.start);
        self.read_edge(|edges| &mut edges.end);
        *locked(&self.done) = true;
        self.changed.notify_all();
    }

    /// What came of it, after [`Self::finish`].
    pub(crate) fn result(
        &self,
        library_version: &str,
        threads: u32,
        (verify, verifying): (Counts, ByOperation),
        ready: Resources,
    ) -> ReplicaResult {
        let drained = resources::read(self.own_network);
        let sum = self.sum();
        let edges = locked(&self.edges);
        let first_request_ns = self.first_request_ns.load(Ordering::Relaxed);
        ReplicaResult {
            library_version: library_version.to_owned(),
            threads,
            first_request_ns: (first_request_ns != UNKNOWN).then_some(first_request_ns),
            window_start_ns: self.window_start_ns.load(Ordering::SeqCst),
            window_end_ns: self.window_end_ns.load(Ordering::SeqCst),
            verify,
            warm_up: self.with_censored(sum.warm_up, false),
            window: self.with_censored(sum.window, true),
            requests_issued: self.slots.iter().map(Slot::issued).fold(verifying, |mut sum, slot| {
                sum += slot;
                sum
            }),
            latency: wire(sum.latency()),
            failure_latency: wire(sum.failure_latency()),
            first_byte: (!sum.first_byte().is_empty()).then(|| wire(sum.first_byte())),
            service_time: sum.delays().map(|delays| wire(delays.service_time())),
            scheduling_delay: sum.delays().map(|delays| wire(delays.scheduling_delay())),
            scheduled: self.open.as_ref().map(|open| locked(open).scheduled()),
            issued: sum.delays().map(|delays| delays.issued),
            operations: sum.operations().map(Operations::results).unwrap_or_default(),
            resources: Edges {
                ready,
                window_start: edges.start.unwrap_or(ready),
                window_end: edges.end.unwrap_or(drained),
                drained,
            },
            cpu_list: resources::cpu_list(),
            ports: Some(resources::ports(sum.out_of_ports)),
            failure_samples: sum.samples(),
        }
    }

    /// The counters of this instant.
    fn tick(&self, phase: Phase, elapsed_ns: u64, resources: Resources) -> Tick {
        let (mut warm_up, mut window, mut received_bytes) = (Counts::default(), Counts::default(), 0);
        for recorder in &self.recorders {
            let recorder = locked(recorder);
            warm_up += recorder.warm_up;
            window += recorder.window;
            received_bytes += recorder.received_bytes;
        }
        for slot in &self.slots {
            let (warming, measured) = (slot.successes.counts(false), slot.successes.counts(true));
            warm_up += warming;
            window += measured;
            received_bytes += warming.success_bytes + measured.success_bytes;
        }
        let in_flight = self.slots.iter().filter(|slot| slot.under_way().is_some()).count() as u64;
        let counts = if phase == Phase::WarmUp { warm_up } else { window };
        Tick { phase, elapsed_ns, counts, received_bytes, in_flight, resources }
    }

    /// Reads the process's counters into an edge that has none yet.
    fn read_edge(&self, edge: impl FnOnce(&mut WindowEdges) -> &mut Option<Resources>) -> Resources {
        *edge(&mut locked(&self.edges)).get_or_insert_with(|| resources::read(self.own_network))
    }

    fn sum(&self) -> Recorder {
        let mut recorders = self.recorders.iter();
        let mut sum = Recorder::new(1, Kept { latencies: true, delays: false, operations: false });
        if let Some(first) = recorders.next() {
            sum = locked(first).clone();
        }
        recorders.for_each(|recorder| sum.merge(&locked(recorder)));
        for slot in &self.slots {
            sum.warm_up += slot.successes.counts(false);
            sum.window += slot.successes.counts(true);
        }
        sum
    }

    /// What is under way when the books are closed is censored, in the phase that it belongs to; so is what was due and never
    /// issued.
    fn with_censored(&self, mut counts: Counts, measured: bool) -> Counts {
        counts.censored = self.slots.iter().filter(|slot| slot.under_way() == Some(measured)).count() as u64;
        counts.censored += self.open.as_ref().map_or(0, |open| locked(open).left_over(measured));
        counts.attempts += counts.censored;
        counts
    }
}

/// No place among the sockets.
fn no_socket() -> Failure {
    Failure::new(FailureKind::PoolWait, "no socket became free within the timeout")
}

/// What is said of a slot that is lost: a smaller concurrency than was asked for is no result.
fn slot_panicked(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("a slot panicked: {}", text.unwrap_or("with something that is no text"))
}

/// A panic of one slot must not hide what the others measured.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

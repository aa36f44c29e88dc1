//! The engine of blocking libraries: each slot is a thread.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Barrier, Mutex};
use std::task::{Wake, Waker};
use std::thread::{self, Thread};
use std::time::Duration;

use nix::sys::prctl::set_timerslack;

use super::open::Step;
use super::schedule::Stage;
use super::{After, Begun, DRAIN_LOOK, Hand, Load, Shape, locked, no_socket, slot_panicked};
use crate::bare::{Bare, Measured};
use crate::client::{BlockingClient, ConstructError};
use crate::clock::now_ns;
use crate::engine::Engine;
use crate::failure::Failure;
use crate::options::Options;
use crate::request::Request;
use crate::response::Response;

/// The client that all threads share.
pub(crate) struct Blocking<C> {
    client: Arc<C>,
    concurrency: u32,
    pool_size: u32,
    timeout: Duration,
}

/// Slots run on few cores however many they are: that many recorders keep them out of each other's way.
fn recorders() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

impl<C: BlockingClient> Engine for Blocking<C> {
    const CLIENT_SIGNS: bool = false;

    fn new(options: &Options) -> Result<Self, ConstructError> {
        Ok(Self {
            client: Arc::new(C::new(options)?),
            concurrency: options.concurrency,
            pool_size: options.pool_size(),
            timeout: options.timeout,
        })
    }

    fn shape(&self, options: &Options) -> Shape {
        Shape {
            slots: self.concurrency as usize,
            recorders: recorders(),
            timeout: options.timeout,
            own_network: options.own_network,
            recording: options.recording,
            keeps_connections: options.keep_alive,
        }
    }

    fn threads(&self) -> u32 {
        self.concurrency
    }

    fn verify(&self, _options: &Options, request: &Request<'_>, response: &mut Response) -> Result<(), Failure> {
        self.client.perform(request, response)
    }

    /// Nothing runs in the background of a blocking library: it looks at a connection as it takes it.
    fn settle(&self, _: u64) {}

    fn run(self, load: &Arc<Load>) -> Result<(), String> {
        let gate = (self.pool_size < self.concurrency).then(|| Arc::new(Gate::new(self.pool_size, self.timeout)));
        let barrier = Arc::new(Barrier::new(self.concurrency as usize));
        let (lost, losses) = channel::<String>();
        let started = (0..self.concurrency as usize).try_for_each(|index| {
            let (lost, barrier) = (lost.clone(), Arc::clone(&barrier));
            let place = Place { client: Arc::clone(&self.client), load: Arc::clone(load), index, gate: gate.clone() };
            let slot = move || {
                let run = || if place.load.is_open() { run_open_slot(&place) } else { run_slot(&place, &barrier) };
                if let Err(panic) = catch_unwind(AssertUnwindSafe(run)) {
                    // Whoever listens may have left already.
                    let _ = lost.send(slot_panicked(&*panic));
                }
            };
            let spawned = thread::Builder::new().spawn(slot).map(drop);
            let which = index + 1;
            spawned.map_err(|error| format!("cannot start thread {which} of {}: {error}", self.concurrency))
        });
        drop(lost);
        let ran = started.and_then(|()| slots_end(&losses, load));
        if ran.is_err() {
            load.stop();
        }
        load.finish();
        // A thread that is still in a request cannot be ended; it ends with the process.
        ran
    }

    fn run_bare(self, bare: &Arc<Bare>, options: &Options) -> Result<Measured, String> {
        for index in 0..self.concurrency as usize {
            let (client, bare) = (Arc::clone(&self.client), Arc::clone(bare));
            let spawned = thread::Builder::new().spawn(move || run_bare_slot(&*client, &bare, index));
            spawned.map_err(|error| format!("cannot start a thread: {error}"))?;
        }
        thread::sleep(options.warmup);
        let mark = bare.mark();
        thread::sleep(options.duration);
        bare.since(&mark)
    }
}

/// Waits until every slot has left, or the drain is over. A slot that panicked is lost, and the load with it.
fn slots_end(losses: &Receiver<String>, load: &Load) -> Result<(), String> {
    loop {
        match losses.recv_timeout(DRAIN_LOOK) {
            Ok(loss) => return Err(loss),
            Err(RecvTimeoutError::Timeout) if !load.drained() => {}
            // The channel ends with the last slot.
            Err(_) => return Ok(()),
        }
    }
}

/// What a slot's thread works with.
struct Place<C> {
    client: Arc<C>,
    load: Arc<Load>,
    index: usize,
    gate: Option<Arc<Gate>>,
}

impl<C: BlockingClient> Place<C> {
    /// The slot and its recorder.
    fn at(&self) -> (usize, usize) {
        (self.index, self.index % self.load.recorders.len())
    }

    /// Performs a call, request after request, and returns when it ended.
    fn perform(&self, begun: Begun, hand: &mut Hand) -> u64 {
        hand.begin(begun);
        let mut request = self.load.workload.first(begun.ordinal);
        let outcome = loop {
            hand.response.expect(&request, self.load.is_sampled(begun));
            let permit = self.gate.as_ref().map(|gate| gate.acquire(begun.started_ns));
            let outcome = match permit {
                Some(None) => Err(no_socket()),
                Some(Some(_)) | None => self.request(&request, &mut hand.response),
            };
            match self.load.after(self.at().1, begun, hand, (&request, outcome.map_err(Box::new))) {
                After::Next(next) => request = next,
                After::Ended(outcome) => break outcome,
            }
        };
        let (ended_ns, failed) = (outcome.ended_ns, outcome.failure.is_some());
        self.load.end(self.at(), begun, hand, outcome);
        if failed && let Some(undo) = self.load.workload.undo(begun.ordinal, &hand.trail) {
            hand.response.expect(&undo, false);
            // What cannot be undone stays at the target, which is no failure of any call.
            let permit = self.gate.as_ref().map(|gate| gate.acquire(now_ns()));
            if !matches!(permit, Some(None)) {
                let _ = self.request(&undo, &mut hand.response);
            }
            return now_ns();
        }
        ended_ns
    }

    fn request(&self, request: &Request<'_>, response: &mut Response) -> Result<(), Failure> {
        self.load.slots[self.index].issue(request.operation());
        self.client.perform(request, response)
    }
}

fn run_slot<C: BlockingClient>(place: &Place<C>, barrier: &Barrier) {
    let load = &place.load;
    let mut hand = Hand::default();
    for stage in load.schedule.stages() {
        let mut now = now_ns();
        while let Some(begun) = load.begin(stage, place.index, now) {
            now = place.perform(begun, &mut hand);
        }
        if stage == Stage::WarmUp && barrier.wait().is_leader() {
            load.open_counted_window();
        }
    }
}

fn run_open_slot<C: BlockingClient>(place: &Place<C>) {
    let load = &place.load;
    load.slots[place.index].attach_waker(Waker::from(Arc::new(Parked(thread::current()))));
    // A thread's sleep may end 50 us late by default.
    if let Err(error) = set_timerslack(1) {
        eprintln!("warning: the timer slack stays as it is, and requests may be issued late: {error}");
    }
    let mut hand = Hand::default();
    let mut now = now_ns();
    let mut step = load.next_step(place.at(), now);
    loop {
        step = match step {
            Step::Issue(begun) => {
                now = place.perform(begun, &mut hand);
                load.next_step(place.at(), now)
            }
            Step::Wait(until_ns) => {
                thread::park_timeout(Duration::from_nanos(until_ns - now));
                now = now_ns();
                load.resume(place.at(), now)
            }
            Step::Over => return,
        };
    }
}

fn run_bare_slot<C: BlockingClient>(client: &C, bare: &Bare, index: usize) {
    let mut response = Response::default();
    for request in bare.requests(index) {
        if let Err(failure) = client.perform(request, &mut response) {
            return bare.fail(failure);
        }
        bare.count(index, &mut response);
    }
}

/// A thread that waits until its request is due.
struct Parked(Thread);

impl Wake for Parked {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// A semaphore of sockets, first come, first served: a thread that frees a place does not take it again before others.
struct Gate {
    places: Mutex<Places>,
    timeout: Duration,
}

struct Places {
    free: u32,
    waiting: VecDeque<Arc<Waiting>>,
}

/// A thread that waits for a place, and whether it was given one.
struct Waiting {
    thread: Thread,
    given: AtomicBool,
}

/// A socket's place; dropping it hands it to the thread that has waited longest.
struct Permit<'a>(&'a Gate);

impl Gate {
    fn new(sockets: u32, timeout: Duration) -> Self {
        Self { places: Mutex::new(Places { free: sockets, waiting: VecDeque::new() }), timeout }
    }

    /// Waits for a free socket; `None` where none became free within the timeout, which counts from `started_ns`.
    fn acquire(&self, started_ns: u64) -> Option<Permit<'_>> {
        let waiting = Arc::new(Waiting { thread: thread::current(), given: AtomicBool::new(false) });
        {
            let mut places = locked(&self.places);
            if places.free > 0 {
                places.free -= 1;
                return Some(Permit(self));
            }
            places.waiting.push_back(Arc::clone(&waiting));
        }
        let deadline_ns = started_ns.saturating_add(self.timeout.as_nanos() as u64);
        while !waiting.given.load(Ordering::Acquire) {
            match deadline_ns.saturating_sub(now_ns()) {
                left_ns @ 1.. => thread::park_timeout(Duration::from_nanos(left_ns)),
                0 => {
                    let mut places = locked(&self.places);
                    places.waiting.retain(|other| !Arc::ptr_eq(other, &waiting));
                    // It may have been given at the last moment.
                    return waiting.given.load(Ordering::Acquire).then(|| Permit(self));
                }
            }
        }
        Some(Permit(self))
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        let mut places = locked(&self.0.places);
        match places.waiting.pop_front() {
            None => places.free += 1,
            Some(next) => {
                next.given.store(true, Ordering::Release);
                next.thread.unpark();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_go_to_whoever_waited_longest() {
        let gate = Gate::new(1, Duration::from_secs(10));
        let order = Mutex::new(Vec::new());
        let held = gate.acquire(now_ns());
        thread::scope(|scope| {
            for index in 0..3 {
                let (gate, order) = (&gate, &order);
                scope.spawn(move || {
                    let permit = gate.acquire(now_ns());
                    locked(order).push(index);
                    drop(permit);
                });
                while locked(&gate.places).waiting.len() <= index {
                    thread::yield_now();
                }
            }
            drop(held);
        });
        assert_eq!(*locked(&order), [0, 1, 2]);
    }

    #[test]
    fn who_waits_too_long_goes_without_and_takes_no_place() {
        let gate = Gate::new(1, Duration::from_millis(20));
        let held = gate.acquire(now_ns());
        assert!(gate.acquire(now_ns()).is_none());
        drop(held);
        let places = locked(&gate.places);
        assert_eq!((places.free, places.waiting.len()), (1, 0));
    }
}

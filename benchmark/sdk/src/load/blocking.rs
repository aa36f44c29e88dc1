//! The engine of blocking libraries: each slot is a thread.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Barrier, Mutex};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use benchmark_protocol::counts::FailureKind;

use super::schedule::Stage;
use super::{DRAIN_LOOK, Load, Shape, locked};
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
        if options.threads != 1 {
            return Err("a blocking library has one thread for each slot: `--threads` does not apply".into());
        }
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
        }
    }

    fn threads(&self) -> u32 {
        self.concurrency
    }

    fn verify(&self, _options: &Options, request: &Request<'_>, response: &mut Response) -> Result<(), Failure> {
        self.client.get(request, response)
    }

    fn run(self, load: &Arc<Load>) {
        let gate = (self.pool_size < self.concurrency).then(|| Arc::new(Gate::new(self.pool_size, self.timeout)));
        let barrier = Arc::new(Barrier::new(self.concurrency as usize));
        let (running, ended) = channel::<()>();
        for index in 0..self.concurrency as usize {
            let (client, load, running) = (Arc::clone(&self.client), Arc::clone(load), running.clone());
            let (gate, barrier) = (gate.clone(), Arc::clone(&barrier));
            thread::spawn(move || {
                let _running = running;
                run_slot(&*client, &load, index, gate.as_deref(), &barrier);
            });
        }
        drop(running);
        // Nothing is ever sent: the channel ends with the last slot.
        while ended.recv_timeout(DRAIN_LOOK) == Err(RecvTimeoutError::Timeout) && !load.drained() {}
        load.finish();
        // A thread that is still in a request cannot be ended; it ends with the process.
    }
}

fn run_slot<C: BlockingClient>(client: &C, load: &Load, index: usize, gate: Option<&Gate>, barrier: &Barrier) {
    let recorder = index % recorders();
    let mut response = Response::new();
    for stage in load.schedule.stages() {
        let mut now = now_ns();
        while let Some(begun) = load.begin(stage, index, now) {
            let request = load.workload.draw(begun.ordinal);
            response.expect(&request.expected);
            let permit = gate.map(Gate::acquire);
            let outcome = match permit {
                Some(None) => Err(Failure::new(FailureKind::PoolWait, "no socket became free within the timeout")),
                Some(Some(_)) | None => client.get(&request, &mut response),
            };
            now = load.end((index, recorder), begun, (&request.expected, &response), outcome.map_err(Box::new));
        }
        if stage == Stage::WarmUp && barrier.wait().is_leader() {
            load.open_counted_window();
        }
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

    /// Waits for a free socket; `None` where none became free within the timeout.
    fn acquire(&self) -> Option<Permit<'_>> {
        let waiting = Arc::new(Waiting { thread: thread::current(), given: AtomicBool::new(false) });
        {
            let mut places = locked(&self.places);
            if places.free > 0 {
                places.free -= 1;
                return Some(Permit(self));
            }
            places.waiting.push_back(Arc::clone(&waiting));
        }
        let deadline = Instant::now() + self.timeout;
        while !waiting.given.load(Ordering::Acquire) {
            match deadline.checked_duration_since(Instant::now()) {
                Some(left) => thread::park_timeout(left),
                None => {
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
        let held = gate.acquire();
        thread::scope(|scope| {
            for index in 0..3 {
                let (gate, order) = (&gate, &order);
                scope.spawn(move || {
                    let permit = gate.acquire();
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
        let held = gate.acquire();
        assert!(gate.acquire().is_none());
        drop(held);
        let places = locked(&gate.places);
        assert_eq!((places.free, places.waiting.len()), (1, 0));
    }
}

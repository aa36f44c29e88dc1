//! The engine of async libraries: slots are tasks on tokio.

use std::cell::Cell;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::unix::AsyncFd;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{Barrier, Semaphore, SemaphorePermit};
use tokio::task::JoinSet;

use super::alarm::{Alarm, Timer, alert, answer};
use super::open::Step;
use super::schedule::Stage;
use super::slot::Slot;
use super::successes::Successes;
use super::{After, Begun, DRAIN_LOOK, Hand, Load, Shape, UNDO, no_socket, slot_panicked};
use crate::bare::{Bare, Measured};
use crate::client::{AsyncClient, ConstructError};
use crate::clock::now_ns;
use crate::engine::Engine;
use crate::failure::Failure;
use crate::options::Options;
use crate::request::Request;
use crate::response::Response;

thread_local! {
    /// Which recorder this thread writes to.
    static RECORDER: Cell<usize> = const { Cell::new(0) };
}

/// The recorder that this thread writes to.
pub(super) fn recorder_of_thread() -> usize {
    RECORDER.get()
}

/// A runtime and the client that lives on it. One thread is a current-thread runtime; more are a multi-threaded one.
pub(crate) struct Asynchronous<C> {
    runtime: Runtime,
    client: Arc<C>,
    /// `None` in closed loop.
    alarm: Option<(Arc<Alarm>, AsyncFd<Arc<Timer>>)>,
    concurrency: u32,
    pool_size: u32,
    threads: u32,
}

impl<C: AsyncClient> Engine for Asynchronous<C> {
    const CLIENT_SIGNS: bool = C::SIGNS;

    fn new(options: &Options) -> Result<Self, ConstructError> {
        let workers = Arc::new(AtomicUsize::new(0));
        let mut builder =
            if options.threads == 1 { Builder::new_current_thread() } else { Builder::new_multi_thread() };
        if options.threads > 1 {
            let threads = options.threads as usize;
            builder
                .worker_threads(threads)
                // Threads for blocking calls come through here too; they run no slots.
                .on_thread_start(move || RECORDER.set(workers.fetch_add(1, Ordering::Relaxed) % threads));
        }
        let alarm = options.rate.map(|_| Alarm::new().map(Arc::new)).transpose()?;
        if let Some(alarm) = alarm.clone() {
            builder.on_thread_park(move || alarm.before_sleep());
        }
        let runtime = builder.enable_all().build()?;
        let (client, alarm) = {
            let _context = runtime.enter();
            let alarm = alarm.map(|alarm| alarm.bell().map(|bell| (alarm, bell))).transpose()?;
            (Arc::new(C::new(options)?), alarm)
        };
        Ok(Self {
            runtime,
            client,
            alarm,
            concurrency: options.concurrency,
            pool_size: options.pool_size(),
            threads: options.threads,
        })
    }

    fn shape(&self, options: &Options) -> Shape {
        Shape {
            slots: self.concurrency as usize,
            recorders: self.threads as usize,
            timeout: options.timeout,
            own_network: options.own_network,
            recording: options.recording,
            keeps_connections: options.keep_alive,
        }
    }

    fn threads(&self) -> u32 {
        self.threads
    }

    fn verify(&self, options: &Options, request: &Request<'_>, response: &mut Response) -> Result<(), Failure> {
        self.runtime.block_on(async {
            let timed = tokio::time::timeout(options.timeout, self.client.perform(request, response)).await;
            timed.unwrap_or_else(|_| Err(Failure::timeout()))
        })
    }

    /// Nothing on the runtime gets a turn unless somebody waits on it.
    fn settle(&self, until_ns: u64) {
        let left = Duration::from_nanos(until_ns.saturating_sub(now_ns()));
        self.runtime.block_on(async { tokio::time::sleep(left).await });
    }

    fn run(self, load: &Arc<Load>) -> Result<(), String> {
        let gate = (self.pool_size < self.concurrency).then(|| Arc::new(Semaphore::new(self.pool_size as usize)));
        let barrier = Arc::new(Barrier::new(self.concurrency as usize));
        let ran = self.runtime.block_on(async {
            let mut slots = JoinSet::new();
            for index in 0..self.concurrency as usize {
                let place =
                    Place { client: Arc::clone(&self.client), load: Arc::clone(load), index, gate: gate.clone() };
                match &self.alarm {
                    None => slots.spawn(run_slot(place, Arc::clone(&barrier))),
                    Some(_) => slots.spawn(run_open_slot(place)),
                };
            }
            if let Some((alarm, bell)) = self.alarm {
                alarm.serve(load);
                tokio::spawn(answer(bell, Arc::clone(load)));
            }
            let ran = slots_end(&mut slots, load).await;
            slots.shutdown().await;
            ran
        });
        if ran.is_err() {
            load.stop();
        }
        load.finish();
        // Whatever else the library runs in the background ends with the process.
        self.runtime.shutdown_background();
        ran
    }

    fn run_bare(self, bare: &Arc<Bare>, options: &Options) -> Result<Measured, String> {
        let measured = self.runtime.block_on(async {
            for index in 0..self.concurrency as usize {
                tokio::spawn(run_bare_slot(Arc::clone(&self.client), Arc::clone(bare), index));
            }
            tokio::time::sleep(options.warmup).await;
            let mark = bare.mark();
            tokio::time::sleep(options.duration).await;
            bare.since(&mark)
        });
        self.runtime.shutdown_background();
        measured
    }
}

/// Waits until every slot has left, or the drain is over. A slot that panicked is lost, and the load with it.
async fn slots_end(slots: &mut JoinSet<()>, load: &Load) -> Result<(), String> {
    while !slots.is_empty() && !load.drained() {
        // A pause at least this often, to look whether the drain is over.
        match tokio::time::timeout(DRAIN_LOOK, slots.join_next()).await {
            Ok(Some(Err(error))) if error.is_panic() => return Err(slot_panicked(&*error.into_panic())),
            _ => {}
        }
    }
    Ok(())
}

/// What a slot's task works with.
struct Place<C> {
    client: Arc<C>,
    load: Arc<Load>,
    index: usize,
    gate: Option<Arc<Semaphore>>,
}

impl<C: AsyncClient> Place<C> {
    fn slot(&self) -> &Slot {
        &self.load.slots[self.index]
    }

    /// The slot and the recorder of this thread.
    fn at(&self) -> (usize, usize) {
        (self.index, RECORDER.get())
    }

    /// Performs a call, request after request, and returns when it ended.
    async fn perform(&self, begun: Begun, hand: &mut Hand) -> u64 {
        hand.begin(begun);
        let mut request = self.load.workload.first(begun.ordinal);
        let outcome = loop {
            hand.response.expect(&request, self.load.is_sampled(begun));
            let outcome = match &self.gate {
                None => self.request(&request, &mut hand.response).await,
                Some(gate) => match place(gate, self.slot()).await {
                    Ok(_place) => self.request(&request, &mut hand.response).await,
                    Err(failure) => Err(failure),
                },
            };
            match self.load.after(self.at().1, begun, hand, (&request, outcome)) {
                After::Next(next) => request = next,
                After::Ended(outcome) => break outcome,
            }
        };
        let (ended_ns, failed) = (outcome.ended_ns, outcome.failure.is_some());
        self.load.end(self.at(), begun, hand, outcome);
        if failed && let Some(undo) = self.load.workload.undo(begun.ordinal, &hand.trail) {
            hand.response.expect(&undo, false);
            let undone = async {
                let _place = match &self.gate {
                    None => None,
                    Some(gate) => gate.acquire().await.ok(),
                };
                self.slot().issue(undo.operation());
                self.client.perform(&undo, &mut hand.response).await
            };
            // What cannot be undone stays at the target, which is no failure of any call.
            let _ = tokio::time::timeout(UNDO, undone).await;
            return now_ns();
        }
        ended_ns
    }

    async fn request(&self, request: &Request<'_>, response: &mut Response) -> Result<(), Box<Failure>> {
        self.slot().issue(request.operation());
        self.slot().within(pin!(self.client.perform(request, response))).await
    }
}

async fn run_slot<C: AsyncClient>(place: Place<C>, barrier: Arc<Barrier>) {
    place.slot().attach().await;
    let load = &place.load;
    let mut hand = Hand { successes: Some(Successes::new(load)), ..Hand::default() };
    for stage in load.schedule.stages() {
        let mut now = now_ns();
        while let Some(begun) = load.begin(stage, place.index, now) {
            now = place.perform(begun, &mut hand).await;
        }
        if stage == Stage::WarmUp && barrier.wait().await.is_leader() {
            load.open_counted_window();
        }
    }
}

async fn run_open_slot<C: AsyncClient>(place: Place<C>) {
    place.slot().attach().await;
    let load = &place.load;
    let mut hand = Hand::default();
    let mut step = load.next_step(place.at(), now_ns());
    loop {
        step = match step {
            Step::Issue(begun) => {
                let ended_ns = alert(load, place.perform(begun, &mut hand)).await;
                load.next_step(place.at(), ended_ns)
            }
            Step::Wait(_) => {
                place.slot().woken().await;
                load.resume(place.at(), now_ns())
            }
            Step::Over => return,
        };
    }
}

async fn run_bare_slot<C: AsyncClient>(client: Arc<C>, bare: Arc<Bare>, index: usize) {
    let mut response = Response::default();
    for request in bare.requests(index) {
        if let Err(failure) = client.perform(request, &mut response).await {
            return bare.fail(failure);
        }
        bare.count(index, &mut response);
    }
}

/// Waits for one of the sockets.
async fn place<'a>(gate: &'a Semaphore, slot: &Slot) -> Result<SemaphorePermit<'a>, Box<Failure>> {
    let permit = slot.within(pin!(async { Ok(gate.acquire().await) })).await;
    // The gate is never closed.
    permit.ok().and_then(Result::ok).ok_or_else(|| Box::new(no_socket()))
}

//! The engine of async libraries: slots are tasks on tokio.

use std::cell::Cell;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use benchmark_protocol::counts::FailureKind;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{Barrier, Semaphore};
use tokio::task::JoinSet;

use super::schedule::Stage;
use super::{DRAIN_LOOK, Load, Shape};
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

/// A runtime and the client that lives on it. One thread is a current-thread runtime; more are a multi-threaded one.
pub(crate) struct Asynchronous<C> {
    runtime: Runtime,
    client: Arc<C>,
    concurrency: u32,
    pool_size: u32,
    threads: u32,
}

impl<C: AsyncClient> Engine for Asynchronous<C> {
    const CLIENT_SIGNS: bool = C::SIGNS;

    fn new(options: &Options) -> Result<Self, ConstructError> {
        let workers = Arc::new(AtomicUsize::new(0));
        let runtime = if options.threads == 1 {
            Builder::new_current_thread().enable_all().build()?
        } else {
            let threads = options.threads as usize;
            Builder::new_multi_thread()
                .worker_threads(threads)
                .enable_all()
                // Threads for blocking calls come through here too; they run no slots.
                .on_thread_start(move || RECORDER.set(workers.fetch_add(1, Ordering::Relaxed) % threads))
                .build()?
        };
        let client = {
            let _context = runtime.enter();
            Arc::new(C::new(options)?)
        };
        Ok(Self {
            runtime,
            client,
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
        }
    }

    fn threads(&self) -> u32 {
        self.threads
    }

    fn verify(&self, options: &Options, request: &Request<'_>, response: &mut Response) -> Result<(), Failure> {
        self.runtime.block_on(async {
            let timed = tokio::time::timeout(options.timeout, self.client.get(request, response)).await;
            timed.unwrap_or_else(|_| Err(Failure::timeout()))
        })
    }

    fn run(self, load: &Arc<Load>) {
        let gate = (self.pool_size < self.concurrency).then(|| Arc::new(Semaphore::new(self.pool_size as usize)));
        let barrier = Arc::new(Barrier::new(self.concurrency as usize));
        self.runtime.block_on(async {
            let mut slots = JoinSet::new();
            for index in 0..self.concurrency as usize {
                let (client, load) = (Arc::clone(&self.client), Arc::clone(load));
                slots.spawn(run_slot(client, load, index, gate.clone(), Arc::clone(&barrier)));
            }
            while !slots.is_empty() && !load.drained() {
                // A pause at least this often, to look whether the drain is over.
                let _ = tokio::time::timeout(DRAIN_LOOK, slots.join_next()).await;
            }
            slots.shutdown().await;
        });
        load.finish();
        // Whatever else the library runs in the background ends with the process.
        self.runtime.shutdown_background();
    }
}

async fn run_slot<C: AsyncClient>(
    client: Arc<C>,
    load: Arc<Load>,
    index: usize,
    gate: Option<Arc<Semaphore>>,
    barrier: Arc<Barrier>,
) {
    let slot = &load.slots[index];
    slot.attach().await;
    let mut response = Response::new();
    for stage in load.schedule.stages() {
        let mut now = now_ns();
        while let Some(begun) = load.begin(stage, index, now) {
            let request = load.workload.draw(begun.ordinal);
            response.expect(&request.expected);
            let outcome = match &gate {
                None => slot.within(pin!(client.get(&request, &mut response))).await,
                Some(gate) => within_gate(gate, slot, pin!(client.get(&request, &mut response))).await,
            };
            now = load.end((index, RECORDER.get()), begun, (&request.expected, &response), outcome);
        }
        if stage == Stage::WarmUp && barrier.wait().await.is_leader() {
            load.open_counted_window();
        }
    }
}

/// A request that first waits for one of the sockets.
async fn within_gate(
    gate: &Semaphore,
    slot: &super::slot::Slot,
    request: impl Future<Output = Result<(), Failure>> + Unpin,
) -> Result<(), Box<Failure>> {
    match slot.within(pin!(async { Ok(gate.acquire().await) })).await {
        Ok(_permit) => slot.within(request).await,
        Err(_) => Err(Box::new(Failure::new(FailureKind::PoolWait, "no socket became free within the timeout"))),
    }
}

//! What the connections of one thread share.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::future::Future;
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use s3s::service::S3Service;
use tokio::task::AbortHandle;

use crate::clock::{now_ns, wall_seconds};
use crate::object::Modified;
use crate::run::Runs;
use crate::timer::Timer;

/// How long requests under way may take to end once the origin is to stop.
const GRACE_NS: u64 = 2_000_000_000;

/// How much of a body is read at once, in bytes: it stays in a near cache beside what it is compared with.
const SCRATCH_BYTES: usize = 256 << 10;

/// A thread's state. Not shared with other threads, but for the runs and what is behind S3.
pub(crate) struct Worker {
    pub(crate) runs: Arc<Runs>,
    pub(crate) s3: S3Service,
    pub(crate) timer: Timer,
    date: Cell<(u64, Modified)>,
    /// Where bodies are read that are compared and not kept.
    pub(crate) scratch: RefCell<Vec<u8>>,
    connections: RefCell<HashMap<u64, Connection>>,
    next_connection: Cell<u64>,
}

/// A connection that is served.
struct Connection {
    task: AbortHandle,
    /// Whether a request of it is under way.
    busy: Rc<Cell<bool>>,
}

impl Worker {
    pub(crate) fn new(runs: Arc<Runs>, s3: S3Service) -> io::Result<Rc<Self>> {
        Ok(Rc::new(Self {
            runs,
            s3,
            timer: Timer::new()?,
            date: Cell::new((0, Modified::at(UNIX_EPOCH))),
            scratch: RefCell::new(vec![0; SCRATCH_BYTES]),
            connections: RefCell::default(),
            next_connection: Cell::new(0),
        }))
    }

    /// Now, to the second, as the `Date` header has it.
    pub(crate) fn date(&self) -> Modified {
        let now = wall_seconds();
        let (second, date) = self.date.get();
        if second == now {
            return date;
        }
        let date = Modified::at(UNIX_EPOCH + Duration::from_secs(now));
        self.date.set((now, date));
        date
    }

    /// Runs a connection, which says through `busy` whether a request of it is under way.
    pub(crate) fn spawn<F: Future<Output = ()> + 'static>(self: &Rc<Self>, busy: Rc<Cell<bool>>, connection: F) {
        let number = self.next_connection.get();
        self.next_connection.set(number + 1);
        let worker = Rc::clone(self);
        let task = tokio::task::spawn_local(async move {
            connection.await;
            worker.connections.borrow_mut().remove(&number);
        });
        self.connections.borrow_mut().insert(number, Connection { task: task.abort_handle(), busy });
    }

    /// Ends every connection: idle ones at once, the others when their request is answered or the grace is over.
    pub(crate) async fn drain(&self) {
        let deadline = now_ns() + GRACE_NS;
        loop {
            let over = now_ns() >= deadline;
            self.connections.borrow_mut().retain(|_, Connection { task, busy }| {
                let stays = busy.get() && !over;
                if !stays {
                    task.abort();
                }
                stays
            });
            if self.connections.borrow().is_empty() {
                return;
            }
            self.timer.until(now_ns() + 2_000_000).await;
        }
    }
}

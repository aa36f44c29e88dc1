//! Connections on their way in: each has a task that reads it, and those that are not admitted yet are a bounded number.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::net::TcpStream;
use tokio::sync::mpsc::Sender;
use tokio::task::AbortHandle;

use super::connection::{self, Incoming};
use super::{Expected, limits};

/// Lets connections in.
#[derive(Debug)]
pub(super) struct Gate {
    expected: Arc<Expected>,
    incoming: Sender<Incoming>,
    /// Connections so far: the next one's number.
    connections: u64,
    /// Those that may not be admitted yet, the oldest first.
    waiting: VecDeque<Waiting>,
}

#[derive(Debug)]
struct Waiting {
    task: AbortHandle,
    admitted: Arc<AtomicBool>,
}

impl Gate {
    pub(super) fn new(expected: Arc<Expected>, incoming: Sender<Incoming>) -> Self {
        Self { expected, incoming, connections: 0, waiting: VecDeque::new() }
    }

    /// Begins to read a connection. A replica says `hello` at once: where too many have not, the one that had the longest time for
    /// it is closed.
    pub(super) fn open(&mut self, stream: TcpStream) {
        self.waiting.retain(|waiting| !waiting.task.is_finished() && !waiting.admitted.load(Ordering::Relaxed));
        if self.waiting.len() >= limits::UNADMITTED
            && let Some(oldest) = self.waiting.pop_front()
        {
            oldest.task.abort();
        }
        let admitted = Arc::new(AtomicBool::new(false));
        let (expected, incoming) = (Arc::clone(&self.expected), self.incoming.clone());
        let read = connection::read(self.connections, stream, expected, Arc::clone(&admitted), incoming);
        self.waiting.push_back(Waiting { task: tokio::spawn(read).abort_handle(), admitted });
        self.connections += 1;
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        for waiting in &self.waiting {
            if !waiting.admitted.load(Ordering::Relaxed) {
                waiting.task.abort();
            }
        }
    }
}
